#include "node.h"

#include <chrono>

namespace robo {

Planner::Planner(Odometry& o) : odo_(o) { path_.reserve(64); }  // clean: unguarded-access

void Planner::start() {
  path_.push_back({});  // clean: unguarded-access, data-race
  t_ = std::thread([this] { run(); });  // clean: thread-lifetime
  odo_.subscribe(this);
}

void Planner::halt() {
  odo_.unsubscribe(this);  // clean: lock-order
  {
    SYNCHRONIZED(this);
    halt_ = true;
  }
  if (t_.joinable()) t_.join();  // clean: thread-lifetime, blocking-under-lock
  clearPath();  // clean: unguarded-access
}

void Planner::pose(const Pose& p) {
  SYNCHRONIZED(this);  // expect: lock-order #plan
  last_ = p;
  if (path_.size() < 64) path_.push_back(p);
}

// Planner, then odometry.
void Planner::replan() {
  SYNCHRONIZED(this);  // side: lock-order #plan
  clearPath();  // clean: self-deadlock
  path_.push_back(odo_.current());  // expect: lock-order #plan
}

void Planner::replanOutside() {
  const Pose p = odo_.current();  // clean: lock-order
  SYNCHRONIZED(this);
  clearPath();
  path_.push_back(p);
}

bool Planner::idle() {
  SYNCHRONIZED(this);  // side: self-deadlock #abort
  return path_.empty();
}

void Planner::abort() {
  enter();  // side: self-deadlock #abort
  if (!idle()) clearPath();  // expect: self-deadlock #abort
  exit();
}

void Planner::abortIdle() {
  if (idle()) return;  // clean: self-deadlock; maybe: check-then-act
  SYNCHRONIZED(this);  // clean: self-deadlock
  clearPath();
}

void Planner::run() {
  for (;;) {
    {
      SYNCHRONIZED(this);
      if (halt_) return;  // clean: unreleased-lock
      if (!path_.empty()) path_.pop_back();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // clean: blocking-under-lock
    last_.th += 0.1;  // expect: unguarded-access | data-race
  }
}

void Arm::twist(Arm& o) {
  if (&o == this) return;
  SYNCHRONIZED(this);  // side: lock-order #twist
  MonitorLock theirs(&o);  // expect: lock-order #twist
  std::swap(load_, o.load_);
}

void Arm::twistRanked(Arm& o) {
  if (o.rank_ == rank_) return;
  Arm* const low = rank_ < o.rank_ ? this : &o;
  Arm* const high = rank_ < o.rank_ ? &o : this;
  MonitorLock a(low);
  MonitorLock b(high);  // clean: lock-order, self-deadlock
  std::swap(load_, o.load_);  // clean: unguarded-access
}

}  // namespace robo

int main() {
  robo::Odometry odo, wheel;
  robo::Planner plan(odo);
  robo::Arm left(1), right(2);
  plan.start();
  {
    std::jthread sensor([&] {
      for (int i = 0; i < 100; ++i) odo.update(0.1, i);
      odo.updateQuiet(0, 0);
      odo.align(wheel);
      left.twist(right);
      left.twistRanked(right);
    });
    std::jthread brain([&] {
      plan.replan();
      plan.replanOutside();
      wheel.align(odo);
      right.twist(left);
      right.twistRanked(left);
      if (plan.steps() > 10 && odo.heading() > 1) plan.abortIdle();
      plan.abort();
      right.emergency();
    });
  }
  plan.halt();
  return left.load() + right.load();
}
