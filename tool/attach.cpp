#include "attach.h"
#include "ask.h"
#include "report_runs.h"
#include "llvm/ADT/StringExtras.h"
#include <fmt/format.h>

namespace snarl {

int attach_command(llvm::ArrayRef<const char *> args) {
  RunAnalysis runs_analysis;
  Options options(
      "attach", "[options] PID",
      "Shows what each thread of a running process is doing: what it waits for, the locks it holds and where "
      "it took them, its stack; and deadlocks, if there are any. The process must carry the recording "
      "library (`snarl run`, or LD_PRELOAD). It goes on as before.");
  runs_analysis.declare(options);
  options.epilogue(
      "Exit codes: 0 no deadlock, 1 there is one, 2 the process cannot be asked.\n\n"
      "Threads that sleep are left alone. A thread that runs is stopped by ptrace(2) for the few milliseconds that its "
      "stack takes. A process that has made no second thread is stopped once, to start the thread that answers; a wait "
      "in epoll_wait or the like may return EINTR then, as under a debugger.");
  if (auto exit_code = options.parse(args)) return *exit_code;
  if (llvm::Error error = runs_analysis.configure()) return fail(llvm::toString(std::move(error)));
  int pid = 0;
  if (options.arguments().size() != 1 || !llvm::to_integer(options.arguments()[0], pid, 10))
    return fail("attach: name one process by its number: snarl attach PID");
  auto process = find_recorded(pid);
  if (!process) return fail(llvm::toString(process.takeError()));
  auto run = ask(*process, /*time_over=*/false);
  if (!run) return fail(llvm::toString(run.takeError()));

  ReportInfo info;
  info.verb = "attach";
  run->blind_spots.clear(); // the trace is still being written; what it lacks is for the report at the end
  Findings findings = runs_analysis.judge_live(*run);
  normalise(findings);
  runs_analysis.add_notices(info);
  return write_report(llvm::outs(), findings, info, runs_analysis.analysis.output);
}

} // namespace snarl
