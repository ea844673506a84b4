#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace bank {

class Account {
 public:
  Account(int id, long b) : id_(id), balance_(b) {}
  int id() const { return id_; }
  long balance() const;
  void deposit(long n);
  long peek() const { return balance_; }  // expect: unguarded-access
  static void transfer(Account& from, Account& to, long n);
  static void transferSafe(Account& from, Account& to, long n);
  static void transferOrdered(Account& from, Account& to, long n);
  static bool transferTry(Account& from, Account& to, long n);
  void mergeInto(Account& other);

 private:
  const int id_;
  mutable std::mutex mu_;
  long balance_;
};

class Audit {
 public:
  void note(std::string s);
  std::size_t size() const;
  void flush(class Bank& b);
  std::string last() const;

 private:
  mutable std::mutex auditMu_;
  std::vector<std::string> lines_;
};

class Bank {
 public:
  explicit Bank(Audit& a) : audit_(a) {}
  Account& open(long initial);
  std::shared_ptr<Account> find(int id) const;
  void closeAll();
  long total() const;
  std::size_t count() const;
  void setRate(double r);
  double rate() const { return rate_; }  // expect: unguarded-access
  void reopen();

 private:
  void addLocked(std::shared_ptr<Account> a);
  Audit& audit_;
  mutable std::mutex mapMu_;
  std::map<int, std::shared_ptr<Account>> accounts_;
  int next_ = 1;
  double rate_ = 0.01;
};

}  // namespace bank
