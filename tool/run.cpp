#include "run.h"
#include "ask.h"
#include "confirmation.h"
#include "contention.h"
#include "launch.h"
#include "report_runs.h"
#include "stopped_threads.h"
#include "trace_reader.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <unistd.h>

namespace snarl {
namespace {

constexpr int kHalted = 86, kTimeOver = 124; // the latter as timeout(1) has it
constexpr size_t kShownLocks = 20; ///< by run --contention; report has all

struct RunOptions {
  std::string trace;
  bool keep = false, halt = false;
  unsigned record = 0; ///< index of the choice
  unsigned record_limit = 64;
  bool contention = false;
  unsigned blocked_ms = 10, stall_ms = 25, starved_ms = 500;
  std::chrono::seconds timeout{0};
  std::string output;
  bool confirm = false;
  unsigned repeat = 1;
  std::optional<uint64_t> seed; ///< of --chaos, for the first run
  std::string label;            ///< "run 3 of 20 (seed 7): " when there are several
};

/// The folder that the traces go to. A temporary one is removed again, unless it is to be kept.
class TraceFolder {
public:
  llvm::Error open(const std::string &wanted) {
    std::error_code code;
    if (wanted.empty()) {
      code = llvm::sys::fs::createUniqueDirectory("snarl", path_);
      temporary_ = true;
    } else {
      path_ = wanted;
      code = llvm::sys::fs::create_directories(path_);
      if (!code) code = llvm::sys::fs::make_absolute(path_);
      if (!code && ::access(path_.c_str(), W_OK) != 0) code = std::error_code(errno, std::generic_category());
    }
    if (code)
      return llvm::createStringError(code, "cannot write traces to '" + (wanted.empty() ? path_.str().str() : wanted) +
                                               "': " + code.message());
    if (path_.str().contains(':'))
      return llvm::createStringError("the folder of the traces has a colon in its path: " + path_.str());
    for (std::string &file : trace_files(path_)) old_.insert(std::move(file));
    return llvm::Error::success();
  }
  ~TraceFolder() {
    if (temporary_) llvm::sys::fs::remove_directories(path_);
  }
  void keep() { temporary_ = false; }
  bool temporary() const { return temporary_; }
  std::string path() const { return path_.str().str(); }
  /// Those that were not there before.
  std::vector<std::string> fresh() const {
    std::vector<std::string> files = trace_files(path_);
    std::erase_if(files, [&](const std::string &file) { return old_.count(file) != 0; });
    return files;
  }

private:
  llvm::SmallString<128> path_;
  bool temporary_ = false;
  std::set<std::string> old_;
};

/// Reads the traces while they grow and says at once what has happened for sure.
class Watch {
public:
  Watch(const TraceFolder &folder, RunAnalysis &analysis) : folder_(folder), analysis_(analysis) {}

  /// `all`: also the traces of processes that have ended, which hardly ever grow.
  void look(bool all = false) {
    for (const std::string &file : folder_.fresh()) {
      auto [at, fresh] = readers_.emplace(file, Reader{TraceReader(file), 0, false});
      Reader &reader = at->second;
      if (reader.broken || (!all && reader.trace.so_far().ended)) continue;
      if (llvm::Error error = reader.trace.read_more()) {
        reader.broken = true;
        notices_.push_back({Severity::Error, llvm::toString(std::move(error)), {}});
        continue;
      }
      Run &run = reader.trace.so_far();
      size_t bad_ends = run.deadlocks.size() + run.misuses.size() + run.snapshots.size();
      if (bad_ends == reader.judged) continue;
      reader.judged = bad_ends;
      say(run);
    }
  }

  /// Everything that was read, by start time.
  std::vector<Run> finish(ReportInfo &info) {
    look(/*all=*/true);
    std::vector<Run> runs;
    for (auto &[file, reader] : readers_)
      if (!reader.broken && reader.trace.begun()) runs.push_back(reader.trace.finish());
    std::sort(runs.begin(), runs.end(), [](const Run &a, const Run &b) {
      return std::tie(a.started, a.pid, a.trace_file) < std::tie(b.started, b.pid, b.trace_file);
    });
    for (Notice &notice : notices_) {
      info.successful &= notice.severity != Severity::Error;
      info.notices.push_back(std::move(notice));
    }
    return runs;
  }

  bool said(const Finding &finding) const { return said_.count({finding.rule, finding.key}) != 0; }
  bool deadlock() const { return deadlock_; }

  /// Has every recorded process that still runs say what its threads are doing.
  void ask_all() {
    look();
    for (auto &[file, reader] : readers_) {
      const Run &run = reader.trace.so_far();
      if (!still_runs(run)) continue;
      auto process = find_recorded(static_cast<int>(run.pid));
      llvm::Error error = process ? ask(*process, /*time_over=*/true).takeError() : process.takeError();
      if (error) notices_.push_back({Severity::Warning, llvm::toString(std::move(error)), {}});
    }
    look();
  }

  /// Sends a signal to every recorded process that still runs.
  void signal_all(int signal) {
    for (auto &[file, reader] : readers_) {
      const Run &run = reader.trace.so_far();
      if (still_runs(run)) ::kill(static_cast<pid_t>(run.pid), signal);
    }
  }

  static bool still_runs(const Run &run) {
    if (run.ended || !run.pid || run.pid > INT32_MAX) return false;
    llvm::SmallString<256> image; // another program with a number that was used again is none of ours
    return !llvm::sys::fs::real_path(live_folder(static_cast<int>(run.pid)) + "/exe", image) && image == run.program;
  }

private:
  struct Reader {
    TraceReader trace;
    size_t judged = 0;
    bool broken = false;
  };

  void say(Run &run) {
    Findings now;
    for (Finding &finding : analysis_.judge_live(run)) {
      deadlock_ |= finding.rule != "hang" && finding.tier == Tier::Actual;
      if (said_.insert({finding.rule, finding.key}).second) now.push_back(std::move(finding));
    }
    if (now.empty() || analysis_.analysis.output.format != 0) return;
    normalise(now);
    OutputOptions live = analysis_.analysis.output;
    live.sarif.clear();
    live.quiet = true;
    write_report(llvm::errs(), now, {}, live);
  }

  const TraceFolder &folder_;
  RunAnalysis &analysis_;
  std::map<std::string, Reader> readers_;
  std::set<std::pair<std::string, std::string>> said_;
  std::vector<Notice> notices_;
  bool deadlock_ = false;
};

const char kEpilogue[] =
    "Exit codes: the program's own (128 + N if signal N ended it), but 1 if there are findings (see --fail-on), 2 if "
    "snarl "
    "could not do its work (the program cannot be started, or nothing could be recorded), 86 after --halt-on-deadlock "
    "ended it, 124 if the time of --timeout was over and nothing was found (the hang itself is a finding).\n\n"
    "The report goes to stderr; the program's own output is not touched. Child processes are recorded too.";

/// Text, JSON and SARIF of everything; the text leaves out what was printed while it happened.
int write_all(const Findings &findings, const ReportInfo &info, const OutputOptions &options, const std::string &output,
              const Watch &watch) {
  OutputOptions shown = options;
  shown.quiet = true; // our own summary says more
  shown.sarif.clear();
  int exit_code;
  if (output.empty()) {
    Findings rest = findings;
    if (options.format == 0) std::erase_if(rest, [&](const Finding &finding) { return watch.said(finding); });
    exit_code = write_report(llvm::errs(), rest, info, shown);
  } else {
    std::error_code code;
    llvm::raw_fd_ostream file(output, code, llvm::sys::fs::OF_None);
    if (code) return fail("cannot write '" + output + "': " + code.message());
    exit_code = write_report(file, findings, info, shown);
  }
  if (!options.sarif.empty())
    if (llvm::Error error = write_sarif(options.sarif, findings, info)) return fail(llvm::toString(std::move(error)));
  if (exit_code == kTrouble) return kTrouble;
  bool failing = std::any_of(findings.begin(), findings.end(), [&](const Finding &finding) {
    return static_cast<unsigned>(finding.severity) >= options.fail_on;
  });
  return failing ? kFindings : kClean;
}

/// `--chaos` without a seed takes one that is short enough to be typed.
llvm::Error parse_seed(llvm::StringRef text, std::optional<uint64_t> &seed) {
  constexpr uint64_t most = 1'000'000'000;
  uint64_t value = 1 + std::random_device()() % 1'000'000;
  if (!text.empty() && (text.getAsInteger(10, value) || !value || value > most))
    return llvm::createStringError("'" + text + "' is no seed: a number from 1 to 1000000000");
  seed = value;
  return llvm::Error::success();
}

/// Starts the program, waits for it and reports. `failed`: it hung, failed, or something was found.
int run_once(const RunOptions &run, RunAnalysis &runs_analysis, LaunchOptions program, bool &failed);

/// Again until something happens.
int run_repeatedly(RunOptions run, RunAnalysis &runs_analysis, const LaunchOptions &program) {
  bool quiet = runs_analysis.analysis.output.quiet || runs_analysis.analysis.output.format != 0;
  int exit_code = kClean;
  for (unsigned i = 0; i < run.repeat; ++i) {
    LaunchOptions once = program;
    std::string seed;
    // A deadlock has to end for the next run to begin.
    if (run.seed || run.repeat > 1) once.halt_on_deadlock = true;
    if (run.seed) {
      seed = fmt::format("{}", *run.seed + i);
      once.settings += fmt::format(":chaos={}:blocked_ms=0:stall_ms=0:starved_ms=0", seed); // times mean nothing now
    }
    if (run.repeat > 1)
      run.label = fmt::format("run {} of {}{}: ", i + 1, run.repeat, seed.empty() ? "" : " (seed " + seed + ")");
    else if (run.seed)
      run.label = fmt::format("seed {}: ", seed);
    bool failed = false;
    exit_code = run_once(run, runs_analysis, std::move(once), failed);
    if (!failed) continue;
    if (run.seed && !quiet && exit_code != kTrouble)
      llvm::errs() << fmt::format("snarl: the same delays again: snarl run --chaos={} -- {}{}\n", seed,
                                  program.command[0], program.command.size() > 1 ? " ..." : "");
    break;
  }
  return exit_code;
}

} // namespace

int run_command(llvm::ArrayRef<const char *> args) {
  RunOptions run;
  RunAnalysis runs_analysis;
  Options options(
      "run", "[options] [--] program [arguments...]",
      "Runs a program, unchanged and not recompiled, and reports what its threads did with locks: deadlocks while "
      "they last, orders of locks that can deadlock another time, locks that are not given back.");
  options.stop_at_first_argument();
  options.section("Recording");
  options.value("trace", "DIR",
                "keep the traces in DIR, for `snarl report` (default: a temporary folder that is removed)", run.trace);
  options.flag("keep", "do not remove the temporary folder", run.keep);
  options.choice("record", {"order", "full"},
                 "order (default): the orders in which locks are taken; full: every lock operation, so that findings "
                 "can be proven: tier 'feasible', with the schedule that leads to the deadlock",
                 run.record);
  options.value("record-limit", "MIB", "stop --record=full when a process has logged so much (default: 64)",
                run.record_limit);
  options.flag("halt-on-deadlock", "end a process that has deadlocked; exit code 86", run.halt);
  options.option("timeout", "N[s|m|h]",
                 "after that time report what every thread is doing, then end the program: SIGTERM, and SIGKILL if it "
                 "is still there after 2 s",
                 [&](llvm::StringRef text) { return parse_time(text, run.timeout); });
  options.section("Measurements (0: do not measure)");
  options.value("blocked-ms", "N",
                "tell of blocking calls under a lock when others waited N milliseconds in sum (default: 10)",
                run.blocked_ms);
  options.value("stall-ms", "N", "tell of event loops that stay away for N milliseconds (default: 25)", run.stall_ms);
  options.value("starved-ms", "N", "tell of unfair waits for a lock of N milliseconds (default: 500)", run.starved_ms);
  options.flag("contention",
               "profile every lock: how often it is taken and found taken, how long it is waited for and held; the "
               "table ends the report",
               run.contention);
  options.section("Other schedules");
  options.optional_value("chaos", "SEED",
                         "delay threads a little where they meet, at random; the seed is printed, and the same seed "
                         "makes the same delays again. Ends a process that deadlocks",
                         [&](llvm::StringRef text) { return parse_seed(text, run.seed); });
  options.value("repeat", "N",
                "run the program up to N times, with --chaos with a seed more each time, and stop when it hangs, fails "
                "or something is found",
                run.repeat);
  options.flag("confirm", "drive the program into the deadlocks that were predicted, see snarl confirm --help",
               run.confirm);
  runs_analysis.declare(options);
  options.value("o", "FILE", "print the findings into FILE (default: stderr)", run.output);
  options.epilogue(kEpilogue);
  if (auto exit_code = options.parse(args)) return *exit_code;
  if (llvm::Error error = runs_analysis.configure()) return fail(llvm::toString(std::move(error)));
  if (runs_analysis.analysis.list_checks()) {
    runs_analysis.analysis.print_checks(llvm::outs());
    return kClean;
  }

  LaunchOptions program;
  program.command = options.arguments();
  program.command.insert(program.command.end(), options.rest().begin(), options.rest().end());
  if (program.command.empty()) return fail("run: name the program: snarl run -- program arguments");
  auto library = find_runtime_library();
  if (!library) return fail(llvm::toString(library.takeError()));
  program.library = *library;
  program.halt_on_deadlock = run.halt;
  program.settings =
      fmt::format("blocked_ms={}:stall_ms={}:starved_ms={}", run.blocked_ms, run.stall_ms, run.starved_ms);
  if (run.record) program.settings += fmt::format(":record=full:record_limit_kb={}", uint64_t(run.record_limit) << 10);
  if (run.contention) program.settings += ":contention=1";
  program.timeout = run.timeout;
  if (!run.repeat) return fail("--repeat: at least one run");
  return run_repeatedly(run, runs_analysis, program);
}

namespace {

int run_once(const RunOptions &run, RunAnalysis &runs_analysis, LaunchOptions program, bool &failed) {
  const OutputOptions &output = runs_analysis.analysis.output;
  failed = true;
  TraceFolder folder;
  if (llvm::Error error = folder.open(run.trace)) return fail(llvm::toString(std::move(error)));
  Watch watch(folder, runs_analysis);
  program.trace_dir = folder.path();
  program.on_time_over = [&] { watch.ask_all(); };
  program.on_tick = [&] { watch.look(); };
  program.on_timeout = [&](int signal) { watch.signal_all(signal); };
  auto result = launch(program);
  if (!result) return fail(llvm::toString(result.takeError()));

  ReportInfo info;
  info.verb = "run";
  std::vector<Run> runs = watch.finish(info);
  if (result->timed_out)
    info.notices.push_back(
        {Severity::Warning, fmt::format("the program did not end in {} s and was stopped", run.timeout.count()), {}});
  size_t alive = std::count_if(runs.begin(), runs.end(), Watch::still_runs);
  if (alive)
    info.notices.push_back({Severity::Note,
                            fmt::format("{} recorded {} still running; the report is about what was done "
                                        "until now",
                                        alive, alive == 1 ? "process is" : "processes are"),
                            {}});
  if (runs.empty()) {
    std::string why = cannot_record(program.command[0]);
    if (why.empty()) why = "it did not load " + program.library;
    info.notices.push_back(
        {Severity::Error, fmt::format("nothing was recorded of '{}': {}", program.command[0], why), {}});
    info.successful = false;
  }
  Findings findings = runs_analysis.judge(runs, info);
  runs_analysis.suppress(findings, info);
  if (run.confirm && info.successful) {
    ConfirmOptions confirm{program.command, program.library, folder.path()};
    confirm.timeout = program.timeout;
    confirm.quiet = output.quiet || output.format != 0;
    Confirmation confirmation(runs_analysis, confirm);
    if (llvm::Error error = confirmation.attempt_all(findings, runs)) return fail(llvm::toString(std::move(error)));
    info.notices.insert(info.notices.end(), confirmation.notices().begin(), confirmation.notices().end());
    if (confirmation.confirmed()) folder.keep(); // the plans are there
  }
  runs_analysis.add_notices(info);
  llvm::Error trouble = runs_analysis.analysis.finish(findings, info);
  int exit_code = write_all(findings, info, output, run.output, watch);
  if (trouble) exit_code = fail(llvm::toString(std::move(trouble))); // after the report: it is not lost
  if (run.keep || alive) folder.keep();
  bool mixed = output.format != 0 && run.output.empty(); // JSON stays JSON
  if (run.contention && !mixed && has_profile(runs)) print_contention(llvm::errs(), runs, kShownLocks);
  if (!output.quiet && !mixed) {
    llvm::errs() << "snarl: " << run.label << summary_line(findings, info) << " in " << extent(runs);
    if (!folder.temporary()) llvm::errs() << "; traces: " << folder.path();
    llvm::errs() << '\n';
  }

  failed = exit_code != kClean || result->exit_code != 0 || watch.deadlock();
  if (exit_code == kTrouble) return kTrouble;
  if (run.halt && (watch.deadlock() || result->exit_code == kHalted)) return kHalted;
  if (exit_code == kFindings) return kFindings;
  return result->timed_out ? kTimeOver : result->exit_code;
}

} // namespace
} // namespace snarl
