#include "orders.h"

#include <functional>
#include <thread>

namespace shop {

std::mutex Catalogue::sm_;
Catalogue* Catalogue::inst_;
std::atomic<Catalogue*> Catalogue::ainst_{nullptr};
std::mutex Stock::all_;
int Stock::global_;

Catalogue& Catalogue::get() {
  static Catalogue c;  // clean: double-checked-locking, data-race
  return c;
}

Catalogue* Catalogue::lazy() {
  if (!inst_) {  // expect: double-checked-locking | data-race | unguarded-access #inst
    std::lock_guard g(sm_);
    if (!inst_) inst_ = new Catalogue;  // side: double-checked-locking #inst
  }
  return inst_;  // side: double-checked-locking #inst
}

Catalogue* Catalogue::lazyRight() {
  auto* p = ainst_.load(std::memory_order_acquire);  // clean: double-checked-locking, check-then-act
  if (!p) {
    std::lock_guard g(sm_);
    p = ainst_.load(std::memory_order_relaxed);  // clean: double-checked-locking
    if (!p) {
      p = new Catalogue;
      ainst_.store(p, std::memory_order_release);  // clean: double-checked-locking, check-then-act
    }
  }
  return p;
}

std::shared_ptr<Catalogue> Catalogue::lazyShared() {
  static std::mutex m;
  static std::weak_ptr<Catalogue> w;
  std::lock_guard g(m);
  auto p = w.lock();  // clean: double-checked-locking, unguarded-access
  if (!p) w = p = std::make_shared<Catalogue>();  // clean: double-checked-locking, data-race
  return p;
}

void Catalogue::load() {
  if (loaded_) return;  // expect: double-checked-locking | data-race | unguarded-access #loaded
  std::lock_guard g(m_);
  if (loaded_) return;  // side: double-checked-locking #loaded
  prices_["tea"] = 300;
  loaded_ = true;  // side: double-checked-locking #loaded
}

void Catalogue::loadOnce() {
  std::call_once(once_, [this] { factor_ = 3; });  // clean: double-checked-locking, data-race
}

int Catalogue::factor() {
  loadOnce();
  return factor_;  // clean: data-race, unguarded-access
}

const std::string& Catalogue::banner() {
  if (!vready_) {  // expect: double-checked-locking | data-race | unguarded-access #banner
    std::lock_guard g(m_);
    if (!vready_) {
      banner_ = "welcome";  // maybe: data-race, unguarded-access
      vready_ = true;  // side: double-checked-locking #banner
    }
  }
  return banner_;  // maybe: data-race, unguarded-access, double-checked-locking
}

const std::vector<int>& Catalogue::table() {
  if (!aready_.load(std::memory_order_acquire)) {  // clean: double-checked-locking, check-then-act
    std::lock_guard g(m_);
    if (!aready_.load(std::memory_order_relaxed)) {  // clean: double-checked-locking
      table_ = {1, 2, 3};  // clean: data-race
      aready_.store(true, std::memory_order_release);  // clean: double-checked-locking, check-then-act
    }
  }
  return table_;  // clean: data-race, unguarded-access
}

void Catalogue::ensureIndex() {
  if (index_.empty()) {  // expect: double-checked-locking | data-race | unguarded-access #index
    std::unique_lock g(m_);
    if (index_.empty()) index_.assign(100, 0);  // side: double-checked-locking #index
  }
}

void Catalogue::ensureIndexRight() {
  if (indexed_) return;  // clean: double-checked-locking
  std::unique_lock g(m_);
  if (indexed_) return;  // clean: double-checked-locking
  index2_.assign(100, 0);
  indexed_ = true;  // clean: double-checked-locking, check-then-act
}

int Catalogue::version() {
  std::lock_guard g(m_);
  if (version_ == 0) version_ = 7;  // clean: double-checked-locking, check-then-act
  return version_;
}

int Catalogue::price(const std::string& sku) {
  std::lock_guard g(m_);
  auto it = prices_.find(sku);
  return it == prices_.end() ? 0 : it->second;  // clean: check-then-act
}

int Catalogue::priceFast(const std::string& sku) {
  load();
  auto it = prices_.find(sku);  // maybe: unguarded-access, data-race
  return it == prices_.end() ? 0 : it->second;
}

int Book::place(long cents) {
  std::lock_guard g(m_);
  Order o{next_++, cents, false};
  orders_[o.id] = o;
  hist_.push_back(o);
  return o.id;
}

bool Book::pay(int id) {
  {
    std::lock_guard g(m_);  // side: check-then-act #pay
    auto it = orders_.find(id);
    if (it == orders_.end() || it->second.paid) return false;  // side: check-then-act #pay
  }
  std::lock_guard g(m_);
  orders_[id].paid = true;  // expect: check-then-act #pay
  return true;
}

bool Book::payOnce(int id) {
  std::lock_guard g(m_);
  auto it = orders_.find(id);
  if (it == orders_.end() || it->second.paid) return false;  // clean: check-then-act
  it->second.paid = true;  // clean: check-then-act
  return true;
}

bool Book::cancel(int id) {
  std::unique_lock g(m_);
  bool known = orders_.count(id) > 0;  // side: check-then-act #cancel
  g.unlock();
  if (!known) return false;
  g.lock();
  orders_.at(id).cents = 0;  // expect: check-then-act #cancel
  return true;
}

void Book::ensure(int id) {
  bool missing;
  {
    std::lock_guard g(m_);
    missing = orders_.find(id) == orders_.end();  // side: check-then-act #ensure
  }
  if (missing) {
    std::lock_guard g(m_);
    orders_[id] = Order{id};  // expect: check-then-act #ensure
  }
}

void Book::ensureRight(int id) {
  {
    std::lock_guard g(m_);
    if (orders_.count(id)) return;  // clean: check-then-act
  }
  Order o{id};
  std::lock_guard g(m_);
  if (!orders_.count(id)) orders_[id] = o;  // clean: check-then-act
}

long Book::takeCredit(long want) {
  if (credit_ >= want) {  // side: check-then-act #credit
    credit_ -= want;  // expect: check-then-act #credit
    return want;
  }
  return 0;
}

long Book::takeCreditRight(long want) {
  long c = credit_.load();  // clean: check-then-act
  do {
    if (c < want) return 0;
  } while (!credit_.compare_exchange_weak(c, c - want));  // clean: check-then-act
  return want;
}

bool Book::tryReserve() {
  int n = slots_.load();  // side: check-then-act #slots
  if (n == 0) return false;
  slots_.store(n - 1);  // expect: check-then-act #slots
  return true;
}

bool Book::tryReserveRight() {
  if (slots_.fetch_sub(1) <= 0) {  // clean: check-then-act
    slots_.fetch_add(1);  // clean: check-then-act
    return false;
  }
  return true;
}

void Book::bump() {
  serial_ = serial_ + 1;  // expect: check-then-act
}

void Book::bumpRight() {
  ++serial_;  // clean: check-then-act, data-race
}

void Book::raise(int v) {
  if (v > peak_.load(std::memory_order_relaxed))  // side: check-then-act #peak
    peak_.store(v, std::memory_order_relaxed);  // expect: check-then-act #peak
}

void Book::raiseRight(int v) {
  int p = peak_.load(std::memory_order_relaxed);  // clean: check-then-act
  while (v > p && !peak_.compare_exchange_weak(p, v, std::memory_order_relaxed)) {  // clean: check-then-act
  }
}

bool Book::empty() {
  std::lock_guard g(m_);
  return hist_.empty();  // clean: unguarded-access
}

std::size_t Book::size() {
  std::lock_guard g(m_);
  return hist_.size();  // clean: unguarded-access
}

Order Book::at(std::size_t i) {
  std::lock_guard g(m_);
  return hist_.at(i);  // clean: unguarded-access
}

std::optional<Order> Book::last() {
  std::lock_guard g(m_);
  if (hist_.empty()) return std::nullopt;  // clean: check-then-act
  auto o = hist_.back();
  hist_.pop_back();  // clean: check-then-act
  return o;
}

std::optional<Order> Book::lastSplit() {
  if (empty()) return std::nullopt;  // side: check-then-act #split
  std::lock_guard g(m_);
  auto o = hist_.back();  // expect: check-then-act #split
  hist_.pop_back();  // side: check-then-act #split
  return o;
}

void Stock::add(const std::string& sku, int n) {
  std::lock_guard g(m_[slot(sku)]);
  part_[slot(sku)][sku] += n;  // clean: wrong-lock, unguarded-access, data-race
}

int Stock::take(const std::string& sku, int n) {
  auto i = slot(sku);
  std::lock_guard g(m_[i]);
  auto& have = part_[i][sku];  // clean: wrong-lock, unguarded-access
  int got = std::min(have, n);
  have -= got;  // clean: wrong-lock
  return got;
}

int Stock::peek(const std::string& sku) {
  auto i = slot(sku);
  std::lock_guard g(m_[i]);
  return part_[i][sku];  // clean: wrong-lock, data-race
}

int Stock::peekNext(const std::string& sku) {
  auto i = slot(sku);
  std::lock_guard g(m_[i]);
  return part_[(i + 1) % N][sku];  // expect: wrong-lock | data-race | unguarded-access
}

void Stock::move(Stock& o, const std::string& sku) {
  auto i = slot(sku);
  if (&o == this) return;
  std::scoped_lock g(m_[i], o.m_[i]);  // clean: lock-order
  part_[i][sku] += o.part_[i][sku];  // clean: wrong-lock
  o.part_[i].erase(sku);  // clean: wrong-lock
}

void Stock::steal(Stock& o, const std::string& sku) {
  auto i = slot(sku);
  std::lock_guard g(m_[i]);
  part_[i][sku] += 1;  // clean: wrong-lock
  o.part_[i].erase(sku);  // expect: wrong-lock | unguarded-access | data-race
}

int Stock::count() {
  std::shared_lock g(rw_);
  return audits_;  // clean: wrong-lock, unguarded-access
}

void Stock::audit() {
  std::unique_lock g(rw_);
  ++audits_;  // clean: wrong-lock
}

void Stock::touchRead() {
  std::shared_lock g(rw_);
  ++audits_;  // expect: wrong-lock | data-race
}

void Stock::touchWrite() {
  std::unique_lock g(rw_);
  audits_ += 2;  // clean: wrong-lock
}

void Stock::upgrade() {
  {
    std::shared_lock r(rw_);
    if (audits_ > 0) return;  // clean: wrong-lock, check-then-act
  }
  std::unique_lock w(rw_);
  if (audits_ == 0) audits_ = 1;  // clean: wrong-lock, check-then-act
}

void Stock::bumpAll() {
  std::lock_guard g(all_);
  ++global_;  // clean: wrong-lock
}

void Stock::bumpOne() {
  std::lock_guard g(one_);
  ++global_;  // expect: wrong-lock | data-race | unguarded-access
}

}  // namespace shop

int main() {
  using namespace shop;
  Book b;
  Stock s, s2;
  auto work = [&] {
    auto* c = Catalogue::lazy();
    c->load();
    c->ensureIndex();
    c->ensureIndexRight();
    b.place(c->price("tea") + c->priceFast("tea") + c->factor() + c->version());
    b.place(static_cast<long>(c->banner().size() + c->table().size()));
    b.pay(1);
    b.payOnce(2);
    b.cancel(1);
    b.ensure(9);
    b.ensureRight(9);
    b.takeCredit(5);
    b.takeCreditRight(5);
    b.tryReserve();
    b.tryReserveRight();
    b.bump();
    b.bumpRight();
    b.raise(3);
    b.raiseRight(4);
    b.last();
    b.lastSplit();
    s.add("tea", 3);
    s.take("tea", s.peek("tea") + s.peekNext("tea"));
    s.move(s2, "tea");
    s.steal(s2, "tea");
    s.audit();
    s.touchRead();
    s.touchWrite();
    s.upgrade();
    s.bumpOne();
    Stock::bumpAll();
    Catalogue::lazyRight()->loadOnce();
    Catalogue::lazyShared()->loadOnce();
    Catalogue::get().load();
  };
  std::jthread a(work), d(work);  // clean: thread-lifetime
  return 0;
}
