#include <thread>

#include "gateway.h"

namespace gw {

bool Risk::allow(const Order& o) {
  std::lock_guard g(riskM_);
  return used_ + o.qty <= limit_;
}

// Registered as the book's listener.
void Risk::booked(const Order& o) {
  std::lock_guard g(riskM_);  // expect: lock-order #panic
  used_ += o.qty;
}

// Risk, then book.
void Risk::panic() {
  std::lock_guard g(riskM_);  // side: lock-order #panic
  limit_ = 0;
  for (int id = 1; id < 100; ++id) book_.cancel(id);  // expect: lock-order #panic
}

void Risk::panicOrdered() {
  {
    std::lock_guard g(riskM_);
    limit_ = 0;
  }
  for (int id = 1; id < 100; ++id) book_.cancel(id);  // clean: lock-order
}

long Risk::used() const {
  std::lock_guard g(riskM_);
  return used_;
}

void Risk::transfer(Risk& to, long n) {
  if (&to == this) return;
  std::unique_lock mine(riskM_, std::defer_lock), theirs(to.riskM_, std::defer_lock);
  mine.lock();    // side: lock-order #transfer
  theirs.lock();  // expect: lock-order #transfer
  used_ -= n;
  to.used_ += n;
}

void Risk::transferPair(Risk& to, long n) {
  if (&to == this) return;
  std::scoped_lock both(riskM_, to.riskM_);  // clean: lock-order, self-deadlock
  used_ -= n;
  to.used_ += n;
}

namespace {

std::mutex auditM;
std::mutex tapeM;
std::vector<int> audit;
std::vector<int> tape;

// Audit, then tape.
void logBoth(int id) {
  std::lock_guard a(auditM);  // side: lock-order #tape
  audit.push_back(id);
  std::lock_guard t(tapeM);  // expect: lock-order #tape
  tape.push_back(id);
}

// Tape, then audit.
int replay(Book& b) {
  std::unique_lock t(tapeM);  // side: lock-order #tape
  int n = 0;
  for (int id : tape) n += b.cancel(id);
  std::unique_lock a(auditM);  // expect: lock-order #tape
  return n + static_cast<int>(audit.size());
}

int auditSize() {
  std::unique_lock t(tapeM);  // maybe: lock-order
  t.unlock();
  std::unique_lock a(auditM);  // clean: lock-order; side: self-deadlock #cmd
  return static_cast<int>(audit.size());
}

constexpr std::array<Command, 3> table{cmdNew, cmdCancel, cmdStatus};

}  // namespace

int cmdNew(Book& b, Risk& r, const Order& o) {
  if (!r.allow(o)) return -1;
  const int id = b.enter(o);  // maybe: check-then-act
  logBoth(id);
  return id;
}

int cmdCancel(Book& b, Risk&, const Order& o) {
  std::lock_guard a(auditM);  // side: self-deadlock #cmd
  audit.push_back(-o.id);
  return b.cancel(o.id) ? 0 : auditSize();  // expect: self-deadlock #cmd; maybe: lock-order
}

int cmdStatus(Book& b, Risk& r, const Order&) { return static_cast<int>(b.open()) + static_cast<int>(r.used()) + auditSize(); }  // clean: self-deadlock

}  // namespace gw

int main() {
  gw::Book book;
  gw::Risk desk(book), house(book);
  book.onFill([&desk](const gw::Order& o) { desk.booked(o); });
  {
    std::vector<std::jthread> ts;
    for (int t = 0; t < 3; ++t)
      ts.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) gw::table[static_cast<std::size_t>(i % 3)](book, desk, {i, "X", i});
        desk.transfer(house, t);
        house.transfer(desk, t);
        desk.transferPair(house, t);
        book.amend(t, 0);
        book.match();
      });
    ts.emplace_back([&] {
      book.match();
      book.matchAndTell();
      if (book.exposure() > 1000) desk.panic();
      if (gw::replay(book) == 0) desk.panicOrdered();
      desk.setLimit(10);
      book.clearDay();
    });
  }
  return static_cast<int>(book.exposure());
}
