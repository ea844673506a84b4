// The fields of one line of a trace. For the trace reader's files only.
#pragma once
#include "trace_reader.h"

namespace snarl {

// More locks held at once than anybody ever had, more threads in a deadlock: a number from a damaged line must not make
// us reserve memory.
inline constexpr uint64_t kMostHeld = 1 << 16;

/// The fields of one line. After a mistake everything reads as 0 and ok() is false.
class TraceReader::Fields {
public:
  explicit Fields(llvm::StringRef text) : rest_(text) {}

  llvm::StringRef word() {
    auto [head, tail] = rest_.split(' ');
    rest_ = tail;
    if (head.empty()) ok_ = false;
    return head;
  }
  uint64_t number() {
    uint64_t value = 0;
    if (word().getAsInteger(16, value)) ok_ = false;
    return ok_ ? value : 0;
  }
  /// A thread, lock, stack or segment: they count from 0 and fit 32 bits.
  uint32_t id() {
    uint64_t value = number();
    if (value >= UINT32_MAX) ok_ = false;
    return ok_ ? value : 0;
  }
  char letter() {
    llvm::StringRef text = word();
    if (text.size() != 1) ok_ = false;
    return ok_ ? text[0] : 0;
  }
  LockMode mode() {
    char c = letter();
    if (c != 'x' && c != 's') ok_ = false;
    return c == 's' ? LockMode::Shared : LockMode::Exclusive;
  }
  std::vector<HeldLock> held() {
    std::vector<HeldLock> all;
    uint64_t n = number();
    if (n > kMostHeld) ok_ = false;
    for (; ok_ && n; --n) {
      HeldLock one;
      one.lock = id(), one.mode = mode(), one.taken = id();
      all.push_back(one);
    }
    return all;
  }
  /// The rest of the line, \n and \\ unescaped.
  std::string text() {
    std::string out;
    for (size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size())
        out += rest_[++i] == 'n' ? '\n' : rest_[i];
      else
        out += rest_[i];
    }
    rest_ = {};
    return out;
  }
  bool at_end() const { return rest_.empty(); }
  bool ok() const { return ok_; }
  /// Everything was there, and nothing else.
  bool done() const { return ok_ && rest_.empty(); }

private:
  llvm::StringRef rest_;
  bool ok_ = true;
};

} // namespace snarl
