#pragma once
#include <algorithm>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace robo {

// Monitor in the old style: derive, then say SYNCHRONIZED.
class Monitor {
 public:
  void enter() { mtx_.lock(); }  // clean: unreleased-lock; side: lock-order #plan; side: self-deadlock #abort; side: lock-order #twist
  void exit() { mtx_.unlock(); }  // clean: unreleased-lock

 private:
  std::mutex mtx_;
};

class MonitorLock {
 public:
  explicit MonitorLock(Monitor* m) : m_(m) { m_->enter(); }
  ~MonitorLock() { m_->exit(); }
  MonitorLock(const MonitorLock&) = delete;
  MonitorLock& operator=(const MonitorLock&) = delete;

 private:
  Monitor* m_;
};
#define SYNCHRONIZED(obj) MonitorLock sync_block_(obj)

struct Pose {
  double x = 0, y = 0, th = 0;
};

class PoseListener {
 public:
  virtual ~PoseListener() = default;
  virtual void pose(const Pose& p) = 0;
};

class Odometry : public Monitor {
 public:
  void subscribe(PoseListener* l);
  void unsubscribe(PoseListener* l);
  void update(double dx, double dy);
  void updateQuiet(double dx, double dy);
  Pose current();
  double heading() const { return pose_.th; }  // expect: unguarded-access | data-race
  void align(Odometry& o);

 private:
  Pose pose_;
  std::list<PoseListener*> ls_;
};

class Planner final : public Monitor, public PoseListener {
 public:
  explicit Planner(Odometry& o);
  ~Planner() override { halt(); }
  void start();
  void halt();
  void pose(const Pose& p) override;
  void replan();
  void replanOutside();
  void abort();
  void abortIdle();
  bool idle();
  std::size_t steps() const { return path_.size(); }  // expect: unguarded-access | data-race

 private:
  void run();
  void clearPath() { path_.clear(); }  // clean: unguarded-access, data-race
  Odometry& odo_;
  std::vector<Pose> path_;
  Pose last_;
  bool halt_ = false;
  std::thread t_;
};

// Two arms that can pass things to each other.
class Arm : public Monitor {
 public:
  explicit Arm(int rank) : rank_(rank) {}
  void twist(Arm& o);
  void twistRanked(Arm& o);
  int load() {
    SYNCHRONIZED(this);
    return load_;
  }
  void emergency() { load_ = 0; }  // expect: unguarded-access | data-race

 private:
  const int rank_;
  int load_ = 1;
};

}  // namespace robo
