#include <fcntl.h>
#include <unistd.h>

#include "broker.h"

namespace mqtt {

Store::~Store() {
  {
    std::lock_guard l(m_);
    end_ = true;
  }
  cv_.notify_one();
  t_.join();  // clean: thread-lifetime
}

void Store::later(std::string s) {
  std::lock_guard l(m_);  // maybe: blocking-in-coroutine
  q_.push_back(std::move(s));
  cv_.notify_one();
}

void Store::now(const std::string& s) {
  const int fd = ::open("/tmp/retained", O_WRONLY | O_APPEND);  // side: blocking-in-coroutine #now
  if (fd < 0) return;
  if (::write(fd, s.data(), s.size()) > 0) ::fsync(fd);  // side: blocking-in-coroutine #now
  ::close(fd);
}

// Waits until everything is on disk.
void Store::sync() {
  std::unique_lock l(m_);
  cv_.wait(l, [this] { return q_.empty(); });  // side: blocking-in-coroutine #sync; maybe: condvar-notify
}

void Store::drain() {
  std::unique_lock l(m_);
  for (;;) {
    cv_.wait(l, [this] { return end_ || !q_.empty(); });  // clean: blocking-in-coroutine, condvar-wait; maybe: condvar-notify
    if (q_.empty()) return;
    std::string s = std::move(q_.front());
    q_.pop_front();
    l.unlock();
    now(s);  // clean: blocking-in-coroutine, blocking-under-lock
    l.lock();
    if (q_.empty()) cv_.notify_all();
  }
}

}  // namespace mqtt
