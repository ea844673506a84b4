#pragma once
#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

namespace rail {

class Lockable {
 protected:
  mutable std::mutex m_;
  mutable std::recursive_mutex rm_;
};

class Train;

class Station : public Lockable {
 public:
  explicit Station(int id) : id_(id) {}
  void arrive(Train& t);
  void depart(Train& t);
  void announce(const std::string& s);
  void announceAll(const std::vector<std::string>& v);
  void announceRight(const std::vector<std::string>& v);
  std::size_t messages() const;
  std::string summary() const;
  std::string summaryRight() const;
  void swapWith(Station& o);
  void swapWithRight(Station& o);
  void swapById(Station& o);
  void mergeAll(std::vector<Station*>& all);
  void copyFrom(const Station& o);
  Station& operator=(const Station& o);
  void tick();
  void tock();
  void onEvent(std::function<void(int)> f);
  void fire(int n);
  void fireRight(int n);
  int id() const { return id_; }
  bool tryArrive(Train& t);
  int passengers() const;
  int capacity() const;
  void board(int n);
  void alight(int n);
  void evacuate();

 private:
  void push_locked(const std::string& s) { log_.push_back(s); }  // clean: unguarded-access, self-deadlock
  const int id_;
  std::vector<std::string> log_;
  std::list<Train*> trains_;
  std::vector<std::function<void(int)>> fns_;
  int ticks_ = 0;
  int people_ = 0;
  int capacity_ = 100;
};

class Train : public Lockable {
 public:
  void board(Station& s, int n);
  void move(Station& from, Station& to);
  void setStation(Station* s);
  Station* station() const;
  int load() const;
  void reload(int n);
  void addLoad(int n);

 private:
  friend class Station;
  Station* at_ = nullptr;
  int load_ = 0;
};

class Network {
 public:
  Station* find(int id);
  Station* add(int id);
  Station* findOrAdd(int id);
  Station* findOrAddRight(int id);
  void remove(int id);
  void each(const std::function<void(Station&)>& f);
  std::size_t size() const;
  void rebuild();
  void refresh();
  void refreshRight();
  void link(int a, int b);
  void unlink(int a, int b);
  std::vector<int> neighbours(int id);
  void visit();
  void gatedA();
  void gatedB();
  void chainA();
  void chainB();
  void chainC();
  void handOver(std::size_t from);
  void readTwice();
  void readInWrite();
  void sharedA();
  void sharedB();
  int total();
  int totalNested();

 private:
  mutable std::shared_mutex mapM_;
  std::mutex linkM_, gate_, a_, b_, c_, d_, e_, x_, y_, z_;
  std::recursive_mutex totalM_;
  std::map<int, std::unique_ptr<Station>> map_;
  std::multimap<int, int> links_;
  std::array<std::mutex, 4> track_;
  std::array<int, 4> busy_{};
  int sum_ = 0;
  int gated_ = 0, chained_ = 0;
};

}  // namespace rail
