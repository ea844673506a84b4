// New situations without end, from several threads, until killed.
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t lock[64];

static void *work(void *p) {
  unsigned seed = (unsigned)(size_t)p;
  for (;;) {
    int order[3];
    order[0] = rand_r(&seed) % 20;
    order[1] = 20 + rand_r(&seed) % 20;
    order[2] = 40 + rand_r(&seed) % 20;
    for (int i = 0; i < 3; ++i) pthread_mutex_lock(&lock[order[i]]);
    for (int i = 3; i-- > 0;) pthread_mutex_unlock(&lock[order[i]]);
  }
  return p;
}

int main(void) {
  pthread_t t;
  for (int i = 0; i < 64; ++i) pthread_mutex_init(&lock[i], NULL);
  for (size_t k = 1; k < 4; ++k) pthread_create(&t, NULL, work, (void *)k);
  if (write(1, "up\n", 3) != 3) return 1;
  work((void *)9);
}
