#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace repl {

using Lsn = std::uint64_t;

class Log;
class Catalog;

// Pimpl: the lock lives in the implementation.
class Peers {
 public:
  explicit Peers(Log& l);
  ~Peers();
  void ack(int peer, Lsn upTo);
  void ackBatch(const std::vector<std::pair<int, Lsn>>& acks);
  Lsn lowest() const;
  std::size_t size() const;
  void add(int peer);
  void onLag(std::function<void(int)> f);
  void tick(Lsn head);
  void tickOutside(Lsn head);

 private:
  struct Impl;
  std::unique_ptr<Impl> p_;
};

class Log {
 public:
  void connect(Catalog* c) { cat_ = c; }
  Lsn append(std::string rec);
  Lsn appendTable(const std::string& table, std::string rec);
  void truncate(Lsn upTo);
  Lsn head() const;
  Lsn headFast() const { return head_; }  // expect: unguarded-access | data-race
  void checkpoint();
  void restore();
  void compactOne();
  void compactTwo();

 private:
  mutable std::mutex logLatch_;
  std::mutex gate_, left_, right_;
  std::deque<std::string> recs_;
  Lsn head_ = 0, tail_ = 0;
  int l_ = 0, r_ = 0;
  Catalog* cat_ = nullptr;
};

class Catalog {
 public:
  void connect(Peers* p) { peers_ = p; }
  bool create(const std::string& table);
  bool exists(const std::string& table) const;
  bool drop(const std::string& table);
  bool dropAll();
  std::size_t tables() const;
  void bumpAll();

 private:
  bool eraseNoLock(const std::string& table) { return tables_.erase(table) > 0; }  // clean: unguarded-access, data-race
  mutable std::mutex catLatch_;
  std::map<std::string, Lsn> tables_;
  Peers* peers_ = nullptr;
};

}  // namespace repl
