// A writer's lock around reads only.
// RUN: %snarl check --enable=strict --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

class Phones {
public:
  int find(const std::string &name) const {
    std::unique_lock lock(mutex_); // expect: read-lock-suffices
    auto it = numbers_.find(name);
    return it == numbers_.end() ? 0 : it->second;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    std::lock_guard<std::shared_mutex> lock(mutex_); // expect: read-lock-suffices
    for (auto &[name, number] : numbers_) all.push_back(name);
    return all;
  }
  int through_a_helper(const std::string &name) {
    std::unique_lock lock(mutex_);
    return make_if_missing(name);
  }
  void add(const std::string &name, int number) {
    std::unique_lock lock(mutex_);
    numbers_[name] = number;
  }
  void raise(const std::string &name) {
    std::unique_lock lock(mutex_);
    auto it = numbers_.find(name);
    if (it != numbers_.end()) ++it->second;
  }
  bool known(const std::string &name) const {
    std::shared_lock lock(mutex_);
    return numbers_.count(name);
  }

private:
  int make_if_missing(const std::string &name) { return numbers_[name]; }
  mutable std::shared_mutex mutex_;
  std::map<std::string, int> numbers_;
};

// A plain mutex has no mode for readers.
class Plain {
public:
  int get() const {
    std::lock_guard lock(mutex_);
    return n_;
  }
  void set(int n) {
    std::lock_guard lock(mutex_);
    n_ = n;
  }

private:
  mutable std::mutex mutex_;
  int n_ = 0;
};

int main() {
  Phones phones;
  Plain plain;
  std::jthread writer([&] {
    phones.add("a", 1);
    phones.raise("a");
    plain.set(4);
  });
  return phones.find("a") + phones.through_a_helper("b") + phones.known("a") + plain.get() + int(phones.names().size());
}
