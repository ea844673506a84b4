#pragma once
#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace gw {

struct Order {
  int id = 0;
  std::string symbol;
  long qty = 0;
};

// Fills and rejects go to whoever asked for them.
class Book {
 public:
  using Fill = std::function<void(const Order&)>;
  void onFill(Fill f);
  int enter(Order o);
  bool cancel(int id);
  bool amend(int id, long qty);
  std::size_t open() const;
  long exposure() const;
  void match();
  void matchAndTell();
  void clearDay();

 private:
  bool cancel_locked(int id);
  mutable std::recursive_timed_mutex sessionM_;
  mutable std::mutex bookM_;
  std::map<int, Order> orders_;
  Fill fill_;
  int next_ = 1;
};

class Risk {
 public:
  explicit Risk(Book& b) : book_(b) {}
  bool allow(const Order& o);
  void booked(const Order& o);
  void panic();
  void panicOrdered();
  long used() const;
  void setLimit(long l) { limit_ = l; }  // expect: unguarded-access | data-race
  void transfer(Risk& to, long n);
  void transferPair(Risk& to, long n);

 private:
  Book& book_;
  mutable std::mutex riskM_;
  long used_ = 0;
  long limit_ = 1000;
};

using Command = int (*)(Book&, Risk&, const Order&);
int cmdNew(Book& b, Risk& r, const Order& o);
int cmdCancel(Book& b, Risk& r, const Order& o);
int cmdStatus(Book& b, Risk& r, const Order& o);

}  // namespace gw
