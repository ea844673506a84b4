#pragma once
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace shop {

struct Order {
  int id = 0;
  long cents = 0;
  bool paid = false;
};

class Catalogue {
 public:
  static Catalogue& get();
  static Catalogue* lazy();
  static Catalogue* lazyRight();
  static std::shared_ptr<Catalogue> lazyShared();
  int price(const std::string& sku);
  int priceFast(const std::string& sku);
  void load();
  void loadOnce();
  const std::string& banner();
  const std::vector<int>& table();
  int factor();
  int version();
  void ensureIndex();
  void ensureIndexRight();

 private:
  static std::mutex sm_;
  static Catalogue* inst_;
  static std::atomic<Catalogue*> ainst_;
  std::mutex m_;
  std::once_flag once_;
  bool loaded_ = false;
  volatile bool vready_ = false;
  std::atomic<bool> aready_{false};
  std::atomic<bool> indexed_{false};
  std::string banner_;
  std::vector<int> table_;
  std::unordered_map<std::string, int> prices_;
  std::vector<int> index_, index2_;
  int factor_ = 0;
  int version_ = 0;
};

class Book {
 public:
  int place(long cents);
  bool pay(int id);
  bool payOnce(int id);
  bool cancel(int id);
  void ensure(int id);
  void ensureRight(int id);
  long takeCredit(long want);
  long takeCreditRight(long want);
  bool tryReserve();
  bool tryReserveRight();
  void bump();
  void bumpRight();
  void raise(int v);
  void raiseRight(int v);
  std::optional<Order> last();
  std::optional<Order> lastSplit();
  bool empty();
  std::size_t size();
  Order at(std::size_t i);

 private:
  std::mutex m_;
  std::map<int, Order> orders_;
  std::vector<Order> hist_;
  int next_ = 1;
  std::atomic<long> credit_{1000};
  std::atomic<int> slots_{8};
  std::atomic<int> peak_{0};
  std::atomic<unsigned> serial_{0};
};

// Sharded stock: shard i is guarded by mutex i.
class Stock {
 public:
  void add(const std::string& sku, int n);
  int take(const std::string& sku, int n);
  int peek(const std::string& sku);
  int peekNext(const std::string& sku);
  void move(Stock& o, const std::string& sku);
  void steal(Stock& o, const std::string& sku);
  int count();
  void audit();
  static void bumpAll();
  void bumpOne();
  void touchRead();
  void touchWrite();
  void upgrade();

 private:
  static constexpr std::size_t N = 8;
  static std::size_t slot(const std::string& s) { return std::hash<std::string>()(s) % N; }
  std::array<std::mutex, N> m_;
  std::array<std::map<std::string, int>, N> part_;
  std::shared_mutex rw_;
  int audits_ = 0;
  std::mutex one_;
  static std::mutex all_;
  static int global_;
};

}  // namespace shop
