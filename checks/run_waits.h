// What a thread waits for, in words: for the rules about threads that do not go on.
#pragma once
#include "finding.h"
#include "run.h"
#include <string>

namespace snarl {

/// "cash_m", "the end of thread 3", "a condition variable"; empty for a thread that waits for nothing that is seen.
std::string waits_for(const Run &run, const BlockedThread &thread);
/// The name of what is waited for if it is a global and has not been said by waits_for(); `modules_seen` is the
/// block's.
std::string object_name(const Run &run, uint32_t modules_seen, const BlockedThread &thread);
/// " while it holds a and b", or nothing.
std::string list_held(const Run &run, const BlockedThread &thread);
/// "waits for cash_m while it holds shelf_m", "waits in read(0), a terminal", "runs".
std::string doing(const Run &run, uint32_t modules_seen, const BlockedThread &thread);
/// "thread 3 (reader)"; for one that the library does not know, "a thread that is not recorded (12345)".
std::string name_of(const Run &run, const BlockedThread &thread);
/// Steps: where it took each lock it holds, and where it is. The last one is marked `main` or not.
void add_wait_steps(const Run &run, uint32_t modules_seen, const BlockedThread &thread, bool main, Finding &finding);
/// Part of a key: where it waits and for what, without numbers that change from run to run.
std::string wait_key(const Run &run, const BlockedThread &thread);

} // namespace snarl
