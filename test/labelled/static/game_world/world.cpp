#include "world.h"

#include <algorithm>
#include <thread>

namespace world {

void Mob::hit(int damage) {
  std::unique_lock l(m_);  // side: lock-order #died; side: lock-order #drain
  hp_ -= damage;
  if (hp_ <= 0) zone_.died(id());  // expect: lock-order #died
}

int Mob::health() const {
  std::shared_lock l(m_);
  return hp_;
}

void Mob::drain(Mob& victim) {
  if (&victim == this) return;
  std::unique_lock l(m_);  // side: lock-order #drain
  hp_ += 5;
  victim.hit(5);  // expect: lock-order #drain
}

// A dead mob stays dead.
bool Mob::heal(int n) {
  if (hp_ <= 0) return false;  // expect: unguarded-access | data-race | check-then-act | double-checked-locking
  std::unique_lock l(m_);
  hp_ = std::min(100, hp_ + n);
  return true;
}

void Mob::rename(std::string n) {
  std::shared_lock l(m_);  // side: wrong-lock #rename
  name_ = std::move(n);    // expect: wrong-lock | unguarded-access | data-race #rename
}

std::string Mob::tag() const {
  std::shared_lock l(m_);
  return name_ + "#" + std::to_string(id());  // clean: unguarded-access
}

void Zone::enter(std::shared_ptr<Mob> m) {
  mobs_.put(m->id(), m);
  std::lock_guard l(zoneLock_);
  inside_.push_back(std::move(m));
}

void Zone::died(int id) {
  std::lock_guard l(zoneLock_);  // expect: lock-order #died
  ++kills_;
  std::erase_if(inside_, [id](auto& m) { return m->id() == id; });  // clean: unguarded-access
}

// Zone, then each mob.
void Zone::explode(int damage) {
  std::lock_guard l(zoneLock_);  // side: lock-order #died; side: self-deadlock #explode
  for (auto& m : inside_) m->hit(damage);  // expect: lock-order #died; expect: self-deadlock #explode
}

void Zone::explodeOutside(int damage) {
  std::unique_lock l(zoneLock_);
  const auto copy = inside_;
  l.unlock();
  for (auto& m : copy) m->hit(damage);  // clean: lock-order, self-deadlock
}

int Zone::kills() const {
  if (std::unique_lock l(zoneLock_, std::try_to_lock); l.owns_lock()) return kills_;  // clean: unguarded-access
  return -1;
}

std::size_t Zone::crowd() const { return inside_.size(); }  // expect: unguarded-access | data-race

void Zone::touch(int id) {
  {
    std::scoped_lock l(trail_.lock);
    trail_.last = id;  // clean: unguarded-access
  }
  std::lock_guard l(zoneLock_);
  ++trail_.hits;  // maybe: unguarded-access, wrong-lock, data-race
}

}  // namespace world

int main() {
  world::Zone z;
  std::vector<std::shared_ptr<world::Mob>> all;
  for (int i = 0; i < 8; ++i) {
    auto m = std::make_shared<world::Mob>(i, z);
    m->rename("mob");
    z.enter(m);
    all.push_back(m);
  }
  {
    std::vector<std::jthread> ts;
    for (int t = 0; t < 4; ++t)
      ts.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          auto& me = *all[static_cast<std::size_t>(t)];
          auto& other = *all[static_cast<std::size_t>((t + i) % 8)];
          me.moveTo({1.f * i, 2.f});
          other.hit(3);
          me.drain(other);
          other.heal(2);
          other.rename(me.tag());
          z.touch(me.id());
          if (me.health() > 50) z.explodeOutside(1);
        }
        z.explode(10);
        z.mobs().drop(t);
        z.mobs().ensure(t, all[0]);
      });
    ts.emplace_back([&] {
      float far = 0;
      for (int i = 0; i < 100; ++i) {
        z.mobs().each([&far](const std::shared_ptr<world::Mob>& m) { far = std::max(far, m->position().x); });  // clean: data-race; maybe: lock-order
        if (z.crowd() + z.mobs().version() == 0 || z.kills() > 5) break;
      }
    });
  }
  return z.kills();
}
