#include "lot.h"

#include <thread>

namespace parking {

bool Lot::enter(const std::string& plate) {
  std::lock_guard<std::mutex> g(m_);  // clean: guard-misuse
  if (!open_ || free_ == 0) return false;
  --free_;
  Ticket t{next_++, plate, 0};
  tickets_[t.id] = t;
  return true;
}

bool Lot::leave(int id) {
  std::scoped_lock g(m_);  // clean: guard-misuse, lock-order
  if (!tickets_.erase(id)) return false;
  ++free_;
  cv_.notify_one();  // clean: condvar-notify
  return true;
}

void Lot::clear() {
  std::lock_guard<std::mutex>{m_};  // expect: guard-misuse
  tickets_.clear();  // maybe: unguarded-access, data-race
}

int Lot::free() const {
  std::lock_guard g{m_};  // clean: guard-misuse
  return free_;  // clean: unguarded-access, data-race
}

int Lot::freeNow() {
  std::unique_lock<std::mutex>(m_);  // expect: guard-misuse
  return free_;  // maybe: unguarded-access, data-race
}

void Lot::open() {
  std::unique_lock<std::mutex> g(m_, std::defer_lock);  // clean: guard-misuse
  g.lock();  // clean: unreleased-lock, self-deadlock
  open_ = true;  // clean: unguarded-access
}

void Lot::close() {
  std::unique_lock<std::mutex> g;  // clean: guard-misuse
  g = std::unique_lock<std::mutex>(m_);  // clean: guard-misuse
  open_ = false;  // clean: unguarded-access
}

void Lot::rename(const std::string& n) {
  std::scoped_lock<std::mutex>{nameM_};  // expect: guard-misuse
  name_ = n;  // maybe: unguarded-access, data-race
}

std::string Lot::name() {
  std::lock_guard g(nameM_);
  return name_;  // clean: unguarded-access
}

void Lot::barrier() {
  { std::lock_guard g(m_); }  // maybe: guard-misuse
  cv_.notify_all();  // clean: condvar-notify
}

void Lot::touch() {
  std::scoped_lock g;  // expect: guard-misuse
  ++next_;  // maybe: unguarded-access, data-race
}

void Lot::handOver() {
  std::mutex once;
  std::lock_guard g(once);  // expect: guard-misuse
  total_ += 1;  // maybe: unguarded-access, data-race
}

void Lot::retag(int id, const std::string& plate) {
  auto g = hold();  // clean: guard-misuse
  auto it = tickets_.find(id);
  if (it != tickets_.end()) it->second.plate = plate;  // clean: unguarded-access, check-then-act
}

void Lot::merge(Lot& o) {
  if (&o == this) return;
  std::scoped_lock g(m_, o.m_);  // clean: guard-misuse, lock-order, self-deadlock
  for (auto& [id, t] : o.tickets_) tickets_[next_++] = t;
  o.tickets_.clear();
}

void Lot::mergeAdopted(Lot& o) {
  if (&o == this) return;
  std::lock(m_, o.m_);  // clean: lock-order, self-deadlock, unreleased-lock
  std::lock_guard a(m_, std::adopt_lock);  // clean: guard-misuse, lock-order
  std::lock_guard b(o.m_, std::adopt_lock);  // clean: guard-misuse, lock-order
  free_ += o.free_;  // clean: unguarded-access
  o.free_ = 0;
}

void Lot::flushOne() {
  std::lock_guard g(logM_, std::adopt_lock);  // expect: guard-misuse | unreleased-lock
  log_.clear();  // maybe: unguarded-access, data-race
}

void Lot::flushAll() {
  logM_.lock();  // clean: unreleased-lock
  std::lock_guard g(logM_, std::adopt_lock);  // clean: guard-misuse
  log_.clear();  // clean: unguarded-access
}

void Lot::setRate(double r) {
  std::unique_lock<std::shared_mutex>{rateM_};  // expect: guard-misuse
  rate_ = r;  // maybe: unguarded-access, data-race
}

double Lot::rate() {
  std::shared_lock g(rateM_);  // clean: guard-misuse
  return rate_;  // clean: unguarded-access, wrong-lock
}

void Lot::reprice(double r) {
  std::unique_lock w(rateM_);  // clean: guard-misuse
  rate_ *= r;  // clean: unguarded-access, wrong-lock
}

long Lot::total() {
  hold();  // expect: guard-misuse
  return total_;  // maybe: unguarded-access, data-race
}

void Lot::log(const std::string& s) {
  if (std::unique_lock g(logM_, std::try_to_lock); g.owns_lock()) log_.push_back(s);  // clean: guard-misuse, unguarded-access
}

std::size_t Lot::logged() {
  return (std::lock_guard<std::mutex>(logM_), log_.size());  // clean: guard-misuse, unguarded-access, data-race
}

void Lot::reset() {
  std::lock_guard<std::mutex> g(m_);
  total_ = 0;
  tickets_.clear();
}

void Lot::recount() {
  std::lock_guard<std::mutex> g(m_);
  total_ += static_cast<long>(tickets_.size());
}

int Lot::probe() {
  std::unique_lock g(m_, std::try_to_lock);  // clean: guard-misuse
  if (!g) return -1;
  return free_;  // clean: unguarded-access
}

int Lot::probeLate() {
  const std::lock_guard<std::mutex> first(nameM_), second(m_);  // clean: guard-misuse, lock-order
  return static_cast<int>(name_.size()) + free_;  // clean: unguarded-access
}

}  // namespace parking
