// build: clang-19 -std=c11 -O1 -g -pthread
// expect: unreleased-lock
// forbid: deadlock
// exit: 0
// at: poll_once

// The result of mtx_trylock is ignored: the poller unlocks what the owner holds.
#include <stdio.h>
#include <threads.h>

static mtx_t m;
static int polls;

__attribute__((noinline)) int poll_once(void* p) {
    (void)p;
    mtx_trylock(&m);
    ++polls;
    mtx_unlock(&m);
    return 0;
}
int main(void) {
    thrd_t t;
    mtx_init(&m, mtx_plain);
    mtx_lock(&m);
    thrd_create(&t, poll_once, NULL);
    thrd_join(t, NULL);
    printf("%d\n", polls);
    return 0;
}
