// Asks the library in a running process what its threads are doing (runtime/hang_ask.cpp answers).
//
// Sleeping threads are not touched: the library reads what the kernel knows of them. A thread that runs has no stack
// until it stands, so it is stopped for the few milliseconds that its stack takes, by ptrace, which is no signal and
// makes no system call return early. Where the program is to be ended anyway every thread is stopped, since that gives
// better stacks. A process of one thread has no watcher yet that could answer: its thread is made to start one.
#pragma once
#include "checks/run.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace snarl {

/// A process that carries the library.
struct Recorded {
  int pid = 0;
  std::string library;              ///< path of the library in it
  std::vector<std::string> folders; ///< where its traces may be, likeliest first
};

/// Looks a process up. The error says why it cannot be asked: there is none, it is another user's, it does not carry
/// the library.
llvm::Expected<Recorded> find_recorded(int pid);

/// The process as its trace tells it, with one snapshot, the answer. `time_over`: it is going to be ended. The error
/// says what is in the way.
llvm::Expected<Run> ask(const Recorded &process, bool time_over);

} // namespace snarl
