#include "repl.h"

namespace repl {

Lsn Log::append(std::string rec) {
  std::lock_guard g(logLatch_);
  recs_.push_back(std::move(rec));
  return ++head_;
}

// Log, then catalog.
Lsn Log::appendTable(const std::string& table, std::string rec) {
  std::unique_lock g(logLatch_);  // side: lock-order #ring
  if (!cat_->exists(table)) return 0;  // expect: lock-order #ring
  recs_.push_back(table + ":" + rec);
  return ++head_;
}

void Log::truncate(Lsn upTo) {
  std::lock_guard g(logLatch_);  // side: lock-order #ring
  while (tail_ < upTo && !recs_.empty()) {
    recs_.pop_front();
    ++tail_;
  }
}

Lsn Log::head() const {
  std::lock_guard g(logLatch_);
  return head_;
}

void Log::checkpoint() {
  const std::size_t n = cat_->tables();  // clean: lock-order
  std::lock_guard g(logLatch_);  // clean: self-deadlock
  recs_.push_back("checkpoint " + std::to_string(n));
  ++head_;
}

void Log::restore() {
  std::unique_lock g(logLatch_);
  auto old = std::move(recs_);
  recs_.clear();
  g.unlock();
  for (auto& r : old) cat_->create(r);  // clean: lock-order
  tail_ += old.size();  // expect: unguarded-access | data-race
}

void Log::compactOne() {
  std::lock_guard gate(gate_);
  std::lock_guard a(left_);
  std::lock_guard b(right_);  // clean: lock-order
  l_ = r_;
}

void Log::compactTwo() {
  std::lock_guard gate(gate_);
  std::lock_guard b(right_);
  std::lock_guard a(left_);  // clean: lock-order
  r_ = l_ + 1;
}

}  // namespace repl
