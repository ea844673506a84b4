// Unknown code under a lock: stored callables, interfaces, resumptions.
// RUN: %snarl check --enable=strict --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <algorithm>
#include <functional>
#include <mutex>
#include <vector>

struct Listener {
  virtual ~Listener() = default;
  virtual void changed(int value) = 0;
};

class Subject {
public:
  void set_hook(std::function<void(int)> hook) {
    std::lock_guard<std::mutex> lock(mutex_);
    hook_ = std::move(hook);
  }
  void add(Listener *l) {
    std::lock_guard<std::mutex> lock(mutex_);
    listeners_.push_back(l);
  }
  void stored(int v) {
    std::lock_guard<std::mutex> lock(mutex_);
    value_ = v;
    hook_(v); // expect: callback-under-lock
  }
  void interface(int v) {
    std::lock_guard<std::mutex> lock(mutex_);
    value_ = v;
    for (Listener *l : listeners_) l->changed(v); // expect: callback-under-lock
  }
  void handed_in(const std::function<void(int)> &visit) {
    std::lock_guard<std::mutex> lock(mutex_);
    visit(value_); // expect: callback-under-lock
  }
  void after(int v) {
    std::function<void(int)> hook;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      value_ = v;
      hook = hook_;
    }
    hook(v);
  }
  void sorts() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::sort(values_.begin(), values_.end(), [](int a, int b) { return a > b; });
  }
  void own_part(int v) {
    std::lock_guard<std::mutex> lock(mutex_);
    value_ = scaled(v);
  }

protected:
  virtual int scaled(int v) { return v * 2; }

private:
  std::mutex mutex_;
  std::function<void(int)> hook_;
  std::vector<Listener *> listeners_;
  std::vector<int> values_;
  int value_ = 0;
};
