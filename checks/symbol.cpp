#include "symbol.h"
#include "llvm/ADT/StringMap.h"
#include <array>
#include <deque>
#include <mutex>
#include <shared_mutex>

namespace snarl {
namespace {

// Readers of str() vastly outnumber new strings, so the texts live in a deque whose elements never move.
class Table {
public:
  Table() { texts_.push_back(""); }

  uint32_t intern(llvm::StringRef text) {
    if (text.empty()) return 0;
    {
      std::shared_lock read(mutex_);
      auto it = ids_.find(text);
      if (it != ids_.end()) return it->second;
    }
    std::unique_lock write(mutex_);
    auto [it, fresh] = ids_.try_emplace(text, static_cast<uint32_t>(texts_.size()));
    if (fresh) texts_.push_back(it->first());
    return it->second;
  }

  llvm::StringRef text(uint32_t id) const {
    std::shared_lock read(mutex_);
    return id < texts_.size() ? texts_[id] : llvm::StringRef();
  }

private:
  mutable std::shared_mutex mutex_;
  llvm::StringMap<uint32_t> ids_;
  std::deque<llvm::StringRef> texts_;
};

Table &table() {
  static Table *const t = new Table; // never destroyed: symbols outlive every static
  return *t;
}

} // namespace

Symbol::Symbol(llvm::StringRef text) : id_(table().intern(text)) {}
llvm::StringRef Symbol::str() const {
  return table().text(id_);
}

} // namespace snarl
