// Two uses of one location that nothing keeps apart: the question behind data-race.
#pragma once
#include "hand_over.h"
#include "objects.h"

namespace snarl {

struct RacePair {
  const Use *one = nullptr, *other = nullptr; ///< `one` writes
  uint32_t agent = 0, other_agent = 0;
  Same same = Same::No;
};

class RacePairs {
public:
  explicit RacePairs(const Program &program) : program_(program), hand_overs_(program), objects_(program) {}
  /// The clearest pair of the location: at least one of the two is in a thread that is seen to be started, one writes,
  /// one holds no lock, and neither creation, join nor hand-over comes between. No pair: `one` is null.
  RacePair find(const SharedLocation &location);

private:
  bool started(uint32_t agent) const;
  bool repeated(uint32_t agent) const;
  bool in_sight(uint32_t agent) const;
  bool uncertain(FunctionId function, uint32_t agent);
  bool may_race(const Use &one, const Use &other) const;
  bool before_start(const Use &use, uint32_t agent) const;

  const Program &program_;
  HandOvers hand_overs_;
  Objects objects_;
  std::map<uint32_t, std::set<FunctionId>> certain_; ///< by agent
};

/// Do the two hold, or perhaps hold, one lock? What has no name can be any.
bool perhaps_common_lock(const std::vector<Hold> &one, const std::vector<Hold> &other);

} // namespace snarl
