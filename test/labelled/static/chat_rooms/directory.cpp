#include <thread>

#include "chat.h"

namespace chat {

void Directory::Add(Room* r) {
  syn::MutexLock l(&dirMu_);
  rooms_[r->name()] = r;
}

void Directory::joined(const std::string& user, const std::string& room) {
  syn::MutexLock l(&dirMu_);  // expect: lock-order #presence
  where_[user] = room;
  ++moves_;
}

void Directory::left(const std::string& user) {
  syn::MutexLock l(&dirMu_);
  where_.erase(user);
  ++moves_;
}

// Asks every room with the directory locked.
size_t Directory::EvictEverywhere(const std::string& user) {
  size_t n = 0;
  syn::MutexLock l(&dirMu_);  // side: lock-order #presence
  for (auto& [name, room] : rooms_) n += room->Kick(user);  // expect: lock-order #presence
  where_.erase(user);
  return n;
}

size_t Directory::EvictPolitely(const std::string& user) {
  std::vector<Room*> all;
  {
    syn::ReaderMutexLock l(&dirMu_);
    for (auto& [name, room] : rooms_) all.push_back(room);
  }
  size_t n = 0;
  for (auto* r : all) n += r->Kick(user);  // clean: lock-order
  return n;
}

std::string Directory::Where(const std::string& user) const {
  syn::ReaderMutexLock l(&dirMu_);
  auto it = where_.find(user);
  return it == where_.end() ? "" : it->second;
}

}  // namespace chat

int main() {
  chat::Directory dir;
  chat::Room lobby("lobby", &dir), dev("dev", &dir);
  dir.Add(&lobby);
  dir.Add(&dev);
  {
    std::jthread alice([&] {
      for (int i = 0; i < 100; ++i) {
        lobby.Join("alice");
        lobby.Say("hi " + lobby.Topic());
        lobby.Leave("alice");
        dev.Join("alice");
      }
      lobby.KickAll({"bob"});
    });
    std::jthread mod([&] {
      lobby.SetTopic("welcome");
      dir.EvictEverywhere("alice");
      dir.EvictPolitely("bob");
      lobby.Purge(10);
      lobby.Archive();
      dev.Archive();
    });
    std::jthread stats([&] {
      size_t n = dir.Moves() + lobby.Members() + lobby.LastLine().size() + dir.Where("bob").size();
      if (n == 0) std::this_thread::yield();
    });
  }
  return dev.Members() > 1;
}
