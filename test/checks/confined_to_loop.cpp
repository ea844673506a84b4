// Data that only a loop's handlers touch needs no lock; what other threads read does.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <functional>
#include <mutex>
#include <thread>
#include <string>
#include <vector>
struct Reactor { void call_soon(std::function<void()>); void run(); void stop(); };
class Chat {
 public:
  explicit Chat(Reactor &r) : r_(r) {}
  void join(std::string n) { r_.call_soon([this, n] { members_.push_back(n); }); }
  void leave() { r_.call_soon([this] { if (!members_.empty()) members_.pop_back(); }); }
  void count() { r_.call_soon([this] { std::lock_guard g(m_); total_ += (int)members_.size(); }); }
  int total() { std::lock_guard g(m_); return total_; }
  void reset() { std::lock_guard g(m_); total_ = 0; }
  int peek() { return total_; } // expect: unguarded-access
 private:
  Reactor &r_; std::vector<std::string> members_; std::mutex m_; int total_ = 0; // side: unguarded-access
};
int main() { Reactor r; Chat c(r); c.join("a"); std::thread t([&] { c.count(); c.leave(); c.reset(); c.peek(); }); r.run(); t.join(); return c.total(); }
