// build: gcc -std=gnu11 -O1 -g -pthread
// expect: deadlock actual
// exit: hang
// at: loader_thread saver_thread

// main joins the loader, the loader joins the saver, the saver joins main. (Of two, glibc would refuse the second join.)
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_t main_t, loader, saver;
static sem_t go[2];

__attribute__((noinline)) void* loader_thread(void* p) {
    sem_wait(&go[0]);
    pthread_join(saver, NULL);
    return p;
}
__attribute__((noinline)) void* saver_thread(void* p) {
    sem_wait(&go[1]);
    pthread_join(main_t, NULL);
    return p;
}
int main(void) {
    main_t = pthread_self();
    sem_init(&go[0], 0, 0);
    sem_init(&go[1], 0, 0);
    pthread_create(&loader, NULL, loader_thread, NULL);
    pthread_create(&saver, NULL, saver_thread, NULL);
    sem_post(&go[0]);
    sem_post(&go[1]);
    pthread_join(loader, NULL);
    puts("never");
    return 0;
}
