// Driving a program into a deadlock that was predicted. The program is run again and again, its threads held up by the
// recording library where a plan says (runtime/steer.cpp), until the circle of locks closes for real.
#pragma once
#include "report_runs.h"
#include <chrono>

namespace snarl {

struct ConfirmOptions {
  std::vector<std::string> command;
  std::string library;             ///< libsnarl_rt.so
  std::string replay_folder;       ///< where plans that worked are left
  unsigned runs = 10;              ///< for each finding, at most
  std::chrono::seconds timeout{0}; ///< for one run; 0: none
  bool quiet = false;              ///< no line for each run
};

struct SteeringPlan;

/// Tries findings one after the other, and keeps what came out.
class Confirmation {
public:
  Confirmation(RunAnalysis &analysis, ConfirmOptions options) : analysis_(analysis), options_(std::move(options)) {}

  /// Drives the program towards the finding, whose circle is `pattern`. Closed: the finding is then of tier confirmed.
  /// An error if the program cannot be run, or is not the one that was recorded.
  llvm::Error attempt(Finding &finding, const LockPattern &pattern);
  /// The same for all predicted deadlocks among the findings, which those that closed for real join.
  llvm::Error attempt_all(Findings &findings, const std::vector<Run> &runs);
  /// The same by a plan that worked before; its times grow, since this may be a slower machine.
  llvm::Error replay(SteeringPlan plan);

  const Findings &live() const { return live_; } ///< the deadlocks as they stood there
  const std::vector<Notice> &notices() const { return notices_; }
  const std::vector<std::string> &replay_files() const { return replay_files_; }
  size_t confirmed() const { return confirmed_; }

private:
  struct Outcome {
    bool closed = false;
    std::string how_far; ///< for people
  };
  llvm::Expected<Outcome> run_once(const SteeringPlan &plan, const std::string &name);
  llvm::Error leave_replay(const SteeringPlan &plan);
  llvm::Error fits(const SteeringPlan &plan, const std::vector<Run> &runs) const;
  void say(const std::string &text) const;

  RunAnalysis &analysis_;
  ConfirmOptions options_;
  Findings live_;
  std::vector<Notice> notices_;
  std::vector<std::string> replay_files_;
  size_t confirmed_ = 0;
};

/// The circles of the findings, by key, as far as a run can be driven into them.
std::map<std::string, LockPattern> patterns_of(const std::vector<Run> &runs);

} // namespace snarl
