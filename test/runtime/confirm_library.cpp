// Through a library of its own, std::mutex and members of objects: a call-back under the library's lock.
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: %gxx -std=c++20 -O1 -g -pthread -fPIC -shared -DLIBRARY %s -o libbus.so
// RUN: %gxx -std=c++20 -O1 -g -pthread %s -L. -lbus -Wl,-rpath,'$ORIGIN' -o prog
// RUN: %snarl run --quiet --trace recorded -- ./prog > record.txt 2>&1; test $? = 1
// RUN: %snarl confirm --list recorded | FileCheck %s --check-prefix=LIST
// LIST: 1: {{.*}}they can deadlock{{.*}} [ordered]
// LIST-NEXT: key: {{.*}}Bus::emit
// RUN: %snarl confirm --finding 1 recorded -- ./prog > out.txt 2>&1; test $? = 1
// RUN: FileCheck %s < out.txt
// CHECK-DAG: [lock-order, confirmed]
// CHECK-DAG: [deadlock, actual]
//
// The same from one command, and a program built again is not the one that was recorded:
// RUN: %snarl run --quiet --confirm --trace both -- ./prog > both.txt 2>&1; test $? = 1; FileCheck %s < both.txt
// RUN: test -e both/confirmed-1.plan
// RUN: %gxx -std=c++20 -O2 -g -pthread %s -L. -lbus -Wl,-rpath,'$ORIGIN' -o prog
// RUN: %snarl confirm recorded -- ./prog > other.txt 2>&1; test $? = 2
// RUN: FileCheck %s --check-prefix=OTHER < other.txt
// OTHER: prog was built again since the trace was recorded: record it again
//
// RUN: %snarl confirm --finding 3 recorded -- ./prog > third.txt 2>&1; test $? = 2
// RUN: FileCheck %s --check-prefix=THIRD < third.txt
// THIRD: snarl: error: --finding=3: the traces have 1 predicted deadlock
// RUN: echo "snarl plan 2" > new.plan; %snarl confirm --replay new.plan -- ./prog > new.txt 2>&1; test $? = 2
// RUN: FileCheck %s --check-prefix=NEW < new.txt
// NEW: snarl: error: new.plan: line 1: a plan of another version
// The library leaves a plan alone that it does not understand, and says so:
// RUN: SNARL_OPTIONS=steer=$PWD/new.plan %snarl run -- ./prog > ignored.txt 2>&1; test $? = 1
// RUN: FileCheck %s --check-prefix=IGNORED < ignored.txt
// IGNORED: warning: {{.*}}: 1 steering plan not understood
// RUN: %snarl confirm gone -- ./prog > gone.txt 2>&1; test $? = 2; FileCheck %s --check-prefix=GONE < gone.txt
// GONE: snarl: error: cannot read 'gone'
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <unistd.h>

struct Bus {
  void subscribe(std::function<void()> callback);
  void emit();
  std::mutex mutex;
  std::function<void()> callback;
};

#ifdef LIBRARY
void Bus::subscribe(std::function<void()> fresh) {
  std::lock_guard lock(mutex);
  callback = fresh;
}
void Bus::emit() {
  std::lock_guard lock(mutex);
  if (callback) callback();
}
#else
struct Model {
  void update() {
    std::lock_guard lock(mutex);
    ++value;
  }
  void connect(Bus &bus) {
    std::lock_guard lock(mutex);
    bus.subscribe([this] { update(); });
  }
  std::mutex mutex;
  int value = 0;
};

int main() {
  auto *bus = new Bus;
  auto *model = new Model;
  std::atomic<bool> emitted = false;
  bus->subscribe([model] { model->update(); });
  std::thread emitter([&] {
    bus->emit();
    emitted = true;
  });
  std::thread connector([&] {
    for (int i = 0; i < 150 && !emitted; ++i) usleep(1000); // not for ever: nothing promises it
    model->connect(*bus);
  });
  emitter.join();
  connector.join();
  delete model;
  delete bus;
}
#endif
