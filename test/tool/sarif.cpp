// SARIF 2.1.0 that its validator accepts, and that says what the text says.
// RUN: cd %S && %snarl check --sarif %t.sarif sarif.cpp -- -std=c++20 > %t.out || true
// RUN: %python %S/Inputs/check_sarif.py %t.sarif %t.out
#include <mutex>
#include <thread>

struct Queue {
  std::mutex mutex;
};
Queue in, out;
void forward() {
  std::lock_guard one(in.mutex);
  /* ü 𝄞 */ std::lock_guard two(out.mutex);
}
void backward() {
  std::lock_guard two(out.mutex);
  std::lock_guard one(in.mutex);
}
void twice() {
  std::lock_guard one(in.mutex);
  in.mutex.lock(); // NOLINT(self-deadlock)
}
int main() {
  std::thread a(forward), b(backward);
  a.join();
  b.join();
}
