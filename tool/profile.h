// Where the time of a check went: --profile.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <string>
#include <vector>

namespace snarl {

/// Steps in the order in which they were taken, with the wall-clock and the CPU time (of all threads) of each.
class Profile {
public:
  bool enabled = false;

  /// What follows is another step: time up to now belongs to none.
  void start();
  /// Ends the step that began with the last start() or lap().
  void lap(llvm::StringRef step);
  /// CPU time that is part of the step before it.
  void part(llvm::StringRef what, uint64_t nanoseconds);
  /// A table with the peak memory of the process; nothing if not enabled.
  void print(llvm::raw_ostream &out) const;

private:
  struct Row {
    std::string step;
    double wall, cpu; ///< seconds; wall < 0: a part
  };
  std::vector<Row> rows_;
  double wall_ = 0, cpu_ = 0;
};

} // namespace snarl
