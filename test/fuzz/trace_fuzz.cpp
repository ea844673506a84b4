// Fuzz entry for the trace reader: whatever the bytes, there is a run or an error, and the rules have something to say
// or nothing, but end. Start from test/fuzz/trace/.
#include "checks/rule.h"
#include "tool/trace_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace snarl;
  TraceReader reader("input");
  if (llvm::errorToBool(reader.feed({reinterpret_cast<const char *>(data), size})) || !reader.begun()) return 0;
  Run run = reader.finish();
  Findings findings;
  for (const Rule *rule : all_rules())
    if (rule->from_run) rule->from_run(run, findings);
  normalise(findings);
  return 0;
}
