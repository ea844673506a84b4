// What the rules that read runs have in common: stacks become steps, locks and threads get their names in sentences.
#pragma once
#include "finding.h"
#include "run.h"
#include <string>
#include <vector>

namespace snarl {

/// A step at the top of `stack`. Its place is the first frame whose place is known, else only
/// the object file. `side` names the thread.
Step run_step(const Run &run, const std::string &side, StackId stack, std::string message);
Step run_step(const std::string &side, Stack frames, std::string message);
/// A stack that ends in a system call, without the functions of libc around it.
Stack callers_frames(const Run &run, StackId stack);
/// The first function in words that stay the same from run to run, as Run::where has it.
std::string function_of(const Stack &frames);
/// "thread 3 was created here", a detail; nothing for the main thread or where the place is not known.
void add_created(const Run &run, ThreadId thread, const std::string &side, Finding &finding);
/// "a", "a and b", "a, b and c".
std::string enumerate(const std::vector<std::string> &words);
/// Gives the finding the place and function of its step `index`.
void set_place(Finding &finding, size_t index);

/// Columns, one per thread, of what happens one after the other; a list when they would not fit into 80 columns.
class Schedule {
public:
  explicit Schedule(std::vector<std::string> threads) : threads_(std::move(threads)) {}
  void add(size_t thread, std::string what) { moves_.push_back({thread, std::move(what)}); }
  /// `title` on a line of its own, then the columns.
  std::string text(const std::string &title) const;

private:
  struct Move {
    size_t thread;
    std::string what;
  };
  std::vector<std::string> threads_;
  std::vector<Move> moves_;
};

} // namespace snarl
