#include <array>
#include <atomic>
#include <barrier>
#include <condition_variable>
#include <cstring>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

// Tile renderer: one thread per strip, progress and results in shared memory.

namespace render {

struct Stats {
  int tiles = 0;
  long rays = 0;
};

int g_progress = 0;
int g_total = 0;  // set before the threads start
bool g_cancel = false;
volatile bool g_pause = false;
std::atomic<bool> g_stop{false};
std::atomic<long> g_rays{0};
std::string g_last;
std::vector<int> g_done;
thread_local Stats tl_stats;
const std::array<int, 4> g_gamma{1, 2, 4, 8};
std::map<int, int> g_cache;
std::shared_ptr<Stats> g_snapshot;
std::atomic<std::shared_ptr<Stats>> g_asnapshot;

void countProgress() {
  auto work = [] {
    for (int i = 0; i < 100; ++i) ++g_progress;  // expect: data-race | unguarded-access #progress
  };
  std::thread a(work), b(work);
  a.join();
  b.join();
  if (g_progress > g_total) g_total = g_progress;  // clean: data-race, unguarded-access
}

void cancelFlag() {
  std::thread a([] {
    while (!g_cancel) std::this_thread::yield();  // expect: data-race | unguarded-access #cancel
  });
  g_cancel = true;  // side: data-race #cancel
  a.join();
  g_cancel = false;  // clean: data-race
}

void pauseFlag() {
  std::thread a([] {
    while (g_pause) std::this_thread::yield();  // expect: data-race | double-checked-locking | unguarded-access #pause
  });
  g_pause = true;  // side: data-race #pause
  g_pause = false;  // side: data-race #pause
  a.join();
}

void stopFlag() {
  std::thread a([] {
    while (!g_stop.load(std::memory_order_relaxed)) std::this_thread::yield();  // clean: data-race
  });
  g_stop.store(true, std::memory_order_relaxed);  // clean: data-race
  a.join();
  g_stop = false;
}

void lastMessage() {
  std::thread a([] { g_last = "strip 1"; });  // expect: data-race | unguarded-access #last
  g_last = "main";  // side: data-race #last
  a.join();
  g_last.clear();  // clean: data-race, unguarded-access
}

void doneBeforeAfter() {
  g_done.reserve(8);  // clean: data-race
  std::thread a([] { g_done.push_back(1); });  // clean: data-race, unguarded-access
  a.join();
  g_done.push_back(2);  // clean: data-race, unguarded-access
  std::thread b([] { g_done.push_back(3); });  // clean: data-race, unguarded-access
  b.join();
}

void cacheFill() {
  std::thread a([] { g_cache[1] = 1; });  // expect: data-race | unguarded-access #cache
  std::thread b([] {
    if (g_cache.count(2)) tl_stats.tiles++;  // side: data-race #cache; clean: data-race
  });
  a.join();
  b.join();
  g_cache.clear();  // clean: data-race
}

void gammaUse(std::vector<int>& px) {
  std::thread a([&] { px[0] = g_gamma[1]; });  // clean: data-race
  std::thread b([&] { px[1] = g_gamma[2]; });  // clean: data-race
  a.join();
  b.join();
  px[2] = px[0] + px[1];  // clean: data-race
}

void snapshots() {
  std::thread a([] { g_snapshot = std::make_shared<Stats>(); });  // expect: data-race | unguarded-access #snap
  auto s = g_snapshot;  // side: data-race #snap
  a.join();
  std::thread b([] { g_asnapshot.store(std::make_shared<Stats>()); });  // clean: data-race
  auto t = g_asnapshot.load();  // clean: data-race
  b.join();
}

long byLocalSum() {
  long sum = 0;
  std::thread a([&] { sum += 1; });  // expect: data-race | unguarded-access #sum
  std::thread b([&] { sum += 2; });  // side: data-race #sum
  a.join();
  b.join();
  return sum;  // clean: data-race
}

long bySlots() {
  std::array<long, 2> sum{};
  std::thread a([&] { sum[0] += 1; });  // clean: data-race
  std::thread b([&] { sum[1] += 2; });  // clean: data-race
  a.join();
  b.join();
  return sum[0] + sum[1];  // clean: data-race
}

long byFuture() {
  auto f = std::async(std::launch::async, [] { return 5L; });
  long r = f.get();  // clean: data-race
  std::promise<long> p;
  auto g = p.get_future();
  long box = 0;
  std::thread t([&] {
    box = 3;  // clean: data-race
    p.set_value(1);
  });
  r += g.get();
  r += box;  // clean: data-race
  t.join();
  return r;
}

long byFutureEarly() {
  long box = 0;
  auto f = std::async(std::launch::async, [&] { box = 3; });  // expect: data-race | unguarded-access #early
  long r = box;  // side: data-race #early
  f.get();
  return r + box;  // clean: data-race
}

int byRelease() {
  int data = 0;
  std::atomic<bool> ready{false};
  std::thread t([&] {
    data = 42;  // clean: data-race, unguarded-access
    ready.store(true, std::memory_order_release);  // clean: data-race
  });
  while (!ready.load(std::memory_order_acquire)) std::this_thread::yield();
  int r = data;  // clean: data-race, unguarded-access
  t.join();
  return r;
}

int byRelaxed() {
  int data = 0;
  std::atomic<bool> ready{false};
  std::thread t([&] {
    data = 42;  // expect: data-race | unguarded-access #relaxed
    ready.store(true, std::memory_order_relaxed);
  });
  while (!ready.load(std::memory_order_relaxed)) std::this_thread::yield();
  int r = data;  // side: data-race #relaxed
  t.join();
  return r;
}

int byWait() {
  int data = 0;
  std::atomic<int> st{0};
  std::thread t([&] {
    data = 7;  // clean: data-race
    st.store(1);
    st.notify_one();
  });
  st.wait(0);
  int r = data;  // clean: data-race
  t.join();
  return r;
}

int byLatch() {
  int data[2] = {};
  std::latch l(2);
  std::thread a([&] {
    data[0] = 1;  // clean: data-race
    l.count_down();
  });
  std::thread b([&] {
    data[1] = 1;  // clean: data-race
    l.count_down();
  });
  l.wait();
  int r = data[0] + data[1];  // clean: data-race
  a.join();
  b.join();
  return r;
}

int byLatchEarly() {
  int data = 0;
  std::latch l(1);
  std::thread a([&] {
    l.count_down();
    data = 1;  // expect: data-race | unguarded-access #latch
  });
  l.wait();
  int r = data;  // side: data-race #latch
  a.join();
  return r;
}

int byBarrier() {
  int left = 0, right = 0, sum[2] = {};
  std::barrier bar(2);
  std::thread a([&] {
    left = 1;  // clean: data-race
    bar.arrive_and_wait();
    sum[0] = left + right;  // clean: data-race
  });
  std::thread b([&] {
    right = 2;  // clean: data-race
    bar.arrive_and_wait();
    sum[1] = left - right;  // clean: data-race
  });
  a.join();
  b.join();
  return sum[0] + sum[1];  // clean: data-race
}

int byBarrierLate() {
  int v = 0;
  int out = 0;
  std::barrier bar(2);
  std::thread a([&] {
    bar.arrive_and_wait();
    v = 2;  // expect: data-race | unguarded-access #bar
  });
  std::thread b([&] {
    bar.arrive_and_wait();
    out = v;  // side: data-race #bar
  });
  a.join();
  b.join();
  return out;
}

int bySemaphore() {
  int box = 0;
  std::binary_semaphore full(0), empty(1);
  std::thread t([&] {
    for (int i = 0; i < 3; ++i) {
      empty.acquire();
      box = i;  // clean: data-race
      full.release();
    }
  });
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    full.acquire();
    sum += box;  // clean: data-race
    empty.release();
  }
  t.join();
  return sum;
}

int bySemaphoreEarly() {
  int box = 0;
  std::binary_semaphore full(0);
  std::thread t([&] {
    full.release();
    box = 1;  // expect: data-race | unguarded-access #sem
  });
  full.acquire();
  int r = box;  // side: data-race #sem
  t.join();
  return r;
}

int byCondvar() {
  std::mutex m;
  std::condition_variable cv;
  bool ready = false;
  int big = 0;
  std::thread t([&] {
    big = 9;  // clean: data-race, unguarded-access
    {
      std::lock_guard g(m);
      ready = true;  // clean: data-race
    }
    cv.notify_one();  // clean: condvar-notify
  });
  {
    std::unique_lock g(m);
    cv.wait(g, [&] { return ready; });  // clean: condvar-wait
  }
  int r = big;  // clean: data-race, unguarded-access
  t.join();
  return r;
}

int byOnce() {
  static std::once_flag f;
  static int table[4];
  auto use = [] {
    std::call_once(f, [] { table[0] = 1; });  // clean: data-race
    return table[0];  // clean: data-race
  };
  int x = 0, y = 0;
  std::thread a([&] { x = use(); }), b([&] { y = use(); });  // clean: data-race
  a.join();
  b.join();
  return x + y;
}

int byHandMade() {
  static bool done = false;
  static int table[4];
  auto use = [] {
    if (!done) {  // expect: data-race | unguarded-access | double-checked-locking #hand
      table[0] = 1;  // side: data-race #hand
      done = true;  // side: data-race #hand
    }
    return table[0];  // side: data-race #hand
  };
  int x = 0, y = 0;
  std::thread a([&] { x = use(); }), b([&] { y = use(); });
  a.join();
  b.join();
  return x + y;
}

int byValue(int n) {
  int copy = n;
  std::thread t([copy]() mutable { ++copy; });  // clean: data-race
  ++copy;  // clean: data-race
  t.join();
  return copy;
}

int byRef(int n) {
  int k = n;
  std::thread t([&k] { ++k; });  // expect: data-race | unguarded-access #ref
  ++k;  // side: data-race #ref
  t.join();
  return k;
}

int loopVar() {
  std::vector<std::thread> ts;
  std::vector<int> out(4);
  for (int i = 0; i < 4; ++i) ts.emplace_back([&out, i] { out[i] = i; });  // clean: data-race
  for (auto& t : ts) t.join();
  return out[3];  // clean: data-race
}

int loopVarRef() {
  std::vector<std::thread> ts;
  std::atomic<int> sum{0};
  int i = 0;
  for (; i < 4; ++i) ts.emplace_back([&] { sum += i; });  // expect: data-race | unguarded-access
  for (auto& t : ts) t.join();
  return sum;
}

int movedIn() {
  auto p = std::make_unique<int>(3);
  int r = *p;  // clean: data-race
  std::thread t([p = std::move(p)] { ++*p; });  // clean: data-race
  t.join();
  return r;
}

int sharedPtr() {
  auto p = std::make_shared<int>(3);
  std::thread t([p] { ++*p; });  // expect: data-race | unguarded-access #sp
  int r = *p;  // side: data-race #sp
  t.join();
  return r;
}

int sharedPtrConst() {
  std::shared_ptr<const int> p = std::make_shared<int>(3);
  int x = 0;
  std::thread t([p, &x] { x = *p; });  // clean: data-race
  int r = *p;  // clean: data-race
  t.join();
  return r + x;  // clean: data-race
}

bool vectorBool() {
  std::vector<bool> bits(2);
  std::thread a([&] { bits[0] = true; });  // expect: data-race | unguarded-access #bits
  std::thread b([&] { bits[1] = true; });  // side: data-race #bits
  a.join();
  b.join();
  return bits[0] && bits[1];
}

struct Packed {
  int a = 0;
  int b = 0;
};

int fields() {
  Packed p;
  std::thread x([&] { p.a = 1; });  // clean: data-race
  std::thread y([&] { p.b = 2; });  // clean: data-race
  x.join();
  y.join();
  return p.a + p.b;  // clean: data-race
}

int wholeAndField() {
  Packed p;
  std::thread x([&] { p.a = 1; });  // expect: data-race | unguarded-access #whole
  Packed q = p;  // side: data-race #whole
  x.join();
  return q.a;
}

struct Strip {
  void run() {
    for (int i = 0; i < 10; ++i) {
      ++rows;  // expect: data-race | unguarded-access #rows
      g_rays.fetch_add(1, std::memory_order_relaxed);  // clean: data-race
      tl_stats.rays++;  // clean: data-race
      ++own;  // clean: data-race
    }
  }
  void start() { t = std::thread(&Strip::run, this); }
  int shownRows() const { return rows; }  // side: data-race #rows
  int ownRows() {
    t.join();
    return own;  // clean: data-race
  }
  int rows = 0;
  int own = 0;
  std::thread t;
};

class Job {
 public:
  explicit Job(int n) : n_(n) {
    sum_ = n;  // clean: data-race, unguarded-access
    t_ = std::thread([this] { loop(); });
    late_ = n;  // expect: data-race | unguarded-access #late
  }
  ~Job() {
    if (t_.joinable()) t_.join();
    sum_ = 0;  // clean: data-race
  }
  int sum() {
    t_.join();
    return sum_;  // clean: data-race
  }

 private:
  void loop() {
    sum_ += n_;  // clean: data-race
    sum_ += late_;  // side: data-race #late
  }
  int n_, sum_ = 0, late_ = 0;
  std::thread t_;
};

// Reference count by hand.
class Node {
 public:
  void ref() { n_.fetch_add(1, std::memory_order_relaxed); }  // clean: data-race, check-then-act
  void unref() {
    if (n_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;  // clean: data-race, check-then-act
  }
  void bad() {
    --m_;  // expect: data-race | unguarded-access #bad
    if (m_ == 0) zero_ = true;  // side: data-race #bad
  }

 private:
  std::atomic<int> n_{1};
  int m_ = 4;
  std::atomic<bool> zero_{false};
};

void nodes() {
  Node* n = new Node;
  n->ref();
  n->ref();
  std::thread a([n] {
    n->bad();
    n->unref();
  });
  std::thread b([n] {
    n->bad();
    n->unref();
  });
  n->unref();
  a.join();
  b.join();
}

// Published through an atomic pointer.
struct Config {
  int w = 0, h = 0;
};
std::atomic<Config*> g_conf{nullptr};
Config* g_rawConf = nullptr;

int publish() {
  std::thread t([] {
    auto* c = new Config;
    c->w = 640;  // clean: data-race
    c->h = 480;  // clean: data-race
    g_conf.store(c, std::memory_order_release);  // clean: data-race
  });
  int w = 0;
  if (auto* c = g_conf.load(std::memory_order_acquire)) w = c->w + c->h;  // clean: data-race
  t.join();
  return w;
}

int publishRaw() {
  std::thread t([] {
    auto* c = new Config;
    c->w = 640;
    g_rawConf = c;  // expect: data-race | unguarded-access #raw
  });
  int w = 0;
  if (g_rawConf) w = g_rawConf->w;  // side: data-race #raw
  t.join();
  return w;
}

int fences() {
  int data = 0;
  std::atomic<int> flag{0};
  std::thread t([&] {
    data = 1;  // clean: data-race
    std::atomic_thread_fence(std::memory_order_release);
    flag.store(1, std::memory_order_relaxed);
  });
  int r = 0;
  if (flag.load(std::memory_order_relaxed)) {
    std::atomic_thread_fence(std::memory_order_acquire);
    r = data;  // clean: data-race
  }
  t.join();
  return r;
}

int atomicRef() {
  int n = 0;
  std::thread t([&] { std::atomic_ref<int>(n).fetch_add(1); });  // clean: data-race
  std::atomic_ref<int>(n).fetch_add(1);  // clean: data-race
  t.join();
  return n;  // clean: data-race
}

int atomicRefMixed() {
  int n = 0;
  std::thread t([&] { std::atomic_ref<int>(n).fetch_add(1); });  // side: data-race #aref
  n += 1;  // expect: data-race | unguarded-access #aref
  t.join();
  return n;
}

void detached() {
  static int ticks = 0;
  std::thread([] { ++ticks; }).detach();  // expect: data-race | unguarded-access #ticks
  ++ticks;  // side: data-race #ticks
}

void detachedAtomic() {
  static std::atomic<int> ticks{0};
  std::thread([] { ++ticks; }).detach();  // clean: data-race, thread-lifetime
  ++ticks;  // clean: data-race
}

int buffers() {
  char buf[16] = {};
  std::thread t([&] { std::memset(buf, 1, sizeof buf); });  // expect: data-race | unguarded-access #buf
  int r = buf[0];  // side: data-race #buf
  t.join();
  return r + buf[1];  // clean: data-race
}

int jthreadScope() {
  int n = 0;
  {
    std::jthread t([&] { n = 1; });  // clean: data-race, thread-lifetime
  }
  return n;  // clean: data-race
}

int jthreadEarly() {
  int n = 0;
  std::jthread t([&] { n = 1; });  // expect: data-race | unguarded-access #jt
  return n;  // side: data-race #jt
}

}  // namespace render

int main() {
  using namespace render;
  g_total = 100;  // clean: data-race, unguarded-access
  std::vector<int> px(3);
  countProgress();
  cancelFlag();
  pauseFlag();
  stopFlag();
  lastMessage();
  doneBeforeAfter();
  cacheFill();
  gammaUse(px);
  snapshots();
  Strip s;
  s.start();
  int seen = s.shownRows();
  seen += s.ownRows();
  Job j(2);
  seen += j.sum();
  nodes();
  detached();
  detachedAtomic();
  long r = byLocalSum() + bySlots() + byFuture() + byFutureEarly() + byRelease() + byRelaxed() + byWait() + byLatch() +
           byLatchEarly() + byBarrier() + byBarrierLate() + bySemaphore() + bySemaphoreEarly() + byCondvar() + byOnce() +
           byHandMade() + byValue(1) + byRef(1) + loopVar() + loopVarRef() + movedIn() + sharedPtr() + sharedPtrConst() +
           vectorBool() + fields() + wholeAndField() + publish() + publishRaw() + fences() + atomicRef() +
           atomicRefMixed() + buffers() + jthreadScope() + jthreadEarly();
  return r + seen > 1000;
}
