// build: gcc -std=gnu11 -O1 -g -no-pie -pthread
// forbid: *
// exit: 0

// Two mutexes at fixed addresses are destroyed and initialised anew for each session; sessions of the one kind run in the one
// worker, of the other kind, which orders them the other way, in the other. Handed over by atomics.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

static struct { pthread_mutex_t in, out; } session;
static atomic_int turn = -1;
static int served[2];

static void* worker(void* arg) {
    long me = (long)arg;
    for (;;) {
        int t = atomic_load(&turn);
        if (t == 9) return NULL;
        if (t != me) {
            sched_yield();
            continue;
        }
        pthread_mutex_t *x = me ? &session.in : &session.out, *y = me ? &session.out : &session.in;
        pthread_mutex_lock(x);
        pthread_mutex_lock(y);
        ++served[me];
        pthread_mutex_unlock(y);
        pthread_mutex_unlock(x);
        atomic_store(&turn, -1);
    }
}
int main(void) {
    pthread_t t[2];
    for (long k = 0; k < 2; ++k) pthread_create(&t[k], NULL, worker, (void*)k);
    for (int i = 0; i < 20; ++i) {
        pthread_mutex_init(&session.in, NULL);
        pthread_mutex_init(&session.out, NULL);
        atomic_store(&turn, i % 2);
        while (atomic_load(&turn) != -1) sched_yield();
        pthread_mutex_destroy(&session.in);
        pthread_mutex_destroy(&session.out);
    }
    atomic_store(&turn, 9);
    for (int k = 0; k < 2; ++k) pthread_join(t[k], NULL);
    printf("%d %d\n", served[0], served[1]);
    return 0;
}
