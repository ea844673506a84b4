// Fuzz entry for the reader of baselines: whatever the bytes, it is a baseline or an error, and using it takes nothing
// from nothing. Build with -fsanitize=fuzzer, start from test/fuzz/baseline/.
#include "tool/baseline.h"
#include "llvm/Support/MemoryBuffer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  snarl::Baseline baseline;
  auto text =
      llvm::MemoryBuffer::getMemBufferCopy({reinterpret_cast<const char *>(data), size}, "input"); // zero ends it
  llvm::Error error = baseline.parse(*text);
  if (error) {
    llvm::consumeError(std::move(error));
    return 0;
  }
  snarl::Findings none;
  std::vector<snarl::Suppressed> suppressed;
  baseline.apply(none, suppressed);
  if (!suppressed.empty()) __builtin_trap();
  return 0;
}
