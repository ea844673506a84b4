// Fuzz entry for the reader of facts files: whatever the bytes, read_facts returns facts or an error, and facts that
// were read are written and read again as the same text. Build with -fsanitize=fuzzer, start from test/fuzz/facts/. The
// unit tests run this function over the same folder and over mutations of it.
#include "checks/facts_io.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace snarl;
  auto text = [](const Facts &facts) {
    std::string out;
    llvm::raw_string_ostream stream(out);
    write_facts(facts, stream);
    return out;
  };
  auto facts = read_facts({{reinterpret_cast<const char *>(data), size}, "input"});
  if (!facts) {
    llvm::consumeError(facts.takeError());
    return 0;
  }
  std::string first = text(*facts);
  auto again = read_facts({first, "again"});
  if (!again || text(*again) != first) std::abort();
  return 0;
}
