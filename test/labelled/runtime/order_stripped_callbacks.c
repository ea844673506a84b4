// build: gcc -std=gnu11 -O2 -s -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0

// Table walk with a callback under the table's lock, fully stripped binary: no names to be had, the finding must come.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

struct table { pthread_rwlock_t lock; int rows[8]; };
static struct table users = {.lock = PTHREAD_RWLOCK_INITIALIZER, .rows = {1, 2, 3}};
static pthread_mutex_t audit = PTHREAD_MUTEX_INITIALIZER;
static int audited;
static atomic_int walked;

static void each(struct table* t, int (*fn)(int, void*), void* ctx) {
    pthread_rwlock_rdlock(&t->lock);
    for (int i = 0; i < 8; ++i)
        if (fn(t->rows[i], ctx)) break;
    pthread_rwlock_unlock(&t->lock);
}
static int note(int row, void* ctx) {
    pthread_mutex_lock(&audit);
    audited += row;
    *(int*)ctx += 1;
    pthread_mutex_unlock(&audit);
    return row == 0;
}
static void* walker(void* p) {
    int n = 0;
    each(&users, note, &n);
    atomic_store(&walked, n);
    return p;
}
static void* auditor(void* p) {
    for (int i = 0; i < 5000 && !atomic_load(&walked); ++i) usleep(1000);
    pthread_mutex_lock(&audit);
    pthread_rwlock_wrlock(&users.lock);
    users.rows[3] = audited;
    pthread_rwlock_unlock(&users.lock);
    pthread_mutex_unlock(&audit);
    return p;
}
int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, walker, NULL);
    pthread_create(&b, NULL, auditor, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%d\n", users.rows[3]);
    return 0;
}
