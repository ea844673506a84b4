// Starts a program under the recording library and waits for it, without being seen: standard streams, working
// directory, signal dispositions and mask are inherited, signals sent to snarl reach the program.
#pragma once
#include "llvm/Support/Error.h"
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace snarl {

struct LaunchOptions {
  std::vector<std::string> command;
  std::string library;   ///< libsnarl_rt.so, added to LD_PRELOAD
  std::string trace_dir; ///< absolute
  bool halt_on_deadlock = false;
  std::string settings;            ///< more for SNARL_OPTIONS, "name=value:name=value"
  std::chrono::seconds timeout{0}; ///< 0: none
  std::chrono::seconds grace{2};   ///< between SIGTERM and SIGKILL when the time is over
  std::chrono::milliseconds tick{200};
  std::function<void()> on_tick;      ///< called about every `tick` while the program runs
  std::function<void()> on_time_over; ///< called before the program is ended
  /// Called when the time is up, beside the signals that the program itself gets.
  std::function<void(int signal)> on_timeout;
};

struct LaunchResult {
  int exit_code = 0; ///< 128 + signal if it was killed by one, as shells have it
  int signal = 0;    ///< that killed it, or 0
  bool timed_out = false;
};

/// An error if the program could not be started: one line that names it.
llvm::Expected<LaunchResult> launch(const LaunchOptions &options);

/// libsnarl_rt.so: $SNARL_RT, else beside this executable or in the library folders next to it.
llvm::Expected<std::string> find_runtime_library();

/// "30", "30s", "10m", "2h".
llvm::Error parse_time(llvm::StringRef text, std::chrono::seconds &time);

/// Why the dynamic linker will not load a preloaded library into `program` ("it is statically linked"); empty if it
/// will, or nobody can tell.
std::string cannot_record(const std::string &program);

} // namespace snarl
