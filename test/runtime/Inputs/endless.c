// New situations without end, from several threads, until killed; a mark on stdout for every few. With "hang" two of the
// threads deadlock, so that it is told while the rest goes on.
#include "meet.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock[64], one = PTHREAD_MUTEX_INITIALIZER, two = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *p) {
  unsigned seed = (unsigned)(size_t)p;
  for (int n = 1;; ++n) {
    int order[3];
    order[0] = rand_r(&seed) % 20;
    order[1] = 20 + rand_r(&seed) % 20;
    order[2] = 40 + rand_r(&seed) % 20;
    for (int i = 0; i < 3; ++i) pthread_mutex_lock(&lock[order[i]]);
    for (int i = 3; i-- > 0;) pthread_mutex_unlock(&lock[order[i]]);
    if (n % 4 == 0 && write(1, ".", 1) != 1) _exit(1);
  }
  return p;
}

static void *stuck(void *p) {
  pthread_mutex_t *first = p ? &one : &two, *second = p ? &two : &one;
  pthread_mutex_lock(first);
  meet(2);
  pthread_mutex_lock(second);
  return p;
}

int main(int argc, char **argv) {
  pthread_t t;
  for (int i = 0; i < 64; ++i) pthread_mutex_init(&lock[i], NULL);
  if (argc > 1 && !strcmp(argv[1], "hang"))
    for (size_t k = 0; k < 2; ++k) pthread_create(&t, NULL, stuck, (void *)k);
  for (size_t k = 1; k < 4; ++k) pthread_create(&t, NULL, work, (void *)k);
  work((void *)9);
}
