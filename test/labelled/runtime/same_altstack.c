// build: gcc -std=gnu11 -O2 -g -pthread
// forbid: *
// exit: 0

// A stack overflow is caught on an alternate stack and left by siglongjmp, in a thread with the smallest stack; limits as they were.
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static sigjmp_buf back;
static char alt[65536];
static int caught, on_alt, n;

static void on_segv(int s) {
    stack_t now;
    (void)s;
    sigaltstack(NULL, &now);
    on_alt = (now.ss_flags & SS_ONSTACK) != 0;
    siglongjmp(back, 1);
}
__attribute__((noinline)) int deep(int k) {
    volatile char frame[512];
    memset((char*)frame, k, sizeof frame);
    return k > 1000000 ? 0 : deep(k + 1) + frame[k % 512];
}
static void* run(void* p) {
    stack_t ss = {.ss_sp = alt, .ss_size = sizeof alt};
    sigaltstack(&ss, NULL);
    if (sigsetjmp(back, 1) == 0) n += deep(0);
    else ++caught;
    pthread_mutex_lock(&m);
    ++n;
    pthread_mutex_unlock(&m);
    ss.ss_flags = SS_DISABLE;
    sigaltstack(&ss, NULL);
    return p;
}
int main(void) {
    struct sigaction sa;
    pthread_attr_t a;
    pthread_t t;
    struct rlimit before, after;
    size_t size = 0;
    getrlimit(RLIMIT_STACK, &before);
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_segv;
    sa.sa_flags = SA_ONSTACK;
    sigaction(SIGSEGV, &sa, NULL);
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, PTHREAD_STACK_MIN);
    pthread_attr_getstacksize(&a, &size);
    for (int i = 0; i < 3; ++i) {
        if (pthread_create(&t, &a, run, NULL)) return 2;
        pthread_join(t, NULL);
    }
    getrlimit(RLIMIT_STACK, &after);
    printf("%d %d %d %d %d\n", caught, on_alt, n, before.rlim_cur == after.rlim_cur, size >= 16384);
    return 0;
}
