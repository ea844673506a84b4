// build: clang-19 -std=c11 -O2 -pthread
// expect: deadlock actual
// exit: hang
// at: shut_down flush_worker

// thrd_join with the mtx held that the worker wants at its end. No debug information.
#include <stdatomic.h>
#include <stdio.h>
#include <threads.h>

static mtx_t pool;
static thrd_t worker;
static atomic_int stop;
static int flushed;

__attribute__((noinline)) int flush_worker(void* p) {
    (void)p;
    while (!atomic_load(&stop)) thrd_yield();
    mtx_lock(&pool);
    ++flushed;
    mtx_unlock(&pool);
    return 0;
}
__attribute__((noinline)) void shut_down(void) {
    mtx_lock(&pool);
    atomic_store(&stop, 1);
    thrd_join(worker, NULL);
    mtx_unlock(&pool);
}
int main(void) {
    mtx_init(&pool, mtx_plain);
    thrd_create(&worker, flush_worker, NULL);
    shut_down();
    printf("%d\n", flushed);
    return 0;
}
