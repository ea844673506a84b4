// Threads that one function starts: beside each other, or one after the other.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <map>
#include <thread>
#include <vector>

int counter;
void same_work_twice() {
  auto work = [] { for (int i = 0; i < 100; ++i) ++counter; }; // expect: data-race
  std::thread a(work), b(work);
  a.join();
  b.join();
}

long locals() {
  long sum = 0;
  std::thread a([&] { sum += 1; }); // expect: data-race
  std::thread b([&] { sum += 2; });
  a.join();
  b.join();
  return sum;
}

std::map<int, int> table;
void writer_and_reader() {
  std::thread a([] { table[1] = 1; }); // expect: data-race
  std::thread b([] { (void)table.count(2); });
  a.join();
  b.join();
}

std::vector<int> log;
void one_after_the_other() {
  log.reserve(8);
  std::thread a([] { log.push_back(1); });
  a.join();
  log.push_back(2);
  std::thread b([] { log.push_back(3); });
  b.join();
}

int total;
void again_and_again() {
  for (int i = 0; i < 3; ++i) {
    std::thread a([] { ++total; });
    a.join();
    std::thread b([] { ++total; });
    b.join();
  }
}

int main() {
  same_work_twice();
  writer_and_reader();
  one_after_the_other();
  again_and_again();
  return static_cast<int>(locals());
}

// A structured binding that a lambda captures is no variable of its own.
std::map<int, int> seen;
int bindings() {
  int sum = 0;
  for (auto &[key, value] : seen) {
    auto add = [&] { sum += key + value; };
    auto copy = [value, key] { return key - value; };
    add();
    sum += copy();
  }
  return sum;
}
