#pragma once
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace world {

struct Vec {
  float x = 0, y = 0;
};

// Everything that lives in the world shares this base and its lock.
class Entity : public std::enable_shared_from_this<Entity> {
 public:
  explicit Entity(int id) : id_(id) {}
  virtual ~Entity() = default;
  int id() const { return id_; }
  Vec position() const {
    std::shared_lock l(m_);
    return pos_;
  }
  void moveTo(Vec p) {
    std::unique_lock l(m_);
    pos_ = p;
    moved();
  }
  virtual void hit(int damage) = 0;
  virtual int health() const = 0;

 protected:
  virtual void moved() {}  // under m_
  mutable std::shared_mutex m_;
  Vec pos_;

 private:
  const int id_;
};

class Zone;

class Mob : public Entity {
 public:
  Mob(int id, Zone& z) : Entity(id), zone_(z) {}
  void hit(int damage) override;
  int health() const override;
  void drain(Mob& victim);
  bool heal(int n);
  void rename(std::string n);
  std::string tag() const;

 protected:
  void moved() override { ++steps_; }  // clean: unguarded-access, data-race

 private:
  Zone& zone_;
  int hp_ = 100;
  unsigned steps_ = 0;
  std::string name_;
};

template <class Key, class Value>
class Registry {
 public:
  void put(const Key& k, Value v) {
    std::unique_lock l(m_);
    map_[k] = std::move(v);
    ++version_;
  }
  Value get(const Key& k) const {
    std::shared_lock l(m_);
    auto it = map_.find(k);
    return it == map_.end() ? Value{} : it->second;
  }
  template <class F>
  void each(F f) const {
    std::shared_lock l(m_);
    for (auto& [k, v] : map_) f(v);  // maybe: callback-under-lock
  }
  // Adds when missing: looks with the shared lock, writes with the exclusive one.
  bool ensure(const Key& k, const Value& v) {
    {
      std::shared_lock l(m_);
      if (map_.contains(k)) return false;  // clean: check-then-act
    }
    std::unique_lock l(m_);  // clean: self-deadlock
    const bool fresh = map_.emplace(k, v).second;  // clean: check-then-act
    version_ += fresh;
    return fresh;
  }
  bool drop(const Key& k) {
    std::shared_lock l(m_);  // side: self-deadlock #drop
    if (!map_.contains(k)) return false;
    std::unique_lock w(m_);  // expect: self-deadlock #drop
    map_.erase(k);
    return true;
  }
  unsigned version() const { return version_; }  // expect: unguarded-access | data-race

 private:
  mutable std::shared_mutex m_;
  std::unordered_map<Key, Value> map_;
  unsigned version_ = 0;
};

class Zone {
 public:
  void enter(std::shared_ptr<Mob> m);
  void died(int id);
  void explode(int damage);
  void explodeOutside(int damage);
  int kills() const;
  std::size_t crowd() const;
  void touch(int id);
  Registry<int, std::shared_ptr<Mob>>& mobs() { return mobs_; }

 private:
  mutable std::mutex zoneLock_;
  Registry<int, std::shared_ptr<Mob>> mobs_;
  std::vector<std::shared_ptr<Mob>> inside_;
  int kills_ = 0;
  struct {
    std::mutex lock;
    int last = 0;
    unsigned hits = 0;
  } trail_;
};

}  // namespace world
