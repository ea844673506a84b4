#include "store.h"
#include <map>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

struct Store::Impl {
  mutable std::shared_mutex mu;
  std::map<std::string, std::string> data;
  unsigned puts = 0;
  bool dirty = false;

  void index() { dirty = false; }  // clean: unguarded-access
  void mark() {
    std::unique_lock lk(mu);
    dirty = true;
  }
};

Store::Store() : impl_(std::make_unique<Impl>()) { impl_->data["v"] = "1"; }  // clean: unguarded-access
Store::~Store() = default;

void Store::put(const std::string& k, std::string v) {
  std::unique_lock lk(impl_->mu);
  impl_->data[k] = std::move(v);
  ++impl_->puts;
}

std::string Store::get(const std::string& k) const {
  std::shared_lock lk(impl_->mu);
  auto it = impl_->data.find(k);
  return it == impl_->data.end() ? "" : it->second;
}

std::size_t Store::size() const { return impl_->data.size(); }  // expect: unguarded-access

void Store::rebuild() {
  std::unique_lock lk(impl_->mu);
  impl_->index();
  impl_->puts = 0;
}

void Store::compact() {
  std::shared_lock lk(impl_->mu);  // side: self-deadlock
  if (impl_->data.size() > 100) impl_->mark();  // expect: self-deadlock
}

void Store::compactNow() {
  bool big;
  {
    std::shared_lock lk(impl_->mu);
    big = impl_->data.size() > 100;
  }
  if (big) impl_->mark();  // clean: self-deadlock
}

int main() {
  Store s;
  std::vector<std::thread> ts;
  for (int i = 0; i < 3; ++i)
    ts.emplace_back([&s, i] {
      s.put("k" + std::to_string(i), "v");
      s.get("k");
      s.size();
      s.rebuild();
      s.compact();
      s.compactNow();
    });
  for (auto& t : ts) t.join();
  return s.size() == 0;
}
