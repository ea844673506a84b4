// Opposite orders of two locks: both sides with where each lock was taken and wanted, who made the threads, the schedule.
// RUN: %gcc -O1 -g -pthread %s -o %t
// RUN: %snarl run -- %t > %t.out 2> %t.err; test $? = 1
// RUN: FileCheck %s < %t.err
// RUN: echo 2 | cmp - %t.out
// A reader and a writer, three in a ring:
// RUN: %snarl run -- %t ring > %t.out 2> %t.err; test $? = 1
// RUN: FileCheck %s --check-prefix=RING < %t.err
// The findings are what fails, and only from the severity asked for:
// RUN: %snarl run --checks=-lock-order -- %t 2>&1 | FileCheck %s --check-prefix=NONE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t cash = PTHREAD_MUTEX_INITIALIZER;
pthread_rwlock_t ledger[2] = {PTHREAD_RWLOCK_INITIALIZER, PTHREAD_RWLOCK_INITIALIZER};
static pthread_spinlock_t spin;
static atomic_int turn;
static int n;

// The usual order of the two, not a promised one.
static void after(int k) {
  for (int i = 0; i < 5000 && atomic_load(&turn) < k; ++i) usleep(1000);
}

__attribute__((noinline)) void *deposit(void *p) {
  pthread_mutex_lock(&cash);
  pthread_rwlock_wrlock(&ledger[1]);
  ++n;
  pthread_rwlock_unlock(&ledger[1]);
  pthread_mutex_unlock(&cash);
  atomic_store(&turn, 1);
  return p;
}
__attribute__((noinline)) void *close_month(void *p) {
  after(1);
  pthread_rwlock_rdlock(&ledger[1]);
  pthread_mutex_lock(&cash);
  ++n;
  pthread_mutex_unlock(&cash);
  pthread_rwlock_unlock(&ledger[1]);
  return p;
}
__attribute__((noinline)) void *audit(void *p) {
  after(1);
  pthread_rwlock_rdlock(&ledger[1]);
  pthread_spin_lock(&spin);
  ++n;
  pthread_spin_unlock(&spin);
  pthread_rwlock_unlock(&ledger[1]);
  atomic_store(&turn, 2);
  return p;
}
__attribute__((noinline)) void *count(void *p) {
  after(2);
  pthread_spin_lock(&spin);
  pthread_mutex_lock(&cash);
  ++n;
  pthread_mutex_unlock(&cash);
  pthread_spin_unlock(&spin);
  return p;
}
int main(int argc, char **argv) {
  (void)argv;
  pthread_t t[3];
  pthread_spin_init(&spin, 0);
  pthread_create(&t[0], NULL, deposit, NULL);
  pthread_create(&t[1], NULL, argc > 1 ? audit : close_month, NULL);
  if (argc > 1) pthread_create(&t[2], NULL, count, NULL);
  for (int i = 0; i < (argc > 1 ? 3 : 2); ++i) pthread_join(t[i], NULL);
  printf("%d\n", n);
  return 0;
}
// CHECK: report_lock_order.c:30:{{[0-9]+}}: error: cash and ledger+0x38 are taken in opposite orders by thread 2 and thread 3: they can deadlock [lock-order, ordered]
// CHECK: :29:{{[0-9]+}}: note: thread 2 takes cash here
// CHECK-NEXT: #0 deposit at {{.*}}report_lock_order.c:29
// CHECK: :30:{{[0-9]+}}: note: thread 2 wants ledger+0x38 here while it holds cash
// CHECK: note: thread 2 was created here
// CHECK-NEXT: #0 main at
// CHECK: :39:{{[0-9]+}}: note: thread 3 takes ledger+0x38 for reading here
// CHECK-NEXT: #0 close_month at
// CHECK: :40:{{[0-9]+}}: note: thread 3 wants cash here while it holds ledger+0x38
// CHECK: possible unsafe schedule:
// CHECK-NEXT: thread 2{{ +}}thread 3
// CHECK-NEXT: {{^ *}}takes cash
// CHECK-NEXT: {{^ *}}takes ledger+0x38 for reading
// CHECK-NEXT: {{^ *}}waits for ledger+0x38
// CHECK-NEXT: {{^ *}}waits for cash
// CHECK-NOT: error:
// CHECK: snarl: 1 error in 1 process, 3 threads, 2 locks
// RING: error: cash, ledger+0x38 and spin are taken in a circle by thread 2, thread 3 and thread 4: they can deadlock [lock-order, ordered]
// RING: deposit
// RING: audit
// RING: count
// NONE: snarl: no findings in 1 process, 3 threads, 2 locks
