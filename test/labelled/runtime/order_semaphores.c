// build: gcc -std=gnu11 -O1 -g -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: scan_page print_page

// Two semaphores of one unit each, used as locks: taken and given back by the same thread.
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static sem_t scanner, printer;
static int scanned, printed;
static atomic_int ready;

__attribute__((noinline)) void scan_page(void) {
    sem_wait(&scanner);
    sem_wait(&printer);
    ++scanned;
    sem_post(&printer);
    sem_post(&scanner);
}
__attribute__((noinline)) void print_page(void) {
    sem_wait(&printer);
    sem_wait(&scanner);
    printed += scanned;
    sem_post(&scanner);
    sem_post(&printer);
}
static void* one(void* p) {
    for (int i = 0; i < 3; ++i) scan_page();
    atomic_store(&ready, 1);
    return p;
}
static void* two(void* p) {
    for (int i = 0; i < 5000 && !atomic_load(&ready); ++i) usleep(1000);
    for (int i = 0; i < 3; ++i) print_page();
    return p;
}
int main(void) {
    pthread_t a, b;
    sem_init(&scanner, 0, 1);
    sem_init(&printer, 0, 1);
    pthread_create(&a, NULL, one, NULL);
    pthread_create(&b, NULL, two, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%d %d\n", scanned, printed);
    return 0;
}
