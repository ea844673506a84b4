// The profile of locks that `snarl run --contention` records, shown: a table, folded stacks, JSON.
#pragma once
#include "checks/run.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

namespace snarl {

/// Was anything profiled?
bool has_profile(llvm::ArrayRef<Run> runs);

/// One line for each lock, by time waited, at most 80 columns wide; the first `limit` of them.
void print_contention(llvm::raw_ostream &out, llvm::ArrayRef<Run> runs, size_t limit);

/// The same with all that is known, described in docs/contention.md.
void print_contention_json(llvm::raw_ostream &out, llvm::ArrayRef<Run> runs);

/// "main;serve;find;cache_m 1234": outermost frame first, the lock last, microseconds waited; as flamegraph.pl,
/// speedscope and inferno read it. The error names the file.
llvm::Error write_folded(const std::string &file, llvm::ArrayRef<Run> runs);

} // namespace snarl
