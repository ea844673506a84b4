#include "rail.h"

namespace rail {

// Station, then train.
void Station::arrive(Train& t) {
  std::lock_guard g(m_);  // side: lock-order #board
  trains_.push_back(&t);
  t.setStation(this);  // side: lock-order #board
}

void Station::depart(Train& t) {
  {
    std::lock_guard g(m_);
    trains_.remove(&t);
  }
  t.setStation(nullptr);  // clean: lock-order
}

bool Station::tryArrive(Train& t) {
  std::lock_guard g(t.m_);
  std::unique_lock mine(m_, std::try_to_lock);  // clean: lock-order, guard-misuse
  if (!mine) return false;
  trains_.push_back(&t);  // clean: unguarded-access
  return true;
}

void Station::announce(const std::string& s) {
  std::lock_guard g(m_);  // side: self-deadlock #all
  push_locked(s);  // clean: self-deadlock
}

void Station::announceAll(const std::vector<std::string>& v) {
  std::lock_guard g(m_);  // side: self-deadlock #all
  for (auto& s : v) announce(s);  // expect: self-deadlock #all
}

void Station::announceRight(const std::vector<std::string>& v) {
  std::lock_guard g(m_);
  for (auto& s : v) push_locked(s);  // clean: self-deadlock
}

std::size_t Station::messages() const {
  std::lock_guard g(m_);  // side: self-deadlock #summary
  return log_.size();  // clean: unguarded-access
}

std::string Station::summary() const {
  std::unique_lock g(m_);  // side: self-deadlock #summary
  if (log_.empty()) return "none";
  return log_.back() + std::to_string(messages());  // expect: self-deadlock #summary
}

std::string Station::summaryRight() const {
  std::unique_lock g(m_);
  if (log_.empty()) return "none";
  auto last = log_.back();
  g.unlock();
  return last + std::to_string(messages());  // clean: self-deadlock
}

void Station::swapWith(Station& o) {
  if (this == &o) return;
  std::lock_guard a(m_);  // side: lock-order #swap; clean: self-deadlock
  std::lock_guard b(o.m_);  // expect: lock-order #swap; clean: self-deadlock
  log_.swap(o.log_);
}

void Station::swapWithRight(Station& o) {
  if (this == &o) return;
  std::scoped_lock g(m_, o.m_);  // clean: lock-order, self-deadlock
  log_.swap(o.log_);
}

void Station::swapById(Station& o) {
  if (id_ == o.id_) return;
  Station& lo = id_ < o.id_ ? *this : o;
  Station& hi = id_ < o.id_ ? o : *this;
  std::lock_guard a(lo.m_);  // clean: lock-order, self-deadlock
  std::lock_guard b(hi.m_);  // clean: lock-order, self-deadlock
  log_.swap(o.log_);  // clean: unguarded-access
}

void Station::mergeAll(std::vector<Station*>& all) {
  for (auto* s : all) {
    if (s == this) continue;
    std::scoped_lock g(m_, s->m_);  // clean: lock-order, self-deadlock
    people_ += s->people_;
    s->people_ = 0;
  }
}

void Station::copyFrom(const Station& o) {
  std::scoped_lock g(m_, o.m_);  // maybe: self-deadlock
  log_ = o.log_;
}

Station& Station::operator=(const Station& o) {
  if (this != &o) {
    std::lock_guard a(m_);  // side: lock-order #assign
    std::lock_guard b(o.m_);  // expect: lock-order #assign; clean: self-deadlock
    log_ = o.log_;
  }
  return *this;
}

void Station::tick() {
  std::lock_guard g(rm_);  // clean: self-deadlock
  ++ticks_;
  if (ticks_ % 2) tock();  // clean: self-deadlock
}

void Station::tock() {
  std::lock_guard g(rm_);  // clean: self-deadlock
  ++ticks_;
}

void Station::onEvent(std::function<void(int)> f) {
  std::lock_guard g(m_);  // clean: self-deadlock
  fns_.push_back(std::move(f));
}

void Station::fire(int n) {
  std::lock_guard g(m_);
  for (auto& f : fns_) f(n);  // expect: callback-under-lock; maybe: self-deadlock, lock-order
}

void Station::fireRight(int n) {
  std::vector<std::function<void(int)>> copy;
  {
    std::lock_guard g(m_);
    copy = fns_;
  }
  for (auto& f : copy) f(n);  // clean: callback-under-lock, self-deadlock, lock-order
}

int Station::passengers() const {
  std::lock_guard g(m_);
  return people_;  // clean: unguarded-access
}

int Station::capacity() const { return capacity_; }  // clean: unguarded-access, data-race

void Station::board(int n) {
  std::lock_guard g(m_);  // side: lock-order #board
  people_ += n;
}

void Station::alight(int n) {
  std::lock_guard g(m_);
  people_ -= n;
}

void Station::evacuate() { people_ = 0; }  // expect: unguarded-access | data-race

void Train::setStation(Station* s) {
  std::lock_guard g(m_);  // side: lock-order #board
  at_ = s;
}

Station* Train::station() const { return at_; }  // expect: unguarded-access | data-race

void Train::board(Station& s, int n) {
  std::lock_guard g(m_);  // side: lock-order #board
  load_ += n;
  s.board(n);  // expect: lock-order #board
}

void Train::move(Station& from, Station& to) {
  from.depart(*this);  // clean: lock-order
  to.arrive(*this);  // maybe: lock-order
}

int Train::load() const {
  std::lock_guard g(m_);  // side: self-deadlock #reload
  return load_;
}

void Train::reload(int n) {
  m_.lock();  // side: self-deadlock #reload
  load_ = n + load();  // expect: self-deadlock #reload
  m_.unlock();
}

void Train::addLoad(int n) {
  int l = load();  // clean: self-deadlock; side: check-then-act #add
  std::lock_guard g(m_);
  load_ = l + n;  // expect: check-then-act #add
}

Station* Network::find(int id) {
  std::shared_lock g(mapM_);  // side: self-deadlock #foa; side: self-deadlock #rebuild
  auto it = map_.find(id);
  return it == map_.end() ? nullptr : it->second.get();
}

Station* Network::add(int id) {
  std::unique_lock g(mapM_);
  auto& p = map_[id];
  if (!p) p = std::make_unique<Station>(id);  // clean: check-then-act
  return p.get();
}

Station* Network::findOrAdd(int id) {
  std::unique_lock g(mapM_);  // side: self-deadlock #foa
  if (auto* s = find(id)) return s;  // expect: self-deadlock #foa
  auto& p = map_[id];
  p = std::make_unique<Station>(id);
  return p.get();
}

Station* Network::findOrAddRight(int id) {
  if (auto* s = find(id)) return s;  // clean: self-deadlock, check-then-act
  return add(id);  // clean: self-deadlock, check-then-act
}

void Network::remove(int id) {
  std::unique_lock g(mapM_);
  map_.erase(id);  // clean: unguarded-access
}

void Network::each(const std::function<void(Station&)>& f) {
  std::shared_lock g(mapM_);
  for (auto& [id, s] : map_) f(*s);  // expect: callback-under-lock; maybe: lock-order
}

std::size_t Network::size() const {
  std::shared_lock g(mapM_);
  return map_.size();  // clean: unguarded-access, wrong-lock
}

void Network::rebuild() {
  mapM_.lock();  // side: self-deadlock #rebuild
  map_.clear();
  find(0);  // expect: self-deadlock #rebuild
  mapM_.unlock();
}

void Network::refresh() {
  std::shared_lock g(mapM_);  // side: self-deadlock #refresh
  if (map_.empty()) {
    std::unique_lock w(mapM_);  // expect: self-deadlock #refresh
    map_[0] = std::make_unique<Station>(0);
  }
}

void Network::refreshRight() {
  {
    std::shared_lock g(mapM_);
    if (!map_.empty()) return;
  }
  std::unique_lock w(mapM_);  // clean: self-deadlock
  if (map_.empty()) map_[0] = std::make_unique<Station>(0);  // clean: check-then-act
}

void Network::link(int a, int b) {
  std::lock_guard g(linkM_);  // side: lock-order #link
  if (find(a) && find(b)) links_.emplace(a, b);  // side: lock-order #link
}

void Network::unlink(int a, int b) {
  std::unique_lock w(mapM_);  // side: lock-order #link
  std::lock_guard g(linkM_);  // expect: lock-order #link
  links_.erase(a);
  map_.erase(b);
}

std::vector<int> Network::neighbours(int id) {
  std::vector<int> out;
  std::lock_guard g(linkM_);
  auto [lo, hi] = links_.equal_range(id);
  for (; lo != hi; ++lo) out.push_back(lo->second);  // clean: unguarded-access
  return out;
}

void Network::visit() {
  for (int n : neighbours(1))
    if (auto* s = find(n)) s->tick();  // clean: lock-order, self-deadlock
}

// The gate orders the two.
void Network::gatedA() {
  std::lock_guard g(gate_);
  std::lock_guard a(a_);  // clean: lock-order
  std::lock_guard b(b_);  // clean: lock-order
  ++gated_;
}

void Network::gatedB() {
  std::lock_guard g(gate_);
  std::lock_guard b(b_);  // clean: lock-order
  std::lock_guard a(a_);  // clean: lock-order
  --gated_;
}

void Network::chainA() {
  std::lock_guard c(c_);  // side: lock-order #chain
  std::lock_guard d(d_);  // expect: lock-order #chain
  ++chained_;  // maybe: unguarded-access, data-race, wrong-lock
}

void Network::chainB() {
  std::lock_guard d(d_);  // side: lock-order #chain
  std::lock_guard e(e_);  // side: lock-order #chain
  sum_ += 0;  // maybe: unguarded-access, data-race, wrong-lock
}

void Network::chainC() {
  std::lock_guard e(e_);  // side: lock-order #chain
  std::lock_guard c(c_);  // side: lock-order #chain
  --chained_;  // maybe: unguarded-access, data-race, wrong-lock
}

void Network::handOver(std::size_t from) {
  std::unique_lock a(track_[from]);  // clean: lock-order
  ++busy_[from];  // clean: wrong-lock, unguarded-access
  for (std::size_t i = from + 1; i < track_.size(); ++i) {
    std::unique_lock b(track_[i]);  // clean: lock-order, self-deadlock
    ++busy_[i];  // clean: wrong-lock
    a = std::move(b);  // clean: lock-order, unreleased-lock, self-deadlock
  }
}

void Network::readTwice() {
  std::lock_guard x(x_);
  std::lock_guard y(y_);  // clean: lock-order
  sum_ += 2;  // maybe: unguarded-access, data-race, wrong-lock
}

void Network::readInWrite() {
  {
    std::lock_guard x(x_);
    sum_ += 1;  // maybe: unguarded-access, data-race, wrong-lock
  }
  std::lock_guard y(y_);  // clean: lock-order
  std::lock_guard z(z_);  // clean: lock-order
  sum_ += 5;  // maybe: unguarded-access, data-race, wrong-lock
}

void Network::sharedA() {
  std::scoped_lock g(x_, z_);  // clean: lock-order, guard-misuse
  sum_ += 3;  // maybe: unguarded-access, data-race, wrong-lock
}

void Network::sharedB() {
  std::scoped_lock g(z_, x_);  // clean: lock-order
  sum_ += 4;  // maybe: unguarded-access, data-race, wrong-lock
}

int Network::total() {
  std::lock_guard g(totalM_);  // clean: self-deadlock
  return totalNested();  // clean: self-deadlock
}

int Network::totalNested() {
  std::lock_guard g(totalM_);  // clean: self-deadlock
  return 1;
}

}  // namespace rail
