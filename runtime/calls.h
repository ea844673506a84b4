// Blocking calls as numbers: what a thread publishes is one byte.
#pragma once
#include <stdint.h>

namespace snarl_rt {

enum CallName : uint8_t {
  kNoCall,
#define CALL(result, name, parameters, arguments) kCall_##name,
#define POLL(name, parameters, arguments, descriptors, ready) kCall_##name,
#include "blocking.inc"
#include "polling.inc"
  kCall_fcntl,
#undef CALL
#undef POLL
  kCallNames
};

/// "read"; "a call" for a number out of range.
const char *call_name(uint8_t call);
/// By the kernel's number of a system call, for calls that came from inside libc or around it; null: none that blocks.
const char *system_call_name(int number);

} // namespace snarl_rt
