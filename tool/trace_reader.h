// Reads what the recording library wrote (runtime/trace_format.h), also while it is still being written.
//
// A trace comes from a program that may have been killed in the middle of a line, or have scribbled over its own
// memory: nothing in it is trusted. Lines that make no sense are skipped and counted, and the count is one of the run's
// blind spots; only a missing or foreign first line is an error.
#pragma once
#include "checks/run.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace snarl {

class TraceReader {
public:
  explicit TraceReader(std::string file) { run_.trace_file = std::move(file); }

  /// Reads what was appended since the last call; an incomplete line is left for the next one. An error if the file
  /// cannot be read, or is no trace or one of another version; it names the file and the remedy.
  llvm::Error read_more();
  /// The same for text that is already here.
  llvm::Error feed(llvm::StringRef text);
  /// Sorts, counts what could not be read into blind_spots. Nothing is fed afterwards.
  Run finish();
  /// What was read until now; deadlocks are complete ones. Order and blind spots are not there yet.
  Run &so_far() { return run_; }
  bool begun() const { return begun_; } ///< the first line was read

private:
  class Fields;
  llvm::Error first_line(llvm::StringRef line);
  bool line(llvm::StringRef line);
  bool module(Fields &in);
  bool thread(Fields &in);
  bool lock(Fields &in);
  bool stack(Fields &in);
  bool situation(Fields &in);
  bool misuse(Fields &in);
  bool note(Fields &in);
  void mark_orders_on_purpose();
  void read_losses_again();
  bool deadlock(Fields &in);
  bool deadlock_thread(Fields &in);
  bool deadlock_end(Fields &in);
  bool blocked(Fields &in);
  bool unfair(Fields &in);
  bool stall(Fields &in);
  bool snapshot(Fields &in);
  bool task(Fields &in);
  bool steered(Fields &in);
  bool profile(Fields &in);

  Run run_;
  std::string rest_; ///< the beginning of a line
  uint64_t position_ = 0;
  bool begun_ = false, restricted_ = false;
  size_t lines_ = 0, unreadable_ = 0;
  /// A K or U block whose end has not come yet.
  struct OpenBlock {
    LiveDeadlock deadlock;
    size_t missing = 0; ///< threads that are still to come
    std::optional<Snapshot> snapshot;
  };
  std::map<uint32_t, OpenBlock> open_blocks_;
  std::map<std::string, uint64_t> counters_;
};

/// By the letter of the L line; nothing if it is none.
std::optional<RunLockKind> lock_kind(char letter);

/// All traces of `paths`: trace files, or folders of them. Sorted by start time. Errors name the path; a file that is
/// no trace is an error, a folder without one too. `skipped`, if given, gets messages on files of a folder that could
/// not be read, and these are then no error.
llvm::Expected<std::vector<Run>> read_traces(const std::vector<std::string> &paths,
                                             std::vector<std::string> *skipped = nullptr);
/// Trace files in a folder, sorted.
std::vector<std::string> trace_files(llvm::StringRef folder);

} // namespace snarl
