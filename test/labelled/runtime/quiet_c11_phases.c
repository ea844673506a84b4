// build: clang-19 -std=c11 -O0 -g -pthread
// forbid: *
// exit: 0

// C11 threads, two phases with a join between, and mtx_trylock against the order inside the second.
#include <stdio.h>
#include <threads.h>

static mtx_t a, b;
static int n, both;

static int up(void* p) {
    (void)p;
    mtx_lock(&a);
    mtx_lock(&b);
    ++n;
    mtx_unlock(&b);
    mtx_unlock(&a);
    return 0;
}
static int down(void* p) {
    (void)p;
    mtx_lock(&b);
    mtx_lock(&a);
    ++n;
    mtx_unlock(&a);
    mtx_unlock(&b);
    mtx_lock(&a);
    if (mtx_trylock(&b) == thrd_success) {
        ++both;
        mtx_unlock(&b);
    }
    mtx_unlock(&a);
    return 0;
}
int main(void) {
    thrd_t t;
    mtx_init(&a, mtx_plain);
    mtx_init(&b, mtx_plain);
    for (int i = 0; i < 3; ++i) {
        thrd_create(&t, i % 2 ? down : up, NULL);
        thrd_join(t, NULL);
    }
    mtx_destroy(&a);
    mtx_destroy(&b);
    printf("%d %d\n", n, both);
    return 0;
}
