#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sync.h"

namespace chat {

class Presence {
 public:
  virtual ~Presence() = default;
  virtual void joined(const std::string& user, const std::string& room) = 0;
  virtual void left(const std::string& user) = 0;
};

class Room {
 public:
  Room(std::string name, Presence* p) : name_(std::move(name)), presence_(p) {}
  void Join(const std::string& user);
  void Leave(const std::string& user);
  bool Kick(const std::string& user);
  bool KickAll(const std::vector<std::string>& users);
  void Say(const std::string& text);
  size_t Members() const;
  std::string LastLine() const;
  std::string Topic() const;
  void SetTopic(std::string t);
  void Purge(size_t keep);
  void Archive();
  const std::string& name() const { return name_; }  // clean: unguarded-access, data-race

 private:
  void TrimLocked(size_t keep) TS(requires_capability(mu_));
  bool RemoveUnderLock(const std::string& user);

  const std::string name_;
  Presence* const presence_;
  mutable syn::Mutex mu_;
  std::set<std::string> members_ TS(guarded_by(mu_));
  std::vector<std::string> lines_ TS(guarded_by(mu_));
  std::string topic_ TS(guarded_by(mu_));
};

// Knows which room everybody is in.
class Directory final : public Presence {
 public:
  void Add(Room* r);
  void joined(const std::string& user, const std::string& room) override;
  void left(const std::string& user) override;
  size_t EvictEverywhere(const std::string& user);
  size_t EvictPolitely(const std::string& user);
  std::string Where(const std::string& user) const;
  unsigned Moves() const { return moves_; }  // expect: unguarded-access | data-race

 private:
  mutable syn::Mutex dirMu_;
  std::map<std::string, Room*> rooms_;
  std::map<std::string, std::string> where_;
  unsigned moves_ = 0;
};

}  // namespace chat
