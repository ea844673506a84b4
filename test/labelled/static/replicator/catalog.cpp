#include <thread>

#include "repl.h"

namespace repl {

// Catalog, then peers.
bool Catalog::create(const std::string& table) {
  std::lock_guard g(catLatch_);  // side: lock-order #ring
  return tables_.emplace(table, peers_->lowest()).second;  // expect: lock-order #ring
}

bool Catalog::exists(const std::string& table) const {
  std::lock_guard g(catLatch_);  // side: lock-order #ring
  return tables_.contains(table);
}

bool Catalog::drop(const std::string& table) {
  std::lock_guard g(catLatch_);
  return eraseNoLock(table);
}

bool Catalog::dropAll() {
  std::unique_lock g(catLatch_);
  bool any = false;
  while (!tables_.empty()) any |= eraseNoLock(std::string(tables_.begin()->first));  // clean: self-deadlock
  g.unlock();
  return any && !exists("system");  // clean: self-deadlock; maybe: check-then-act
}

std::size_t Catalog::tables() const {
  std::lock_guard g(catLatch_);
  return tables_.size();
}

void Catalog::bumpAll() {
  for (auto& [t, l] : tables_) ++l;  // expect: unguarded-access | data-race
}

}  // namespace repl

int main() {
  repl::Log log;
  repl::Catalog cat;
  repl::Peers peers(log);
  log.connect(&cat);
  cat.connect(&peers);
  for (int i = 0; i < 3; ++i) peers.add(i);
  peers.onLag([&peers](int peer) { peers.ack(peer, peers.lowest()); });  // side: self-deadlock #lag
  {
    std::jthread writer([&] {
      for (int i = 0; i < 100; ++i) {
        log.append("x");
        log.appendTable("t", "row");
      }
      log.checkpoint();
      log.compactOne();
    });
    std::jthread sender([&] {
      for (repl::Lsn i = 0; i < 100; ++i) peers.ack(static_cast<int>(i % 3), i);
      peers.ackBatch({{0, 200}});
      peers.tick(log.head());
      peers.tickOutside(log.head());
      log.compactTwo();
    });
    std::jthread ddl([&] {
      cat.create("t");
      cat.drop("u");
      cat.bumpAll();
      log.restore();
      if (log.headFast() > 10 && peers.size() > 2) cat.dropAll();
    });
  }
  return cat.tables() > 1;
}
