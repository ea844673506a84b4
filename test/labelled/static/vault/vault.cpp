#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

// Encrypted file vault: key ring, open handles and an index by shard.
namespace vault {

// CRTP: locking for any class that has no lock of its own.
template <class D>
class Lockable {
 public:
  template <class F>
  auto sync(F&& f) {
    std::lock_guard<std::mutex> g(mx_);  // side: lock-order #rotate; side: self-deadlock #wipe
    return f(static_cast<D&>(*this));
  }

 protected:
  mutable std::mutex mx_;
};

class KeyRing : public Lockable<KeyRing> {
 public:
  int add(std::string k) {
    std::lock_guard g(mx_);
    keys_.push_back(std::move(k));
    return static_cast<int>(keys_.size()) - 1;
  }
  std::string key(std::size_t i) const {
    std::lock_guard g(mx_);  // side: lock-order #rotate; side: self-deadlock #wipe
    return i < keys_.size() ? keys_[i] : "";
  }
  std::size_t count() const { return keys_.size(); }  // expect: unguarded-access | data-race

  void wipe() {
    sync([](KeyRing& r) {  // side: self-deadlock #wipe
      while (!r.keys_.empty() && r.key(0) != "root") r.keys_.pop_back();  // expect: self-deadlock #wipe
    });
  }

  void wipeAll() {
    sync([](KeyRing& r) { r.keys_.clear(); });  // clean: unguarded-access, self-deadlock
  }

  void reload(std::vector<std::string> fresh) { keys_.swap(fresh); }  // expect: unguarded-access | data-race

 private:
  friend class Store;
  std::vector<std::string> keys_;
};

struct File {
  std::string name;
  std::size_t key = 0;
  std::string data;
};

class Store {
 public:
  explicit Store(KeyRing& r) : ring_(r) {}

  // Fresh file: nobody knows it before it is in the shard.
  void create(const std::string& name, std::size_t key) {
    auto f = std::make_shared<File>();
    f->name = name;  // clean: unguarded-access, data-race
    f->key = key;    // clean: unguarded-access, data-race
    Shard& s = shard(name);
    std::unique_lock g(s.m);
    s.files[name] = std::move(f);
  }

  // Shard, then key ring.
  std::string open(const std::string& name) {
    Shard& s = shard(name);
    std::shared_lock g(s.m);  // side: lock-order #rotate
    auto it = s.files.find(name);
    return it == s.files.end() ? "" : ring_.key(it->second->key) + it->second->data;  // expect: lock-order #rotate
  }

  std::string openShort(const std::string& name) {
    std::shared_ptr<const File> f;
    {
      Shard& s = shard(name);
      std::shared_lock g(s.m);
      if (auto it = s.files.find(name); it != s.files.end()) f = it->second;
    }
    return f ? ring_.key(0) : "";  // clean: lock-order, unguarded-access
  }

  // Key ring, then every shard.
  void rotate(const std::string& k) {
    ring_.sync([&](KeyRing& r) {  // side: lock-order #rotate
      r.keys_.push_back(k);  // clean: unguarded-access
      for (auto& s : shards_) {
        std::unique_lock g(s.m);  // expect: lock-order #rotate
        for (auto& [n, f] : s.files) f->key = r.keys_.size() - 1;
      }
    });
  }

  void rotateLater(const std::string& k) {
    const auto id = static_cast<std::size_t>(ring_.add(k));
    for (auto& s : shards_) {
      std::unique_lock g(s.m);  // clean: lock-order, self-deadlock
      for (auto& [n, f] : s.files) f->key = id;
    }
  }

  // Moves a file between shards by name.
  bool rename(const std::string& from, const std::string& to) {
    Shard& a = shard(from);
    Shard& b = shard(to);
    if (&a == &b) return false;
    std::unique_lock ga(a.m);  // side: lock-order #rename
    std::unique_lock gb(b.m);  // expect: lock-order #rename
    auto node = a.files.extract(from);
    if (node.empty()) return false;
    node.key() = to;
    b.files.insert(std::move(node));
    return true;
  }

  bool renameOrdered(const std::string& from, const std::string& to) {
    const std::size_t i = slot(from), j = slot(to);
    if (i == j) return false;
    std::unique_lock lo(shards_[std::min(i, j)].m);
    std::unique_lock hi(shards_[std::max(i, j)].m);  // clean: lock-order, self-deadlock
    auto node = shards_[i].files.extract(from);  // clean: unguarded-access
    if (node.empty()) return false;
    node.key() = to;
    shards_[j].files.insert(std::move(node));  // clean: unguarded-access
    return true;
  }

  std::size_t size() {
    std::size_t n = 0;
    for (auto& s : shards_) n += s.files.size();  // expect: unguarded-access | data-race
    return n;
  }

  std::size_t purge(const std::string& prefix) {
    std::size_t n = 0;
    for (auto& s : shards_) {
      std::unique_lock g(s.m);  // side: self-deadlock #purge
      for (auto& [name, f] : s.files)
        if (name.starts_with(prefix)) n += has(name);  // expect: self-deadlock #purge; maybe: lock-order
    }
    return n;
  }

  bool has(const std::string& name) {
    Shard& s = shard(name);
    std::shared_lock g(s.m);  // side: self-deadlock #purge
    return s.files.contains(name);
  }

 private:
  struct Shard {
    std::shared_mutex m;
    std::map<std::string, std::shared_ptr<File>> files;
  };
  static std::size_t slot(const std::string& n) { return std::hash<std::string>{}(n) % 8; }
  Shard& shard(const std::string& n) { return shards_[slot(n)]; }  // clean: unguarded-access
  KeyRing& ring_;
  std::array<Shard, 8> shards_;
};

}  // namespace vault

int main() {
  vault::KeyRing ring;
  ring.reload({"root"});  // clean: unguarded-access, data-race
  vault::Store store(ring);
  store.create("first", 0);
  std::atomic<std::size_t> n{0};
  {
    std::vector<std::jthread> ts;
    for (int t = 0; t < 3; ++t)
      ts.emplace_back([&, t] {
        const std::string name = "f" + std::to_string(t);
        store.create(name, 0);
        n += store.open(name).size() + store.openShort("first").size();  // clean: data-race
        store.rename(name, "g" + name);
        store.renameOrdered("g" + name, name);
        store.rename("g" + name, name);
        if (ring.count() > 5) ring.reload({"root"});  // maybe: check-then-act
      });
    ts.emplace_back([&] {
      store.rotate("k1");
      store.rotateLater("k2");
      n += store.size() + store.purge("f");
      ring.wipe();
      ring.wipeAll();
    });
  }
  return n.load() == 0;
}
