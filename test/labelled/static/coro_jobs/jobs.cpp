#include <unistd.h>

#include <cstdlib>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "task.h"

namespace jobs {

using net::Detached;
using net::Task;
using namespace std::chrono_literals;

thread_local int tl_depth = 0;
thread_local std::string tl_name;
thread_local std::vector<int> tl_scratch;
const thread_local int tl_const = 4;
static int plain_depth = 0;

int& depth() { return tl_depth; }

Task<int> one(int n) { co_return n + 1; }  // clean: coroutine-dangling
Task<int> sizeOf(const std::string& s) { co_return static_cast<int>(s.size()); }  // clean: coroutine-dangling
Task<int> later(std::string s) {
  co_await net::sleep(1ms);
  co_return static_cast<int>(s.size());  // clean: coroutine-dangling
}
Task<int> laterRef(const std::string& s) {
  co_await net::sleep(1ms);
  co_return static_cast<int>(s.size());  // side: coroutine-dangling #temp; side: coroutine-dangling #local
}

// Thread-local state.
Task<int> nested() {
  int& d = tl_depth;  // side: thread-local-across-suspension #nested
  ++d;
  co_await net::resume_on_pool();
  --d;  // expect: thread-local-across-suspension #nested
  co_return 0;
}

Task<int> nestedRight() {
  ++tl_depth;  // clean: thread-local-across-suspension
  --tl_depth;  // clean: thread-local-across-suspension
  co_await net::resume_on_pool();
  ++plain_depth;  // maybe: data-race, unguarded-access
  co_return 0;
}

Task<int> pairedAcross() {
  ++tl_depth;  // side: thread-local-across-suspension #paired
  co_await net::resume_on_pool();
  --tl_depth;  // expect: thread-local-across-suspension #paired
  co_return 0;
}

Task<int> nameAcross() {
  auto* p = &tl_name;  // side: thread-local-across-suspension #name
  co_await net::sleep(1ms);
  co_return static_cast<int>(p->size());  // expect: thread-local-across-suspension #name
}

Task<int> nameCopy() {
  std::string p = tl_name;  // clean: thread-local-across-suspension
  co_await net::sleep(1ms);
  co_return static_cast<int>(p.size());  // clean: thread-local-across-suspension
}

Task<int> sameThread() {
  auto id = std::this_thread::get_id();  // side: thread-local-across-suspension #id
  co_await net::resume_on_pool();
  if (std::this_thread::get_id() == id) co_return 1;  // maybe: thread-local-across-suspension
  co_return id == std::thread::id() ? 1 : 0;  // expect: thread-local-across-suspension #id
}

Task<int> threadOnce() {
  co_await net::resume_on_pool();
  auto id = std::this_thread::get_id();  // clean: thread-local-across-suspension
  co_return id == std::thread::id();  // clean: thread-local-across-suspension
}

Task<int> scratchAcross(int n) {
  tl_scratch.clear();  // side: thread-local-across-suspension #scratch
  tl_scratch.push_back(n);  // side: thread-local-across-suspension #scratch
  co_await net::sleep(1ms);
  co_return tl_scratch.back();  // expect: thread-local-across-suspension #scratch
}

Task<int> scratchRight(int n) {
  co_await net::sleep(1ms);
  tl_scratch.assign(1, n);  // clean: thread-local-across-suspension
  int r = tl_scratch.back();  // clean: thread-local-across-suspension
  co_await net::sleep(1ms);
  co_return r;  // clean: thread-local-across-suspension
}

Task<int> depthRef() {
  auto& d = depth();  // side: thread-local-across-suspension #dref
  co_await net::resume_on_pool();
  d = 0;  // expect: thread-local-across-suspension #dref
  co_return tl_const;  // clean: thread-local-across-suspension
}

Task<int> loopDepth(int n) {
  for (int i = 0; i < n; ++i) {
    int was = tl_depth;  // side: thread-local-across-suspension #loop
    tl_depth = i;
    co_await net::resume_on_pool();
    tl_depth = was;  // expect: thread-local-across-suspension #loop
  }
  co_return n;
}

Task<int> scopedDepth() {
  struct Scope {
    Scope() { ++tl_depth; }  // side: thread-local-across-suspension #scope
    ~Scope() { --tl_depth; }  // side: thread-local-across-suspension #scope
  };
  {
    Scope s;  // clean: thread-local-across-suspension
    tl_depth += 0;
  }
  Scope s;  // side: thread-local-across-suspension #scope
  co_await net::resume_on_pool();  // expect: thread-local-across-suspension #scope
  co_return 0;
}

Task<int> itAcross() {
  auto it = tl_scratch.begin();  // side: thread-local-across-suspension #it
  co_await net::sleep(1ms);
  co_return it != tl_scratch.end();  // expect: thread-local-across-suspension #it
}

Task<int> staticLocal() {
  static thread_local int calls = 0;
  int& c = calls;  // side: thread-local-across-suspension #sl
  ++c;
  co_await net::resume_on_pool();
  co_return c;  // expect: thread-local-across-suspension #sl
}

Task<int> branch(bool b) {
  if (b) {
    co_return tl_depth;  // clean: thread-local-across-suspension
  }
  co_await net::sleep(1ms);
  co_return tl_depth;  // clean: thread-local-across-suspension
}

Task<int> viewAcross() {
  std::string_view v = tl_name;  // side: thread-local-across-suspension #view
  co_await net::resume_on_pool();
  co_return v.empty();  // expect: thread-local-across-suspension #view
}

Task<int> sizeBefore() {
  auto n = tl_scratch.size();  // clean: thread-local-across-suspension
  auto first = tl_scratch.empty() ? 0 : tl_scratch.front();  // clean: thread-local-across-suspension
  co_await net::resume_on_pool();
  co_return static_cast<int>(n) + first;  // clean: thread-local-across-suspension
}

Task<int> lambdaTl() {
  auto f = [] { return ++tl_depth; };  // clean: thread-local-across-suspension
  int a = f();  // clean: thread-local-across-suspension
  co_await net::sleep(1ms);
  co_return a;
}

// Lifetimes.
Task<int> awaitTemp() {
  co_return co_await laterRef(std::string("x") + "y");  // clean: coroutine-dangling
}

Task<int> storeTemp() {
  auto t = laterRef(std::string("x") + "y");  // expect: coroutine-dangling #temp
  co_await net::sleep(1ms);
  co_return co_await std::move(t);
}

Task<int> storeNamed() {
  std::string s = "x";
  auto t = laterRef(s);  // clean: coroutine-dangling
  co_return co_await std::move(t);  // clean: coroutine-dangling
}

Task<int> storeValue() {
  auto t = later(std::string("x") + "y");  // clean: coroutine-dangling
  co_return co_await std::move(t);
}

void spawnLocal() {
  std::string s = "local";
  net::spawn(laterRef(s));  // expect: coroutine-dangling #local
}

void spawnValue() {
  std::string s = "local";
  net::spawn(later(s));  // clean: coroutine-dangling
}

void spawnStatic() {
  static const std::string s = "static";
  net::spawn(laterRef(s));  // clean: coroutine-dangling
}

Task<int> lambdaCapture(int n) {
  auto t = [n]() -> Task<int> {  // expect: coroutine-dangling #cap
    co_await net::sleep(1ms);
    co_return n;  // side: coroutine-dangling #cap
  }();
  co_return co_await std::move(t);
}

Task<int> lambdaAwaited(int n) {
  co_return co_await [n]() -> Task<int> {  // clean: coroutine-dangling
    co_await net::sleep(1ms);
    co_return n;  // clean: coroutine-dangling
  }();
}

Task<int> lambdaNamed(int n) {
  auto f = [n]() -> Task<int> {  // clean: coroutine-dangling
    co_await net::sleep(1ms);
    co_return n;
  };
  co_return co_await f();  // clean: coroutine-dangling
}

void lambdaSpawn(int n) {
  net::spawn([n]() -> Task<int> {  // expect: coroutine-dangling #sp
    co_await net::sleep(1ms);
    co_return n;  // side: coroutine-dangling #sp
  }());
}

void lambdaParam(int n) {
  net::spawn([](int k) -> Task<int> {  // clean: coroutine-dangling
    co_await net::sleep(1ms);
    co_return k;  // clean: coroutine-dangling
  }(n));
}

void lambdaByRef() {
  int hits = 0;
  auto f = [&hits]() -> Detached {  // side: coroutine-dangling #byref
    co_await net::sleep(1ms);
    ++hits;  // expect: coroutine-dangling #byref
  };
  f();
}

Detached firePtr(std::shared_ptr<std::string> s) {
  co_await net::sleep(1ms);
  s->clear();  // clean: coroutine-dangling
}

Detached fireView(std::string_view v) {
  co_await net::sleep(1ms);
  co_await net::write(1, std::string(v));  // side: coroutine-dangling #sv
}

Detached fireRef(std::vector<int>& v) {
  v.push_back(1);  // clean: coroutine-dangling
  co_await net::sleep(1ms);
  v.push_back(2);  // side: coroutine-dangling #vec
}

Detached fireRefBefore(const std::vector<int>& v) {
  auto n = v.size();  // clean: coroutine-dangling
  co_await net::sleep(1ms);
  co_await net::write(1, std::to_string(n));  // clean: coroutine-dangling
}

void fireAll() {
  std::vector<int> v;
  fireRef(v);  // expect: coroutine-dangling #vec
  fireRefBefore(v);  // clean: coroutine-dangling
  fireView(std::string("temp"));  // expect: coroutine-dangling #sv
  fireView("literal");  // clean: coroutine-dangling
  firePtr(std::make_shared<std::string>("x"));  // clean: coroutine-dangling
}

class Poller : public std::enable_shared_from_this<Poller> {
 public:
  Detached pollShared() {
    auto self = shared_from_this();  // clean: coroutine-dangling
    co_await net::sleep(1s);
    ++self->n_;  // clean: coroutine-dangling
  }
  Detached pollThis() {
    co_await net::sleep(1s);
    ++n_;  // side: coroutine-dangling #poll
  }
  Task<int> count() {
    co_await net::sleep(1ms);
    co_return n_;  // clean: coroutine-dangling
  }

 private:
  int n_ = 0;
};

void pollOnce() {
  Poller p;
  p.pollThis();  // expect: coroutine-dangling #poll
}

Task<int> pollAwaited() {
  Poller p;
  co_return co_await p.count();  // clean: coroutine-dangling
}

// Results that nobody looks at.
int work(int n) { return n * n; }

Task<int> forgetful() {
  one(1);  // expect: dropped-future
  co_await one(2);  // clean: dropped-future
  auto t = one(3);  // clean: dropped-future
  co_await std::move(t);
  later("x");  // expect: dropped-future
  (void)co_await later("x");  // clean: dropped-future
  net::spawn(one(4));  // clean: dropped-future
  sizeOf("temporary");  // expect: dropped-future
  co_return co_await sizeOf("temporary");  // clean: dropped-future, coroutine-dangling
}

Task<int> fetchBoth(bool first) {
  if (first) one(7);  // expect: dropped-future
  for (int i = 0; i < 2; ++i) one(i);  // expect: dropped-future
  std::vector<Task<int>> ts;
  ts.push_back(one(8));  // clean: dropped-future
  ts.emplace_back(one(9));  // clean: dropped-future
  int n = 0;
  for (auto& t : ts) n += co_await t;  // clean: dropped-future
  co_return n;
}

void asyncs() {
  std::async(std::launch::async, work, 1);  // expect: dropped-future
  auto f = std::async(std::launch::async, work, 2);  // clean: dropped-future
  std::async(std::launch::async, work, 3).get();  // clean: dropped-future
  auto g = std::async(std::launch::deferred, work, 4);  // clean: dropped-future
  g.wait();  // clean: dropped-future
  std::async([] { return work(5); });  // expect: dropped-future
  int n = f.get() + std::async(work, 6).get();  // clean: dropped-future
  (void)std::async(std::launch::async, work, n);  // expect: dropped-future
  { auto h = std::async(std::launch::async, work, 7); }  // maybe: dropped-future
  std::vector<std::future<int>> fs;
  fs.push_back(std::async(std::launch::async, work, 8));  // clean: dropped-future
  fs.emplace_back(std::async(std::launch::async, work, 9));  // clean: dropped-future
  for (auto& x : fs) x.get();  // clean: dropped-future
  for (int i = 0; i < 4; ++i) std::async(std::launch::async, work, i);  // expect: dropped-future
  auto sf = std::async(std::launch::async, work, 10).share();  // clean: dropped-future
  sf.wait();
}

std::future<int> startWork(int n) {
  return std::async(std::launch::async, work, n);  // clean: dropped-future
}

class Batch {
 public:
  void add(int n) { pending_.push_back(startWork(n)); }  // clean: dropped-future
  void kick(int n) { startWork(n); }  // expect: dropped-future
  void setLast(int n) { last_ = startWork(n); }  // clean: dropped-future
  int sum() {
    int s = 0;
    for (auto& f : pending_) s += f.get();  // clean: dropped-future
    pending_.clear();
    if (last_.valid()) s += last_.get();
    return s;
  }
  void packaged(int n) {
    std::packaged_task<int(int)> t(work);
    auto f = t.get_future();  // clean: dropped-future
    t(n);
    f.get();
  }

 private:
  std::vector<std::future<int>> pending_;
  std::future<int> last_;
};

// Locks and suspension.
std::mutex mtx;
net::AsyncMutex amtx;
std::map<int, int> table;

Task<int> heldOver(int k) {
  std::lock_guard g(mtx);  // side: lock-across-suspension #held; maybe: blocking-in-coroutine
  int v = co_await one(k);  // expect: lock-across-suspension #held
  table[k] = v;
  co_return v;
}

Task<int> heldAsync(int k) {
  auto g = co_await amtx.lock();  // clean: lock-across-suspension, blocking-in-coroutine
  int v = co_await one(k);  // clean: lock-across-suspension
  co_return v;
}

Task<int> releasedBefore(int k) {
  std::unique_lock g(mtx);  // maybe: blocking-in-coroutine
  int v = table[k];  // clean: unguarded-access
  g.unlock();
  v += co_await one(k);  // clean: lock-across-suspension
  co_return v;
}

Task<int> scopeBefore(int k) {
  int v;
  {
    std::lock_guard g(mtx);  // maybe: blocking-in-coroutine
    v = table[k];
  }
  co_return v + co_await one(k);  // clean: lock-across-suspension
}

Task<int> relockedInLoop(int k) {
  std::unique_lock g(mtx);  // maybe: blocking-in-coroutine
  for (int i = 0; i < k; ++i) {
    table[i] = i;
    g.unlock();
    co_await net::sleep(1ms);  // clean: lock-across-suspension
    g.lock();  // maybe: blocking-in-coroutine
  }
  co_await net::sleep(1ms);  // expect: lock-across-suspension
  co_return k;
}

}  // namespace jobs

int main() {
  using namespace jobs;
  net::spawn(nested());
  net::spawn(nestedRight());
  net::spawn(pairedAcross());
  net::spawn(nameAcross());
  net::spawn(nameCopy());
  net::spawn(sameThread());
  net::spawn(threadOnce());
  net::spawn(scratchAcross(1));
  net::spawn(scratchRight(1));
  net::spawn(depthRef());
  net::spawn(loopDepth(2));
  net::spawn(scopedDepth());
  net::spawn(itAcross());
  net::spawn(staticLocal());
  net::spawn(branch(true));
  net::spawn(viewAcross());
  net::spawn(sizeBefore());
  net::spawn(lambdaTl());
  net::spawn(awaitTemp());
  net::spawn(storeTemp());
  net::spawn(storeNamed());
  net::spawn(storeValue());
  spawnLocal();
  spawnValue();
  spawnStatic();
  net::spawn(lambdaCapture(1));
  net::spawn(lambdaAwaited(1));
  net::spawn(lambdaNamed(1));
  lambdaSpawn(1);
  lambdaParam(1);
  lambdaByRef();
  fireAll();
  std::make_shared<Poller>()->pollShared();  // clean: coroutine-dangling
  pollOnce();
  net::spawn(pollAwaited());
  net::spawn(forgetful());
  net::spawn(fetchBoth(true));
  asyncs();
  Batch b;
  b.add(1);
  b.kick(2);
  b.setLast(3);
  b.packaged(4);
  net::spawn(heldOver(1));
  net::spawn(heldAsync(1));
  net::spawn(releasedBefore(1));
  net::spawn(scopeBefore(1));
  net::spawn(relockedInLoop(1));
  return b.sum() != 10;
}
