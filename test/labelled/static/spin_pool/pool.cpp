#include "pool.h"

#include <utility>
#include <vector>

namespace mem {

// Memory from the heap, with a high-water mark.
class HeapPool : public Pool<HeapPool, 128> {
 public:
  Block* make(std::size_t n) {
    made_.fetch_add(1);  // clean: data-race
    return new (::operator new(n)) Block;
  }

  void trim(std::size_t keep) {
    auto h = lock();  // side: self-deadlock #trim
    std::size_t n = 0;
    for (Block* b = free_; b; b = b->next) ++n;
    while (n-- > keep) {
      Block* b = free_;
      free_ = b->next;
      ::operator delete(b);
    }
    if (live_ > peak_) notePeak();  // expect: self-deadlock #trim
  }

  void trimOk() {
    auto h = lock();
    const std::size_t now = live_;
    h.drop();
    if (now > 100) notePeak();  // clean: self-deadlock
  }

  void notePeak() {
    auto h = lock();  // side: self-deadlock #trim
    if (live_ > peak_) peak_ = live_;
  }

  std::size_t peak() {
    auto h = lock();
    const std::size_t p = peak_;
    h.drop();
    return p + live_;  // expect: unguarded-access | data-race
  }

 private:
  std::atomic<unsigned> made_{0};
  std::size_t peak_ = 0;
};

// A shard table: one spin lock each.
class Arena {
 public:
  void charge(unsigned owner, long n) {
    Shard& s = shards_[owner % shards_.size()];
    Hold h(s.spin);
    s.bytes += n;
  }

  long bytes() {
    long sum = 0;
    for (auto& s : shards_) {
      Hold h(s.spin);  // clean: self-deadlock, lock-order
      sum += s.bytes;  // clean: unguarded-access
    }
    return sum;
  }

  // Takes a neighbour's surplus.
  void balance(unsigned a, unsigned b) {
    if (a % shards_.size() == b % shards_.size()) return;
    Shard& x = shards_[a % shards_.size()];
    Shard& y = shards_[b % shards_.size()];
    Hold hx(x.spin);  // side: lock-order #balance
    Hold hy(y.spin);  // expect: lock-order #balance
    const long half = (x.bytes - y.bytes) / 2;
    x.bytes -= half;
    y.bytes += half;
  }

  // Backs off when the neighbour is busy.
  bool balanceTry(unsigned a, unsigned b) {
    Shard& x = shards_[a % shards_.size()];
    Shard& y = shards_[b % shards_.size()];
    if (&x == &y) return false;
    Hold hx(x.spin);
    if (!y.spin.tryAcquire()) return false;  // clean: lock-order
    std::swap(x.bytes, y.bytes);  // clean: unguarded-access
    y.spin.release();  // clean: unreleased-lock
    return true;
  }

  void forget(unsigned owner) {
    shards_[owner % shards_.size()].bytes = 0;  // expect: unguarded-access | data-race
  }

  // Wrong neighbour's lock.
  void refund(unsigned owner, long n) {
    Hold h(shards_[(owner + 1) % shards_.size()].spin);  // side: wrong-lock #refund
    shards_[owner % shards_.size()].bytes -= n;  // expect: wrong-lock | unguarded-access | data-race #refund
  }

  bool fresh() const { return limit_ > 0; }  // clean: unguarded-access, data-race

 private:
  struct alignas(64) Shard {
    Spin spin;
    long bytes = 0;
  };
  std::array<Shard, 8> shards_;
  const long limit_ = 1 << 20;
};

}  // namespace mem

int main() {
  mem::HeapPool pool;
  mem::Arena arena;
  pool.growOk(16);
  {
    std::vector<std::jthread> ts;
    for (unsigned t = 0; t < 4; ++t)
      ts.emplace_back([&pool, &arena, t] {
        std::vector<mem::Block*> mine;
        for (int i = 0; i < 1000; ++i) {
          mine.push_back(pool.get());
          arena.charge(t, 128);
        }
        for (auto* b : mine) pool.put(b);
        if (pool.live() > 10) pool.grow(2);
        arena.balance(t, t + 1);
        arena.balance(t + 1, t);
        arena.balanceTry(t, t + 2);
        arena.refund(t, 5);
        arena.forget(t);
        pool.trimOk();
      });
    ts.emplace_back([&] {
      if (pool.peak() > 100) pool.trim(4);
    });
  }
  return pool.peak() + static_cast<std::size_t>(arena.bytes()) == 0 && arena.fresh();
}
