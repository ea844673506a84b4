// Interned strings. Facts name functions, fields and files thousands of times; a Symbol is a four-byte handle into one
// process-wide, thread-safe table, so facts from different threads and files can be merged without renaming anything.
#pragma once
#include "llvm/ADT/DenseMapInfo.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <functional>

namespace snarl {

/// Equal strings have equal symbols. The numeric order depends on scheduling, so never let it reach any output:
/// sort by str() where order can be seen.
class Symbol {
public:
  Symbol() = default; ///< the empty string
  explicit Symbol(llvm::StringRef text);
  llvm::StringRef str() const;
  bool empty() const { return id_ == 0; }
  explicit operator bool() const { return id_ != 0; }
  uint32_t id() const { return id_; }
  friend bool operator==(Symbol a, Symbol b) { return a.id_ == b.id_; }
  friend bool operator!=(Symbol a, Symbol b) { return a.id_ != b.id_; }
  friend bool operator<(Symbol a, Symbol b) { return a.id_ < b.id_; } ///< for containers only

  static Symbol from_id(uint32_t id) {
    Symbol s;
    s.id_ = id;
    return s;
  }

private:
  uint32_t id_ = 0;
};

} // namespace snarl

template <> struct std::hash<snarl::Symbol> {
  size_t operator()(snarl::Symbol s) const { return s.id() * 0x9E3779B97F4A7C15ull; }
};

template <> struct llvm::DenseMapInfo<snarl::Symbol> {
  static snarl::Symbol getEmptyKey() { return snarl::Symbol::from_id(~0u); }
  static snarl::Symbol getTombstoneKey() { return snarl::Symbol::from_id(~0u - 1); }
  static unsigned getHashValue(snarl::Symbol s) { return s.id() * 2654435761u; }
  static bool isEqual(snarl::Symbol a, snarl::Symbol b) { return a == b; }
};
