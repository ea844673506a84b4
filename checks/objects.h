// Which object is meant? An access names its object in the words of its own function: `this`, a parameter, a capture.
// Followed up the calls to where the object got its name, two accesses can be compared: both end at one variable, at
// one local of the function that started a thread with it, or at the same part of the object whose member function did.
#pragma once
#include "program.h"

namespace snarl {

/// Where following the calls ends.
struct Origin {
  Path path; ///< the whole access path, in the words of `function`
  FunctionId function = kNoFunction;
  bool started = false; ///< on the way up a thread was started
  bool in_loop = false; ///< ... in a loop
  bool above = false;   ///< ... by a function that was given the object
};

/// How sure it is that two accesses can meet in one object.
enum class Same : uint8_t {
  No,
  ByType,  ///< objects of one class, one of which was given to a thread
  Perhaps, ///< one name, but pointers or elements on the way
  Yes,
};

class Objects {
public:
  explicit Objects(const Program &program);
  /// All that the object of a use can be called when agent `agent` comes there; at most kMaxOrigins.
  const std::vector<Origin> &origins(const Use &use, uint32_t agent);
  /// Do the two uses mean one memory location, in these agents?
  Same same(const Use &one, uint32_t a, const Use &other, uint32_t b);

  /// Does one function start several threads of this kind?
  bool started_in_loop(uint32_t agent) const;

  static constexpr size_t kMaxOrigins = 16, kMaxVisits = 200;

private:
  struct Caller {
    FunctionId function;
    const CallEdge *edge;
  };
  std::vector<Origin> follow(FunctionId function, const Path &path, uint32_t agent) const;
  bool comes(FunctionId function, uint32_t agent) const;
  Same compare(const Origin &one, bool write, const Origin &other, bool other_writes, bool one_thread) const;

  const Program &program_;
  std::vector<std::vector<Caller>> callers_;
  std::map<std::tuple<FunctionId, std::string, uint32_t>, std::vector<Origin>> known_;
};

/// Do two paths lead to the same memory, step by step? Elements are the same if both are picked by one constant, or if
/// one side goes over all of them.
Same same_steps(const Path &one, bool write, const Path &other, bool other_writes);

} // namespace snarl
