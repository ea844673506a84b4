// Fuzz entry for the reader of full logs: whatever the bytes, there is a log whose parts fit together. Start from
// test/fuzz/full_log/. The unit tests run this function over the same folder.
#include "tool/full_log_reader.h"
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace snarl;
  Run run;
  size_t damaged = 0;
  FullLog log = decode_full_log({reinterpret_cast<const char *>(data), size}, run, damaged);
  log.link();
  for (const LogThread &thread : log.threads)
    if (thread.events.size() > size) std::abort(); // an event takes a byte at least
  return 0;
}
