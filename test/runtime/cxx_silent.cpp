// The C++ library's own ways to lock, wait and run once, used right: nothing is reported, whatever the compiler did.
// RUN: %gxx -std=c++20 -O0 -g -pthread %s -o %t0 && %gxx -std=c++20 -O2 -pthread -static-libstdc++ %s -o %t2 && %clangxx -std=c++20 -O1 -g -pthread %s -o %tc
// RUN: for p in %t0 %t2 %tc; do $p > %t.native && %snarl run -- $p > %t.out 2> %t.err && cmp %t.native %t.out && FileCheck %s --implicit-check-not=error < %t.err || exit 1; done
// CHECK: no findings
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::mutex a, b, c;
std::recursive_mutex again;
std::timed_mutex timed;
std::shared_mutex shared;
std::shared_timed_mutex shared_timed;
std::condition_variable cv;
std::condition_variable_any cv_any;
std::once_flag once, once_throwing;
std::counting_semaphore<4> slots{2};
long total = 0;
int queue = 0, rounds_done = 0;

long deep(int n) { // recursion under one recursive lock
  std::lock_guard<std::recursive_mutex> l(again);
  return n ? n + deep(n - 1) : 0;
}

void all_three(int k) { // three spellings, one algorithm
  if (k == 0) {
    std::scoped_lock l(a, b, c);
    ++total;
  } else if (k == 1) {
    std::scoped_lock l(c, a, b);
    ++total;
  } else {
    std::unique_lock x(b, std::defer_lock), y(c, std::defer_lock), z(a, std::defer_lock);
    std::lock(x, y, z);
    ++total;
  }
}

void producer(int n) {
  for (int i = 0; i < n; ++i) {
    {
      std::lock_guard l(a);
      ++queue;
    }
    cv.notify_one();
    cv_any.notify_all();
  }
}
void consumer(int n) {
  for (int i = 0; i < n; ++i) {
    std::unique_lock l(a);
    if (i % 2) cv.wait(l, [] { return queue > 0; });
    else while (!cv.wait_for(l, std::chrono::milliseconds(50), [] { return queue > 0; })) {}
    --queue;
  }
}

struct Node {
  std::mutex mu;
  std::unique_ptr<Node> next;
  int value = 0;
};
/// Hand over hand, always from the head.
void append(Node &head, int value) {
  Node *at = &head;
  std::unique_lock l(at->mu);
  while (at->next) {
    std::unique_lock next(at->next->mu);
    at = at->next.get();
    l = std::move(next);
  }
  at->next = std::make_unique<Node>();
  at->next->value = value;
}

void try_and_back_off() {
  for (bool both = false; !both;) {
    std::unique_lock l(b);
    if (std::unique_lock m(a, std::try_to_lock); m) {
      ++total;
      both = true;
    }
  }
}

void readers(int k) {
  if (k % 3) {
    std::shared_lock l(shared);
    std::shared_lock m(shared_timed, std::chrono::seconds(10));
  } else {
    std::shared_lock m(shared_timed);
    std::shared_lock l(shared);
  }
}

int initialise_slowly() {
  std::lock_guard l(c);
  return 41;
}
int &function_static() {
  static int value = initialise_slowly();
  return value;
}

void work(int k, Node &head) {
  for (int i = 0; i < 200; ++i) {
    all_three((k + i) % 3);
    deep(i % 5);
    readers(i);
    slots.acquire();
    slots.release();
    if (timed.try_lock_for(std::chrono::seconds(5))) timed.unlock();
    try_and_back_off();
  }
  for (int i = 0; i < 20; ++i) append(head, k);
  std::call_once(once, [] { ++rounds_done; });
  try {
    std::call_once(once_throwing, [k] {
      if (k != 3) throw std::runtime_error("not yet");
    });
  } catch (const std::runtime_error &) {
  }
  function_static();
}

} // namespace

int main() {
  Node head;
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k) threads.emplace_back(work, k, std::ref(head));
  threads.emplace_back(producer, 300);
  threads.emplace_back(consumer, 150);
  threads.emplace_back(consumer, 150);
  for (std::thread &t : threads) t.join();
  auto f = std::async(std::launch::async, [] { return deep(10); });
  std::packaged_task<long()> task([] { return deep(4); });
  auto g = task.get_future();
  std::jthread j(std::move(task));
  int nodes = 0;
  for (Node *n = &head; n; n = n->next.get()) ++nodes;
  std::printf("%ld %ld %ld %d %d %d\n", total, f.get(), g.get(), nodes, rounds_done, function_static());
}
