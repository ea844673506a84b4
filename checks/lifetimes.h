// Questions of order and waiting inside one function, for the rules on what outlives what.
#pragma once
#include "program.h"

namespace snarl {

/// An operation's place in its function.
struct OpPlace {
  uint32_t block = 0, op = 0;
};

/// Can control get from right after `from` to `to`?
bool comes_after(const Function &f, OpPlace from, OpPlace to);
/// Does the function, after `from`, wait for others: join, a condition variable, a latch or future, a call that blocks
/// for a thread, a loop on an atomic, an object whose end waits? Then what it owns may well outlive what it started.
bool waits_after(const Program &program, FunctionId f, OpPlace from);
/// Does the function, or what it calls, wait for other threads?
bool waits(const Program &program, FunctionId f, unsigned depth = 0);
/// The USR of the class, if `path` is an object of `f`'s own frame: a local, a parameter by value.
bool own_object(const Program &program, const Function &f, const Path &path);
/// Blocks from which control can come back to themselves.
std::vector<bool> in_loops(const Function &f);

} // namespace snarl
