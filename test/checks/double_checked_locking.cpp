// Things made at their first use.
// RUN: %snarl check --checks=-*,double-checked-locking --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

struct Table {
  int rows[64] = {};
};

class Tables {
public:
  Table *plain() {
    if (!plain_) { // expect: double-checked-locking
      std::lock_guard<std::mutex> lock(mutex_);
      if (!plain_) plain_ = new Table;
    }
    return plain_;
  }
  Table *returns_early() {
    if (early_ != nullptr) return early_; // expect: double-checked-locking
    std::unique_lock<std::mutex> lock(mutex_);
    if (early_ == nullptr) early_ = new Table;
    return early_;
  }
  Table &flagged() {
    if (!ready_) { // expect: double-checked-locking
      std::lock_guard<std::mutex> lock(mutex_);
      if (!ready_) {
        flagged_ = std::make_unique<Table>();
        ready_ = true;
      }
    }
    return *flagged_;
  }
  Table *with_volatile() {
    if (!volatile_) { // expect: double-checked-locking
      std::lock_guard<std::mutex> lock(mutex_);
      if (!volatile_) volatile_ = new Table;
    }
    return volatile_;
  }
  Table *atomic() {
    Table *table = atomic_.load(std::memory_order_acquire);
    if (!table) {
      std::lock_guard<std::mutex> lock(mutex_);
      table = atomic_.load(std::memory_order_relaxed);
      if (!table) {
        table = new Table;
        atomic_.store(table, std::memory_order_release);
      }
    }
    return table;
  }
  Table *once() {
    std::call_once(flag_, [this] { once_ = std::make_unique<Table>(); });
    return once_.get();
  }
  static Table &of_function() {
    static Table table;
    return table;
  }
  Table *always_locked() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!locked_) locked_ = new Table;
    return locked_;
  }
  Table *twice_under_locks() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (locked_) return locked_;
    }
    auto fresh = new Table;
    std::lock_guard<std::mutex> lock(mutex_);
    if (!locked_) locked_ = fresh;
    return locked_;
  }

private:
  std::mutex mutex_;
  Table *plain_ = nullptr, *early_ = nullptr, *locked_ = nullptr;
  Table *volatile volatile_ = nullptr;
  std::unique_ptr<Table> flagged_, once_;
  bool ready_ = false;
  std::atomic<Table *> atomic_{nullptr};
  std::once_flag flag_;
};

static volatile bool stop, go;
static std::atomic<bool> halt;
static volatile int *const device = reinterpret_cast<volatile int *>(0x4000);

void device_ready() {
  while (*device == 0) {
  }
}

int main() {
  std::thread waits([] {
    while (!go) std::this_thread::yield(); // expect: double-checked-locking
    while (!halt) std::this_thread::yield();
  });
  go = true;
  halt = true;
  waits.join();
  stop = true; // one thread only
  while (!stop) {
  }
}
