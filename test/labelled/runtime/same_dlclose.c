// build: gcc -std=gnu11 -O2 -pthread
// so: dlopen gcc -std=gnu11 -O2 -fPIC
// forbid: *
// exit: 0

// A library with a mutex, a constructor and a destructor is opened, used by two threads and closed, six times; its memory goes away
// each time. Even generations lock their two mutexes in the one order, odd ones in the other.
#ifdef IN_SO
#include <pthread.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int n;
__attribute__((constructor)) static void begin(void) {
    pthread_mutex_lock(&a);
    n = 100;
    pthread_mutex_unlock(&a);
}
__attribute__((destructor)) static void end(void) { pthread_mutex_destroy(&a); }
int bump(int odd) {
    pthread_mutex_lock(odd ? &a : &b);
    pthread_mutex_lock(odd ? &b : &a);
    int r = ++n;
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    return r;
}
#else
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static int (*bump)(int);
static int generation;

static void* use(void* p) {
    for (int i = 0; i < 10; ++i) bump(generation % 2);
    return p;
}
int main(int argc, char** argv) {
    char path[4096];
    (void)argc;
    snprintf(path, sizeof path, "%s.so", argv[0]);
    for (generation = 0; generation < 6; ++generation) {
        void* h = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!h) return 2;
        *(void**)&bump = dlsym(h, "bump");
        pthread_t t[2];
        for (int k = 0; k < 2; ++k) pthread_create(&t[k], NULL, use, NULL);
        for (int k = 0; k < 2; ++k) pthread_join(t[k], NULL);
        printf("%d\n", bump(generation % 2));
        if (dlclose(h)) return 3;
    }
    return 0;
}
#endif
