// maybe-project: coroutine-dangling, thread-lifetime
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <latch>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "aio.h"

using namespace std::chrono_literals;
using aio::Coro;

namespace ocr {

// A language model is loaded from disk on its own terms.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string read(const std::string& image) = 0;
  void sleep(int n) { naps_ += n; }  // clean: blocking-in-coroutine
  void wait(int n) { naps_ -= n; }   // clean: blocking-in-coroutine

 private:
  int naps_ = 0;
};

class External final : public Engine {
 public:
  std::string read(const std::string& image) override {
    std::FILE* p = ::popen(("tesseract " + image).c_str(), "r");  // expect: blocking-in-coroutine #popen; maybe: blocking-under-lock
    if (!p) return {};
    char line[128];
    std::string out;
    while (std::fgets(line, sizeof line, p)) out += line;  // side: blocking-in-coroutine #popen
    ::pclose(p);  // side: blocking-in-coroutine #popen
    return out;
  }
};

class Dummy final : public Engine {
 public:
  std::string read(const std::string& image) override { return image; }  // clean: blocking-in-coroutine
};

std::unique_ptr<Engine> make(bool real) {
  if (real) return std::make_unique<External>();
  return std::make_unique<Dummy>();
}

class Gate {
 public:
  void open() {
    {
      std::lock_guard g(m_);
      open_ = true;
    }
    cv_.notify_all();
  }
  void pass() {
    std::unique_lock g(m_);
    cv_.wait(g, [this] { return open_; });  // side: blocking-in-coroutine #gate
  }
  bool passNow() {
    std::unique_lock g(m_);  // maybe: blocking-in-coroutine
    return cv_.wait_for(g, 0ms, [this] { return open_; });  // clean: blocking-in-coroutine
  }

 private:
  std::mutex m_;
  std::condition_variable cv_;
  bool open_ = false;
};

Coro<std::string> page(std::string image) {
  auto e = make(image.size() > 3);
  co_await aio::sleep_for(1ms);
  e->sleep(3);  // clean: blocking-in-coroutine
  e->wait(1);  // clean: blocking-in-coroutine
  co_return e->read(image);  // expect: blocking-in-coroutine #popen
}

Coro<std::string> pagePooled(std::string image) {
  auto text = co_await aio::in_pool([image] {
    auto e = make(true);
    ::usleep(100);  // clean: blocking-in-coroutine
    return e->read(image);  // clean: blocking-in-coroutine
  });
  co_return text;
}

Coro<int> rendezvous(Gate& g, std::latch& all) {
  if (!g.passNow()) co_await aio::sleep_for(5ms);  // maybe: blocking-in-coroutine
  g.pass();  // expect: blocking-in-coroutine #gate
  if (!all.try_wait()) co_await aio::sleep_for(5ms);  // clean: blocking-in-coroutine
  all.arrive_and_wait();  // expect: blocking-in-coroutine
  co_return 0;
}

Coro<int> slots(sem_t* s) {
  if (sem_trywait(s) == 0) co_return 1;  // clean: blocking-in-coroutine
  co_await aio::sleep_for(2ms);
  sem_wait(s);  // expect: blocking-in-coroutine
  co_return 1;
}

Coro<int> workers(std::atomic<int>& done) {
  std::vector<std::thread> ts;
  for (int i = 0; i < 2; ++i)
    ts.emplace_back([&done] {
      ::usleep(1000);  // clean: blocking-in-coroutine
      done.fetch_add(1);
      done.notify_one();
    });
  done.wait(0);  // expect: blocking-in-coroutine
  for (auto& t : ts) t.join();  // expect: blocking-in-coroutine
  co_await aio::sleep_for(0ms);
  co_return done.load();
}

std::mutex tallyM;
int tallied = 0;
pthread_rwlock_t langL = PTHREAD_RWLOCK_INITIALIZER;
std::string lang = "eng";

Coro<int> tally(int n) {
  std::lock_guard g(tallyM);  // side: lock-across-suspension #tally; maybe: blocking-in-coroutine
  tallied += n;
  co_await aio::sleep_for(1ms);  // expect: lock-across-suspension #tally
  co_return tallied;
}

Coro<int> tallyOk(int n) {
  int now;
  {
    std::lock_guard g(tallyM);  // clean: lock-across-suspension; maybe: blocking-in-coroutine
    now = tallied += n;
  }
  co_await aio::sleep_for(1ms);  // clean: lock-across-suspension
  co_return now;
}

Coro<std::string> language() {
  pthread_rwlock_rdlock(&langL);  // side: lock-across-suspension #lang; maybe: blocking-in-coroutine, unreleased-lock
  std::string l = lang;
  l += co_await page(l);  // expect: lock-across-suspension #lang; maybe: blocking-under-lock
  pthread_rwlock_unlock(&langL);  // maybe: unreleased-lock
  co_return l;
}

Coro<int> lockFile(int fd) {
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) co_await aio::sleep_for(10ms);  // clean: blocking-in-coroutine
  pollfd p{fd, POLLOUT, 0};
  const int n = ::poll(&p, 1, 0);  // clean: blocking-in-coroutine
  co_return n;
}

aio::Detach job(Gate& g, std::latch& all, sem_t* s, std::atomic<int>& done) {
  std::string text = co_await page("a.png");
  text += co_await pagePooled("b.png");
  int n = co_await rendezvous(g, all);
  n += co_await slots(s);
  n += co_await workers(done);
  n += co_await lockFile(1);
  n += co_await tally(2);
  n += co_await tallyOk(3);
  text += co_await language();
  const auto until = std::chrono::steady_clock::now() + 3ms;
  std::this_thread::sleep_until(until);  // expect: blocking-in-coroutine
  text += std::to_string(n);
}

}  // namespace ocr

int main() {
  static ocr::Gate gate;
  static std::latch all(1);
  static std::atomic<int> done{0};
  static sem_t sem;
  sem_init(&sem, 0, 1);
  ocr::job(gate, all, &sem, done);  // maybe: dropped-future, blocking-in-coroutine
  std::jthread opener([] {
    std::this_thread::sleep_for(10ms);  // clean: blocking-in-coroutine
    gate.open();
  });
  aio::run_loop();
  gate.pass();  // clean: blocking-in-coroutine
  sem_wait(&sem);  // clean: blocking-in-coroutine
  return done.load();
}
