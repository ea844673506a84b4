// build: clang-19 -std=gnu11 -O3 -pthread
// forbid: *
// exit: 0

// Pairs of spin locks of one array, always the lower address first, from three threads with any pair.
#include <pthread.h>
#include <stdio.h>

struct cell { pthread_spinlock_t lock; int v; };
static struct cell cells[6];

static void swap(int i, int j) {
    struct cell *lo = &cells[i < j ? i : j], *hi = &cells[i < j ? j : i];
    pthread_spin_lock(&lo->lock);
    pthread_spin_lock(&hi->lock);
    int t = lo->v;
    lo->v = hi->v;
    hi->v = t;
    pthread_spin_unlock(&lo->lock);
    pthread_spin_unlock(&hi->lock);
}
static void* shuffle(void* arg) {
    unsigned s = (unsigned)(long)arg;
    for (int i = 0; i < 400; ++i) {
        s = s * 1103515245u + 12345u;
        int a = (s >> 16) % 6, b = (s >> 20) % 6;
        if (a != b) swap(a, b);
    }
    return NULL;
}
int main(void) {
    pthread_t t[3];
    for (int i = 0; i < 6; ++i) pthread_spin_init(&cells[i].lock, 0), cells[i].v = i;
    for (long k = 0; k < 3; ++k) pthread_create(&t[k], NULL, shuffle, (void*)(k + 1));
    for (int k = 0; k < 3; ++k) pthread_join(t[k], NULL);
    int sum = 0;
    for (int i = 0; i < 6; ++i) sum += cells[i].v;
    printf("%d\n", sum);
    return 0;
}
