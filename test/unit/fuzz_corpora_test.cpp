// The fuzz targets, run over the corpora they start from; those of traces and facts are in the tests of their readers.
#include "llvm/Support/MemoryBuffer.h"
#include <filesystem>
#include <gtest/gtest.h>

#define LLVMFuzzerTestOneInput config_corpus_one_input // every fuzz target has that name
#include "test/fuzz/config_fuzz.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput baseline_corpus_one_input
#include "test/fuzz/baseline_fuzz.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput full_log_corpus_one_input
#include "test/fuzz/full_log_fuzz.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput plan_corpus_one_input
#include "test/fuzz/plan_fuzz.cpp"
#undef LLVMFuzzerTestOneInput

namespace {

/// How many inputs there were. A target that finds something wrong aborts.
size_t run_over(const char *corpus, int (*target)(const uint8_t *, size_t)) {
  size_t inputs = 0;
  for (const auto &entry :
       std::filesystem::directory_iterator(std::filesystem::path(__FILE__).parent_path() / "../fuzz" / corpus)) {
    auto buffer = llvm::MemoryBuffer::getFile(entry.path().string());
    if (!buffer) continue;
    llvm::StringRef text = (*buffer)->getBuffer();
    EXPECT_EQ(target(reinterpret_cast<const uint8_t *>(text.data()), text.size()), 0) << entry.path();
    ++inputs;
  }
  return inputs;
}

TEST(FuzzCorpora, Config) {
  EXPECT_GE(run_over("config", config_corpus_one_input), 4u);
}
TEST(FuzzCorpora, Baseline) {
  EXPECT_GE(run_over("baseline", baseline_corpus_one_input), 2u);
}
TEST(FuzzCorpora, FullLog) {
  EXPECT_GE(run_over("full_log", full_log_corpus_one_input), 4u);
}
TEST(FuzzCorpora, Plan) {
  EXPECT_GE(run_over("plan", plan_corpus_one_input), 5u);
}

} // namespace
