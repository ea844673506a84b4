#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <new>
#include <thread>

namespace mem {

class Spin {
 public:
  void acquire() noexcept {
    while (flag_.test_and_set(std::memory_order_acquire))
      while (flag_.test(std::memory_order_relaxed)) std::this_thread::yield();
  }
  bool tryAcquire() noexcept { return !flag_.test_and_set(std::memory_order_acquire); }
  void release() noexcept { flag_.clear(std::memory_order_release); }

 private:
  std::atomic_flag flag_ = ATOMIC_FLAG_INIT;
};

// Guard that may be given back early.
template <class L>
class [[nodiscard]] Hold {
 public:
  explicit Hold(L& l) noexcept : l_(&l) { l_->acquire(); }
  Hold(Hold&& o) noexcept : l_(o.l_) { o.l_ = nullptr; }
  ~Hold() { drop(); }
  void drop() noexcept {
    if (l_) l_->release();
    l_ = nullptr;
  }

 private:
  L* l_;
};

struct Block {
  Block* next = nullptr;
  std::size_t size = 0;
};

// Derived says where memory comes from; the base brings lock and free list.
template <class Derived, std::size_t N>
class Pool {
 public:
  Block* get() {
    {
      Hold h(spin_);
      if (free_) {
        Block* b = free_;
        free_ = b->next;
        ++live_;
        return b;
      }
    }
    Block* fresh = self().make(N);  // clean: self-deadlock
    fresh->size = N;  // clean: unguarded-access
    Hold h(spin_);
    ++live_;  // clean: unguarded-access
    return fresh;
  }

  void put(Block* b) {
    Hold h(spin_);
    b->next = free_;
    free_ = b;
    --live_;
  }

  std::size_t live() const { return live_; }  // expect: unguarded-access | data-race

  // Refills from the source.
  void grow(unsigned n) {
    for (unsigned i = 0; i < n; ++i) {
      Block* b = self().make(N);
      link(b);  // expect: unguarded-access | data-race #grow
    }
  }

  void growOk(unsigned n) {
    for (unsigned i = 0; i < n; ++i) {
      Block* b = self().make(N);
      Hold h(spin_);
      link(b);  // clean: unguarded-access
    }
  }

 protected:
  ~Pool() {
    while (free_) {  // clean: unguarded-access
      Block* b = free_;
      free_ = b->next;
      ::operator delete(b);
    }
  }
  Hold<Spin> lock() { return Hold<Spin>(spin_); }  // clean: unreleased-lock; side: self-deadlock #trim
  void link(Block* b) {
    b->next = free_;  // side: unguarded-access #grow
    free_ = b;        // side: unguarded-access #grow
  }

  Spin spin_;
  Block* free_ = nullptr;
  std::size_t live_ = 0;

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
};

}  // namespace mem
