// The two halves of a circle in two runs: each is clean, together they are a finding, of tier `possible`; a run that shows
// that the two never meet takes it back.
// RUN: rm -rf %t.dir && mkdir %t.dir && cd %t.dir && %gxx -std=c++20 -O1 -g -pthread %s -o prog
// RUN: %snarl run --trace forward -- ./prog forward && %snarl run --trace backward -- ./prog backward
// RUN: %snarl report forward backward > both.txt; test $? = 1
// RUN: FileCheck %s < both.txt
// RUN: %snarl run --trace apart -- ./prog forward backward && %snarl report forward backward apart
// One command that runs both is judged as a whole:
// RUN: %snarl run -- bash -c './prog forward; ./prog backward' > out.txt 2>&1; test $? = 1
// RUN: FileCheck %s < out.txt
// Per-object locks of several objects: which is which in the other run nobody knows.
// RUN: %snarl run --trace many1 -- ./prog forward many && %snarl run --trace many2 -- ./prog backward many
// RUN: %snarl report many1 many2
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

struct Account {
  std::mutex mutex;
  int money = 0;
};
struct Journal {
  std::mutex mutex;
  int lines = 0;
};

static void forward(Account &account, Journal &journal) {
  std::lock_guard first(account.mutex);
  std::lock_guard second(journal.mutex);
  ++account.money, ++journal.lines;
}
static void backward(Account &account, Journal &journal) {
  std::lock_guard first(journal.mutex);
  std::lock_guard second(account.mutex);
  ++account.money, ++journal.lines;
}

int main(int argc, char **argv) {
  bool many = !std::strcmp(argv[argc - 1], "many");
  std::vector<std::unique_ptr<Account>> accounts;
  std::vector<std::unique_ptr<Journal>> journals;
  for (int i = 0; i < (many ? 2 : 1); ++i) {
    accounts.push_back(std::make_unique<Account>());
    journals.push_back(std::make_unique<Journal>());
    std::lock_guard(accounts.back()->mutex); // where a lock is first taken tells its class
    std::lock_guard(journals.back()->mutex);
  }
  std::thread other([] {});
  for (int i = 1; i < argc; ++i)
    for (size_t k = 0; k < accounts.size(); ++k) {
      if (!std::strcmp(argv[i], "forward")) std::thread(forward, std::ref(*accounts[k]), std::ref(*journals[k])).join();
      if (!std::strcmp(argv[i], "backward")) std::thread(backward, std::ref(*accounts[k]), std::ref(*journals[k])).join();
    }
  other.join();
}
// CHECK: error: {{.*}} are taken in opposite orders by thread {{.*}} and thread {{.*}}: they can deadlock; no single run did both [lock-order, possible]
// CHECK-DAG: #0 forward
// CHECK-DAG: #0 backward
