// What annotate writes into, and what it must leave alone.
#include <pthread.h>

#define COUNTER(name) int name

static int early; // before its lock
static pthread_mutex_t table_mu = PTHREAD_MUTEX_INITIALIZER;
static int table[4];
static int used = 0, peak;
static int seldom; // read without the lock
COUNTER(made);

class Lock {
public:
  void lock() { pthread_mutex_lock(&m_); }
  void unlock() { pthread_mutex_unlock(&m_); }

private:
  pthread_mutex_t m_ = PTHREAD_MUTEX_INITIALIZER;
};

class Hold {
public:
  explicit Hold(Lock *lock) : lock_(lock) { lock_->lock(); }
  ~Hold() { lock_->unlock(); }

private:
  Lock *const lock_;
};

class Counter {
public:
  void add(int by);
  int get() const;
  auto twice() -> int;

private:
  void grow(int by) noexcept;

  int total_ = 0, times_{0};
  unsigned flags_ : 3;
  int *last_ = nullptr;
  const int limit_ = 7;
  mutable Lock mu_;

  friend void *worker(void *);
};

void Counter::add(int by) {
  Hold hold(&mu_);
  flags_ = 1;
  grow(by);
}

int Counter::get() const {
  Hold hold(&mu_);
  return flags_ ? total_ + times_ + *last_ : limit_;
}

auto Counter::twice() -> int {
  Hold hold(&mu_);
  grow(1);
  return 2 * total_;
}

void Counter::grow(int by) noexcept {
  total_ += by;
  ++times_;
  *last_ = by;
}

static Counter counter;

static void note(int slot) {
  table[slot] = ++used;
  table[0] = slot;
  if (used > peak) peak = used;
}

void *worker(void *) {
  counter.add(1);
  counter.get();
  counter.twice();
  pthread_mutex_lock(&table_mu);
  ++early;
  ++made;
  ++seldom;
  note(2);
  pthread_mutex_unlock(&table_mu);
  pthread_mutex_lock(&table_mu);
  --early;
  --made;
  --seldom;
  note(1);
  pthread_mutex_unlock(&table_mu);
  return seldom ? nullptr : &counter;
}

int main() {
  pthread_t one, two;
  pthread_create(&one, nullptr, worker, nullptr);
  pthread_create(&two, nullptr, worker, nullptr);
  pthread_join(one, nullptr);
  pthread_join(two, nullptr);
}
