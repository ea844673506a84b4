#include <algorithm>

#include "repl.h"

namespace repl {

struct Peers::Impl {
  explicit Impl(Log& l) : log(l) {}
  Log& log;
  std::mutex latch;
  std::map<int, Lsn> acked;
  std::function<void(int)> lag;
  Lsn floor = 0;

  // Under latch.
  Lsn least() const {
    Lsn m = ~Lsn{0};
    for (auto& [p, l] : acked) m = std::min(m, l);  // clean: unguarded-access, data-race
    return m;
  }
};

Peers::Peers(Log& l) : p_(std::make_unique<Impl>(l)) { p_->floor = 1; }  // clean: unguarded-access
Peers::~Peers() = default;

// Peers, then log.
void Peers::ack(int peer, Lsn upTo) {
  std::lock_guard g(p_->latch);  // side: lock-order #ring; side: self-deadlock #batch
  p_->acked[peer] = upTo;
  const Lsn m = p_->least();
  if (m > p_->floor) {
    p_->floor = m;
    p_->log.truncate(m);  // expect: lock-order #ring
  }
}

void Peers::ackBatch(const std::vector<std::pair<int, Lsn>>& acks) {
  std::scoped_lock g(p_->latch);  // side: self-deadlock #batch
  std::for_each(acks.begin(), acks.end(), [this](auto& a) { ack(a.first, a.second); });  // expect: self-deadlock #batch
}

Lsn Peers::lowest() const {
  std::lock_guard g(p_->latch);  // side: lock-order #ring
  return p_->least();
}

std::size_t Peers::size() const { return p_->acked.size(); }  // expect: unguarded-access | data-race

void Peers::add(int peer) {
  std::lock_guard g(p_->latch);
  p_->acked.emplace(peer, 0);
}

void Peers::onLag(std::function<void(int)> f) {
  std::lock_guard g(p_->latch);
  p_->lag = std::move(f);
}

// The listener is called with the latch held; it asks for lowest().
void Peers::tick(Lsn head) {
  std::lock_guard g(p_->latch);  // side: self-deadlock #lag
  for (auto& [peer, l] : p_->acked)
    if (l + 100 < head && p_->lag) p_->lag(peer);  // expect: self-deadlock #lag; expect: callback-under-lock
}

void Peers::tickOutside(Lsn head) {
  std::vector<int> late;
  std::unique_lock g(p_->latch);
  for (auto& [peer, l] : p_->acked)
    if (l + 100 < head) late.push_back(peer);
  auto f = p_->lag;
  g.unlock();
  for (int peer : late)
    if (f) f(peer);  // clean: self-deadlock, callback-under-lock, unguarded-access
}

}  // namespace repl
