// Fuzz entry for .snarl.yaml: whatever the bytes, there is a configuration or one line that says what is wrong. Start
// from test/fuzz/config/. The unit tests run this function over the same folder.
#include "checks/config.h"
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const int file = memfd_create("config", MFD_CLOEXEC); // read_config wants a name, and a disk would be slow
  static const std::string name = "/proc/self/fd/" + std::to_string(file);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) return 0;
  auto config = snarl::read_config(name);
  if (config) return 0;
  std::string message = llvm::toString(config.takeError());
  if (message.empty() || llvm::StringRef(message).contains('\n')) std::abort();
  return 0;
}
