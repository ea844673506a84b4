#pragma once
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

namespace parking {

struct Ticket {
  int id = 0;
  std::string plate;
  long since = 0;
};

class Lot {
 public:
  explicit Lot(int spaces) : free_(spaces) {}

  bool enter(const std::string& plate);
  bool leave(int id);
  void clear();
  int free() const;
  int freeNow();
  void open();
  void close();
  void rename(const std::string& n);
  std::string name();
  void barrier();
  void touch();
  void handOver();
  void retag(int id, const std::string& plate);
  void merge(Lot& o);
  void mergeAdopted(Lot& o);
  void flushOne();
  void flushAll();
  void setRate(double r);
  double rate();
  long total();
  void reprice(double r);
  void log(const std::string& s);
  std::size_t logged();
  void reset();
  void recount();
  int probe();
  int probeLate();

 private:
  std::unique_lock<std::mutex> hold() { return std::unique_lock<std::mutex>(m_); }  // clean: guard-misuse, unreleased-lock

  mutable std::mutex m_;
  std::mutex nameM_;
  std::mutex logM_;
  std::shared_mutex rateM_;
  std::condition_variable cv_;
  std::map<int, Ticket> tickets_;
  int free_;
  int next_ = 1;
  bool open_ = false;
  std::string name_;
  std::vector<std::string> log_;
  double rate_ = 1.0;
  long total_ = 0;
};

}  // namespace parking
