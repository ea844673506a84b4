// build: clang-19 -std=c11 -D_GNU_SOURCE -O1 -g -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: compile_unit report_error

// C11 threads throughout.
#include <stdatomic.h>
#include <stdio.h>
#include <threads.h>

static mtx_t symbols, diagnostics;
static int units, errors;
static atomic_bool compiled;

__attribute__((noinline)) int compile_unit(void* p) {
    (void)p;
    mtx_lock(&symbols);
    ++units;
    mtx_lock(&diagnostics);
    ++errors;
    mtx_unlock(&diagnostics);
    mtx_unlock(&symbols);
    atomic_store(&compiled, 1);
    return 3;
}
__attribute__((noinline)) int report_error(void* p) {
    (void)p;
    struct timespec ms = {0, 1000000};
    for (int i = 0; i < 5000 && !atomic_load(&compiled); ++i) thrd_sleep(&ms, NULL);
    mtx_lock(&diagnostics);
    mtx_lock(&symbols);
    errors += units;
    mtx_unlock(&symbols);
    mtx_unlock(&diagnostics);
    return 4;
}
int main(void) {
    thrd_t a, b;
    int x, y;
    mtx_init(&symbols, mtx_plain);
    mtx_init(&diagnostics, mtx_timed);
    thrd_create(&a, compile_unit, NULL);
    thrd_create(&b, report_error, NULL);
    thrd_join(a, &x);
    thrd_join(b, &y);
    printf("%d %d %d %d\n", units, errors, x, y);
    return 0;
}
