// What the source says and a run showed is one finding of tier `confirmed`; what only one of them says stays its own.
// RUN: rm -rf %t.dir && mkdir %t.dir && cd %t.dir && %gxx -std=c++20 -O1 -g -pthread %s -o prog
// RUN: %snarl facts -o prog.facts -- clang++ -std=c++20 -c %s
// RUN: %snarl run --trace trace --quiet -- ./prog > run.txt 2>&1; test $? = 1
// RUN: %snarl report trace prog.facts > out.txt 2> err.txt; test $? = 1
// RUN: FileCheck %s < out.txt && FileCheck %s --check-prefix=COUNT < err.txt
// RUN: %snarl report prog.facts trace --sarif out.sarif > again.txt 2> err.txt; cmp out.txt again.txt
// RUN: FileCheck %s --check-prefix=SARIF < out.sarif
// A hang is its own rule; the order that led there is confirmed by it.
// RUN: %snarl run --trace hang --quiet --halt-on-deadlock -- ./prog hang > run.txt 2>&1; test $? = 86
// RUN: %snarl report hang prog.facts > hang.txt; test $? = 1
// RUN: FileCheck %s --check-prefix=HANG < hang.txt
#include <atomic>
#include <mutex>
#include <thread>
#include <unistd.h>

std::mutex cash, ledger, unused, other;
std::atomic<int> inside;
int n;

void meet(bool hang) {
  ++inside;
  for (int i = 0; hang && inside < 2 && i < 5000; ++i) usleep(1000);
}
void deposit(bool hang) {
  std::lock_guard first(cash);
  meet(hang);
  std::lock_guard second(ledger);
  ++n;
}
void close_month(bool hang) {
  std::lock_guard first(ledger);
  meet(hang);
  std::lock_guard second(cash);
  ++n;
}
// Never called in a run.
void one() {
  std::lock_guard first(unused);
  std::lock_guard second(other);
  ++n;
}
void two() {
  std::lock_guard first(other);
  std::lock_guard second(unused);
  ++n;
}

int main(int argc, char **) {
  bool hang = argc > 1;
  std::thread a(deposit, hang);
  if (!hang) while (inside < 1) usleep(1000);
  if (!hang) usleep(100000);
  std::thread b(close_month, hang);
  a.join(), b.join();
}
// CHECK-DAG: error: cash and ledger are taken in opposite orders by thread 2 and thread 3: they can deadlock [lock-order, confirmed]
// CHECK-DAG: note: the source says the same:
// CHECK-DAG: error: {{.*}}other{{.*}} [lock-order]
// COUNT: snarl: 2 errors in 1 process
// SARIF: "tier": "confirmed"
// HANG-DAG: [deadlock, actual]
// HANG-DAG: [lock-order, confirmed]
// HANG-DAG: error: {{.*}}other{{.*}} [lock-order]
