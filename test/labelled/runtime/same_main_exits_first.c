// build: gcc -std=gnu11 -O1 -g -pthread
// forbid: *
// exit: 17

// main leaves by pthread_exit, its joiner goes on; the last thread leaves by exit(17), atexit handlers and key destructors lock and print.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_t main_t;
static pthread_key_t key;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int gone;

static void on_key(void* p) {
    pthread_mutex_lock(&m);
    ++gone;
    printf("key %s\n", (char*)p);
    pthread_mutex_unlock(&m);
}
static void at_end(void) {
    pthread_mutex_lock(&m);
    printf("end %d\n", gone);
    pthread_mutex_unlock(&m);
}
static void* survivor(void* p) {
    void* r;
    pthread_join(main_t, &r);
    pthread_mutex_lock(&m);
    printf("main left with %s\n", (char*)r);
    pthread_mutex_unlock(&m);
    exit(17);
    return p;
}
int main(void) {
    pthread_t t;
    main_t = pthread_self();
    atexit(at_end);
    pthread_key_create(&key, on_key);
    pthread_setspecific(key, "of main");
    pthread_create(&t, NULL, survivor, NULL);
    pthread_detach(t);
    pthread_exit("regards");
}
