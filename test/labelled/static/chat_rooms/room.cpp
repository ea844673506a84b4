#include "chat.h"

namespace chat {

void Room::Join(const std::string& user) {
  syn::MutexLock l(&mu_);  // side: lock-order #presence
  members_.insert(user);
  presence_->joined(user, name_);  // expect: lock-order #presence
}

void Room::Leave(const std::string& user) {
  bool was;
  {
    syn::MutexLock l(&mu_);
    was = members_.erase(user) > 0;
  }
  if (was) presence_->left(user);  // clean: lock-order, callback-under-lock
}

bool Room::Kick(const std::string& user) {
  syn::MutexLock l(&mu_);  // side: self-deadlock #kick; side: lock-order #presence
  return RemoveUnderLock(user);
}

bool Room::KickAll(const std::vector<std::string>& users) {
  syn::MutexLock l(&mu_);  // side: self-deadlock #kick
  bool all = true;
  for (const auto& u : users) all = Kick(u) && all;  // expect: self-deadlock #kick
  return all;
}

// Every caller has mu_.
bool Room::RemoveUnderLock(const std::string& user) {
  mu_.AssertHeld();
  lines_.push_back(user + " was removed");  // clean: unguarded-access
  return members_.erase(user) > 0;  // clean: unguarded-access
}

void Room::Say(const std::string& text) {
  syn::MutexLock l(&mu_);
  lines_.push_back(text);
  if (lines_.size() > 1000) TrimLocked(500);  // clean: self-deadlock
}

void Room::TrimLocked(size_t keep) {
  if (lines_.size() > keep) lines_.erase(lines_.begin(), lines_.end() - static_cast<long>(keep));  // clean: unguarded-access
}

size_t Room::Members() const {
  syn::ReaderMutexLock l(&mu_);
  return members_.size();
}

std::string Room::LastLine() const {
  syn::ReaderMutexLock l(&mu_);
  return lines_.empty() ? std::string() : lines_.back();  // clean: unguarded-access
}

std::string Room::Topic() const { return topic_; }  // expect: unguarded-access | data-race

void Room::SetTopic(std::string t) {
  syn::MutexLock l(&mu_);
  topic_ = std::move(t);
}

void Room::Purge(size_t keep) {
  if (!mu_.TryLock()) return;  // clean: unreleased-lock, self-deadlock
  TrimLocked(keep);
  mu_.Unlock();
}

// Reads, then decides to write.
void Room::Archive() {
  syn::ReaderMutexLock r(&mu_);  // side: self-deadlock #archive
  if (lines_.size() < 10) return;
  syn::MutexLock w(&mu_);  // expect: self-deadlock #archive
  lines_.clear();
}

}  // namespace chat
