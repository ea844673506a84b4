#include <unistd.h>

#include <deque>
#include <fstream>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "curl_api.h"
#include "folly.h"

using folly::coro::Task;
using namespace std::chrono_literals;

namespace crawl {

folly::SemiFuture<std::string> download(const std::string& url);

class Frontier {
 public:
  Task<int> push(std::string url) {
    auto turn = co_await order_.co_scoped_lock();  // clean: lock-across-suspension
    pending_.push_back(std::move(url));
    co_await folly::coro::sleep(1ms);  // clean: lock-across-suspension, blocking-in-coroutine
    co_return static_cast<int>(pending_.size());
  }

  Task<int> pushManual(std::string url) {
    co_await order_.co_lock();  // clean: lock-across-suspension, unreleased-lock
    pending_.push_back(std::move(url));
    co_await folly::coro::co_reschedule_on_current_executor();  // clean: lock-across-suspension
    order_.unlock();  // clean: unreleased-lock
    co_return 0;
  }

  Task<std::string> pop() {
    std::unique_lock<folly::coro::Mutex> turn = co_await order_.co_scoped_lock();  // clean: lock-across-suspension
    while (pending_.empty()) {
      turn.unlock();
      co_await more_;
      turn = co_await order_.co_scoped_lock();  // clean: lock-across-suspension
    }
    std::string u = std::move(pending_.front());
    pending_.pop_front();
    co_return u;
  }

  Task<bool> markSeen(std::string url) {
    std::unique_lock<std::shared_mutex> w(seenM_);  // expect: lock-across-suspension #seen; maybe: blocking-in-coroutine
    const bool fresh = seen_.insert(url).second;
    if (fresh) co_await push(std::move(url));  // expect: lock-across-suspension #seen
    co_return fresh;
  }

  Task<bool> markSeenOk(std::string url) {
    bool fresh = false;
    if (std::unique_lock w(seenM_); !seen_.contains(url))  // clean: lock-across-suspension; maybe: blocking-in-coroutine
      fresh = seen_.insert(url).second;
    if (fresh) co_await push(std::move(url));  // clean: lock-across-suspension
    co_return fresh;
  }

  bool known(const std::string& url) const {
    std::shared_lock r(seenM_);  // maybe: blocking-in-coroutine
    return seen_.contains(url);
  }

 private:
  folly::coro::Mutex order_;
  folly::coro::Baton more_;
  std::deque<std::string> pending_;
  mutable std::shared_mutex seenM_;
  std::set<std::string> seen_;
};

Task<std::string> fetch(std::string url) {
  co_return co_await download(url);  // clean: blocking-in-coroutine
}

Task<std::string> fetchNow(std::string url) {
  co_return download(url).get();  // expect: blocking-in-coroutine
}

Task<std::string> fetchCurl(std::string url) {
  CURL* c = curl_easy_init();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  const CURLcode rc = curl_easy_perform(c);  // expect: blocking-in-coroutine
  curl_easy_cleanup(c);
  co_return rc == CURLE_OK ? "ok" : "";
}

Task<int> politeness(unsigned ms) {
  ::usleep(ms * 1000);  // expect: blocking-in-coroutine
  co_await folly::coro::sleep(std::chrono::milliseconds(ms));  // clean: blocking-in-coroutine
  std::this_thread::sleep_until(std::chrono::steady_clock::now() + 2ms);  // expect: blocking-in-coroutine
  co_return 0;
}

Task<int> save(std::string text) {
  std::ofstream out("/tmp/page.html");  // expect: blocking-in-coroutine #save
  out << text;  // side: blocking-in-coroutine #save
  co_return out ? 0 : 1;
}

Task<int> one(Frontier& f, std::string url) {
  if (f.known(url)) co_return 0;  // maybe: blocking-in-coroutine
  const int rc = folly::coro::blockingWait(politeness(5));  // expect: blocking-in-coroutine
  std::string page = co_await fetch(url);
  page += co_await fetchNow(url);
  page += co_await fetchCurl(url);
  co_return rc + co_await save(std::move(page));
}

Task<int> worker(Frontier& f) {
  int n = 0;
  for (;;) {
    std::string url = co_await f.pop();
    if (url.empty()) break;
    n += co_await one(f, url);  // clean: coroutine-dangling
  }
  co_return n;
}

Task<int> seed(Frontier& f, std::vector<std::string> urls) {
  for (auto& u : urls) {
    co_await f.push(u);
    co_await f.pushManual(u);
    co_await f.markSeen(u);
    co_await f.markSeenOk(u);
  }
  co_return 0;
}

}  // namespace crawl

int main() {
  crawl::Frontier f;
  std::jthread side([&f] { folly::coro::blockingWait(crawl::seed(f, {"a", "b"})); });  // clean: blocking-in-coroutine
  const int n = folly::coro::blockingWait(crawl::worker(f));  // clean: blocking-in-coroutine
  std::this_thread::sleep_for(5ms);  // clean: blocking-in-coroutine
  return n;
}
