#include "node.h"

namespace robo {

void Odometry::subscribe(PoseListener* l) {
  SYNCHRONIZED(this);
  ls_.push_back(l);
}

void Odometry::unsubscribe(PoseListener* l) {
  SYNCHRONIZED(this);
  ls_.remove(l);
}

// Odometry, then the listeners' locks.
void Odometry::update(double dx, double dy) {
  SYNCHRONIZED(this);  // side: lock-order #plan
  pose_.x += dx;
  pose_.y += dy;
  for (auto* l : ls_) l->pose(pose_);  // expect: lock-order #plan; expect: callback-under-lock
}

void Odometry::updateQuiet(double dx, double dy) {
  std::list<PoseListener*> copy;
  Pose p;
  {
    SYNCHRONIZED(this);
    pose_.x += dx;
    pose_.y += dy;
    p = pose_;
    copy = ls_;
  }
  for (auto* l : copy) l->pose(p);  // clean: lock-order, callback-under-lock
}

Pose Odometry::current() {
  SYNCHRONIZED(this);  // side: lock-order #plan
  return pose_;
}

void Odometry::align(Odometry& o) {
  const Pose other = o.current();  // clean: lock-order, self-deadlock
  SYNCHRONIZED(this);
  pose_.th = other.th;
}

}  // namespace robo
