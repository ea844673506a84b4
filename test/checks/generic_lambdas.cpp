// Generic lambdas given to algorithms: their bodies count, although nobody in sight instantiates them.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 -I%S/Inputs > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
#include <ranges>
struct Cache {
  std::mutex mu;
  std::map<std::string, int> items;
  std::vector<int> ids;
  int limit = 0;
  bool drop(const std::string &k) { std::lock_guard g(mu); return k.empty(); } // side: self-deadlock
  int size() { std::lock_guard g(mu); return (int)items.size(); }
  void a() {
    std::lock_guard g(mu); // side: self-deadlock
    std::erase_if(items, [this](auto &kv) { return drop(kv.first); }); // expect: self-deadlock
  }
  void b() {
    std::lock_guard g(mu);
    std::erase_if(items, [this](const auto &kv) { return kv.second > limit && kv.first.size() > 3; });
  }
  void c() {
    std::lock_guard g(mu);
    ++limit;
    std::for_each(ids.begin(), ids.end(), [&](auto &x) { limit += x; for (auto y : items) x += y.second; });
  }
  void d() { // side: unguarded-access
    std::for_each(ids.begin(), ids.end(), [&](auto &x) { limit += x; }); // expect: unguarded-access
  }
  void e() {
    std::lock_guard g(mu);
    limit = 3;
    std::ranges::for_each(items, [&](auto &kv) { if (kv.second) { limit++; } else { switch (kv.second) { case 1: limit--; } } });
    auto twice = [](auto x) { return x + x; };
    limit = twice(limit);
  }
  void f() { std::lock_guard g(mu); limit = 4; for (int i : ids) limit += i; }
  template <class K> void t(K k) {
    std::lock_guard g(mu);
    std::erase_if(items, [&](auto &kv) { return kv.first == k && [&](auto z) { return z == limit; }(kv.second); });
  }
};
int main() {
  Cache c;
  std::thread t1([&] { c.a(); c.b(); c.c(); c.d(); c.e(); c.f(); c.t(std::string("x")); });
  std::thread t2([&] { c.a(); c.b(); c.c(); c.d(); c.e(); c.f(); c.t("y"); });
  t1.join(); t2.join();
  return c.size();
}
