// Fuzz entry for plans, which have two readers: the command's, which says what is wrong, and the recording library's.
// What the command has read is written and read again as the same text. Start from test/fuzz/plan/. The unit tests run
// this function over the same folder.
#include "runtime/steer_plan.cpp" // not part of the command
#include "tool/plan.h"
#include <cstdlib>

bool snarl_rt::silent = false;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  auto plan = snarl::read_plan(text);
  if (plan) {
    std::string first = snarl::write_plan(*plan);
    auto again = snarl::read_plan(first);
    if (!again || snarl::write_plan(*again) != first) std::abort();
  } else if (std::string message = llvm::toString(plan.takeError());
             message.empty() || message.find('\n') != std::string::npos) {
    std::abort();
  }
  static snarl_rt::Plan theirs;
  theirs = {};
  snarl_rt::parse_plan(text.data(), theirs);
  return 0;
}
