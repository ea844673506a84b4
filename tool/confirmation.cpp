#include "confirmation.h"
#include "checks/run_steps.h"
#include "launch.h"
#include "plan.h"
#include "trace_reader.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace snarl {
namespace {

constexpr unsigned kLongestStop = 12'000, kLongestBudget = 600'000; // milliseconds

/// A temporary folder for one run.
class Scratch {
public:
  Scratch() : code_(llvm::sys::fs::createUniqueDirectory("snarl", path_)) {}
  ~Scratch() {
    if (!code_) llvm::sys::fs::remove_directories(path_);
  }
  Scratch(const Scratch &) = delete;
  std::error_code code() const { return code_; }
  std::string path() const { return path_.str().str(); }

private:
  llvm::SmallString<128> path_;
  std::error_code code_;
};

llvm::Error write_file(const std::string &path, const std::string &text) {
  std::error_code code;
  llvm::raw_fd_ostream file(path, code, llvm::sys::fs::OF_None);
  if (!code) file << text, file.flush(), code = file.error();
  if (!code) return llvm::Error::success();
  file.clear_error();
  return llvm::createStringError(code, "cannot write '" + path + "': " + code.message());
}

/// What is tried, in this order. Short stops first: most circles close at once if they close at all. Then longer ones,
/// for threads that come late, and another thread goes first, for threads that are in each other's way.
std::vector<SteeringPlan> strategies(const LockPattern &pattern, const Finding &finding, unsigned runs) {
  auto sides = static_cast<unsigned>(pattern.sides.size());
  std::vector<unsigned> order;             // of going first
  for (const Step &step : finding.witness) // what a proof says about who holds his lock first
    for (unsigned i = 0; i < sides && order.empty(); ++i)
      if (!step.stack.empty() && step.side == pattern.sides[i].thread) order.push_back(i + 1);
  for (unsigned i = 1; i <= sides; ++i)
    if (order.empty() || order.front() != i) order.push_back(i);
  SteeringPlan plan;
  plan.about = finding.message;
  plan.key = finding.key;
  plan.sides = pattern.sides;
  std::vector<SteeringPlan> all;
  auto add = [&](unsigned ms, unsigned first, bool occurrences) {
    plan.delay_ms = ms;
    plan.budget_ms = std::min(ms * std::max(4 * sides, 12u), kLongestBudget);
    plan.first = first;
    plan.occurrences = occurrences;
    all.push_back(plan);
  };
  add(200, 0, true);
  for (unsigned first : order) add(200, first, true);
  add(1000, 0, false);
  add(6000, 0, true);
  for (unsigned first : order) add(1000, first, false);
  for (unsigned first : order) add(6000, first, true);
  while (all.size() < runs) add(kLongestStop, 0, all.size() % 2 != 0);
  all.resize(runs);
  return all;
}

bool same_circle(const Run &run, const LiveDeadlock &deadlock, const std::vector<SteeredSide> &sides) {
  return std::all_of(sides.begin(), sides.end(), [&](const SteeredSide &side) {
    return std::any_of(deadlock.threads.begin(), deadlock.threads.end(), [&](const BlockedThread &thread) {
      auto stack = run.stacks.find(thread.stack);
      return thread.in_cycle && stack != run.stacks.end() && same_place(side.want, pattern_frames(run, stack->second));
    });
  });
}

/// "thread 2 came to its place, thread 3 did not".
std::string how_far(const std::vector<Run> &runs, const std::vector<SteeredSide> &sides) {
  std::set<unsigned> came;
  for (const Run &run : runs)
    for (const SteeredStop &stop : run.steered)
      if (!stop.before_hold) came.insert(stop.side);
  std::vector<std::string> there, missing;
  for (unsigned i = 1; i <= sides.size(); ++i) {
    std::string name = sides[i - 1].thread.empty() ? fmt::format("side {}", i) : sides[i - 1].thread;
    (came.count(i) ? there : missing).push_back(name);
  }
  if (there.empty()) return "no thread came to its place in the circle";
  if (missing.empty()) return "all threads came to their places, but not at the same time";
  return fmt::format("{} came to {} place, {} did not", enumerate(there), there.size() == 1 ? "its" : "their",
                     enumerate(missing));
}

/// Why no run can be driven into the circle; empty if one can.
std::string hopeless(const LockPattern &pattern) {
  if (pattern.sides.size() > kMostSides) return fmt::format("the circle has more than {} threads", kMostSides);
  for (const SteeredSide &side : pattern.sides) {
    if (side.timed) return side.thread + " waits with a time limit, so nothing stays for ever";
    if (side.hold.frames.empty() || side.want.frames.empty()) return "the places of " + side.thread + " are not known";
  }
  return {};
}

} // namespace

std::map<std::string, LockPattern> patterns_of(const std::vector<Run> &runs) {
  std::map<std::string, LockPattern> all;
  for (const Run &run : runs)
    for (const auto &[key, pattern] : run.patterns) {
      auto [at, fresh] = all.emplace(key, pattern);
      if (!fresh && pattern.tier > at->second.tier) at->second = pattern;
    }
  return all;
}

void Confirmation::say(const std::string &text) const {
  if (!options_.quiet) llvm::errs() << "snarl: " << text << '\n';
}

/// The same code has to be there: offsets in another build mean something else.
llvm::Error Confirmation::fits(const SteeringPlan &plan, const std::vector<Run> &runs) const {
  if (runs.empty()) {
    std::string why = cannot_record(options_.command[0]);
    return llvm::createStringError(fmt::format("nothing was recorded of '{}': {}", options_.command[0],
                                               why.empty() ? "it did not load " + options_.library : why));
  }
  for (const SteeredSide &side : plan.sides)
    for (const SteeredPoint *point : {&side.hold, &side.want})
      for (const ModulePlace &frame : point->frames) {
        if (frame.build_id.empty()) continue;
        bool there = false, other = false;
        for (const Run &run : runs)
          for (const RunModule &module : run.modules) {
            there |= module.build_id == frame.build_id;
            other |= module.path == frame.path;
          }
        if (!there && other)
          return llvm::createStringError(fmt::format(
              "{} was built again since the trace was recorded: record it again with snarl run --trace", frame.path));
        if (!there && llvm::StringRef(frame.path) == plan.sides[0].want.frames.back().path && runs.size() == 1)
          return llvm::createStringError(
              fmt::format("'{}' does not run {}, of which the finding is", options_.command[0], frame.path));
      }
  return llvm::Error::success();
}

llvm::Expected<Confirmation::Outcome> Confirmation::run_once(const SteeringPlan &plan, const std::string &name) {
  Scratch folder;
  if (folder.code()) return llvm::createStringError("cannot make a temporary folder: " + folder.code().message());
  std::string file = folder.path() + "/plan";
  if (folder.path().find(':') != std::string::npos)
    return llvm::createStringError("the temporary folder has a colon in its path: " + folder.path());
  if (llvm::Error error = write_file(file, write_plan(plan))) return error;
  LaunchOptions program;
  program.command = options_.command;
  program.library = options_.library;
  program.trace_dir = folder.path();
  program.halt_on_deadlock = true;
  program.settings = "steer=" + file + ":blocked_ms=0:stall_ms=0:starved_ms=0";
  program.timeout = options_.timeout;
  auto result = launch(program);
  if (!result) return result.takeError();

  std::vector<Run> runs;
  for (const std::string &trace : trace_files(folder.path())) {
    TraceReader reader(trace);
    if (llvm::Error error = reader.read_more()) return error;
    if (reader.begun()) runs.push_back(reader.finish());
  }
  if (llvm::Error error = fits(plan, runs)) return error;
  Outcome outcome;
  outcome.how_far = how_far(runs, plan.sides);
  if (result->timed_out) outcome.how_far += "; the program was stopped when its time was over";
  for (Run &run : runs) {
    bool here = std::any_of(run.deadlocks.begin(), run.deadlocks.end(),
                            [&](const LiveDeadlock &deadlock) { return same_circle(run, deadlock, plan.sides); });
    outcome.closed |= here;
    for (Finding &finding : analysis_.judge_live(run)) {
      if (finding.rule != "deadlock") continue;
      if (!here) outcome.how_far = "another deadlock came first";
      bool known = std::any_of(live_.begin(), live_.end(), [&](const Finding &f) { return f.key == finding.key; });
      finding.message += fmt::format(" (in {}, which was {})", name, here ? "driven into it" : "steered");
      if (!known) live_.push_back(std::move(finding));
    }
  }
  return outcome;
}

llvm::Error Confirmation::leave_replay(const SteeringPlan &plan) {
  for (unsigned n = 1;; ++n) {
    std::string path = fmt::format("{}/confirmed-{}.plan", options_.replay_folder, n);
    if (llvm::sys::fs::exists(path)) continue;
    if (llvm::Error error = write_file(path, write_plan(plan))) return error;
    replay_files_.push_back(path);
    return llvm::Error::success();
  }
}

llvm::Error Confirmation::attempt(Finding &finding, const LockPattern &pattern) {
  auto note = [&](const std::string &text) { notices_.push_back({Severity::Note, text, finding.place}); };
  if (std::string why = hopeless(pattern); !why.empty()) {
    note("not tried: " + why);
    return llvm::Error::success();
  }
  std::string last;
  unsigned number = 0;
  for (const SteeringPlan &plan : strategies(pattern, finding, options_.runs)) {
    std::string name = fmt::format("run {} of {}", ++number, options_.runs);
    auto outcome = run_once(plan, name);
    if (!outcome) return outcome.takeError();
    if (outcome->closed) {
      say(name + ": the circle closed");
      finding.tier = Tier::Confirmed;
      finding.message += fmt::format("; {} was driven into it", name);
      ++confirmed_;
      return leave_replay(plan);
    }
    last = outcome->how_far;
    say(name + ": not reached: " + last);
  }
  note(fmt::format("not reached in {} {}, which proves nothing: {}", options_.runs, options_.runs == 1 ? "run" : "runs",
                   last));
  return llvm::Error::success();
}

llvm::Error Confirmation::attempt_all(Findings &findings, const std::vector<Run> &runs) {
  std::map<std::string, LockPattern> patterns = patterns_of(runs);
  for (Finding &finding : findings) {
    auto pattern = patterns.find(finding.key);
    if (finding.rule != "lock-order" || pattern == patterns.end()) continue;
    if (llvm::Error error = attempt(finding, pattern->second)) return error;
  }
  findings.insert(findings.end(), live_.begin(), live_.end());
  normalise(findings);
  return llvm::Error::success();
}

llvm::Error Confirmation::replay(SteeringPlan plan) {
  for (unsigned number = 1; number <= options_.runs; ++number) {
    std::string name = fmt::format("run {} of {}", number, options_.runs);
    auto outcome = run_once(plan, name);
    if (!outcome) return outcome.takeError();
    say(name + (outcome->closed ? ": the circle closed" : ": not reached: " + outcome->how_far));
    if (!outcome->closed) {
      bool longer = number % 2 == 0 && plan.delay_ms < kLongestStop;
      if (longer) plan.delay_ms *= 2, plan.budget_ms = std::min(2 * plan.budget_ms, kLongestBudget);
      continue;
    }
    ++confirmed_;
    break;
  }
  return llvm::Error::success();
}

} // namespace snarl
