// What a run did that the library cannot see, in words for the report.
#pragma once
#include "checks/run.h"
#include <string>
#include <vector>

namespace snarl {

/// Sentences without a full stop; empty if everything there was could be seen. Needs `run.symbols` for places.
std::vector<std::string> unseen(const Run &run);

} // namespace snarl
