// A baseline accepts as many findings of one rule and key as it has, reads what it wrote, and refuses the rest.
#include "tool/baseline.h"
#include <gtest/gtest.h>
#include <random>

#define LLVMFuzzerTestOneInput baseline_fuzz_one_input // every fuzz target has that name
#include "test/fuzz/baseline_fuzz.cpp"
#undef LLVMFuzzerTestOneInput

namespace snarl {
namespace {

Finding finding(const char *rule, const char *key) {
  Finding f;
  f.rule = rule;
  f.key = key;
  return f;
}

bool parses(Baseline &baseline, llvm::StringRef text) {
  llvm::Error error = baseline.parse({text, "b"});
  bool good = !error;
  llvm::consumeError(std::move(error));
  return good;
}

TEST(Baseline, AcceptsAsManyAsItHas) {
  Baseline baseline;
  ASSERT_TRUE(parses(baseline, "snarl-baseline 1\nlock-order\t1\ta|b\ndata-race\t2\tx\n"));
  Findings findings{finding("lock-order", "a|b"), finding("lock-order", "a|b"), finding("data-race", "x"),
                    finding("self-deadlock", "x")};
  std::vector<Suppressed> suppressed;
  baseline.apply(findings, suppressed);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].rule, "lock-order");
  EXPECT_EQ(findings[1].rule, "self-deadlock");
  EXPECT_EQ(suppressed.size(), 2u);
  EXPECT_EQ(baseline.unused(), 1u);
}

TEST(Baseline, ReadsWhatItWrote) {
  Findings findings{finding("lock-order", "a\tb\nc\\d"), finding("lock-order", "a\tb\nc\\d"), finding("x", "")};
  std::string text = baseline_text(findings, {});
  Baseline baseline;
  ASSERT_TRUE(parses(baseline, text));
  std::vector<Suppressed> suppressed;
  baseline.apply(findings, suppressed);
  EXPECT_TRUE(findings.empty());
  EXPECT_EQ(baseline.unused(), 0u);
  EXPECT_EQ(baseline_text({}, suppressed), text); // what was accepted stays accepted
}

TEST(Baseline, ErrorsNameLineAndRemedy) {
  for (const char *text : {"", "lock-order\t1\ta\n", "snarl-baseline 2\n", "snarl-baseline 1\nlock-order\n",
                           "snarl-baseline 1\nlock-order\tx\ta\n", "snarl-baseline 1\nlock-order\t0\ta\n",
                           "snarl-baseline 1\nlock-order\t1\ta\\\n", "snarl-baseline 1\nlock-order\t1\ta\\q\n"}) {
    Baseline baseline;
    llvm::Error error = baseline.parse({text, "my.baseline"});
    ASSERT_TRUE(bool(error)) << text;
    std::string message = llvm::toString(std::move(error));
    EXPECT_NE(message.find("my.baseline:"), std::string::npos) << message;
    EXPECT_NE(message.find("--write-baseline"), std::string::npos) << message;
  }
}

TEST(Baseline, MutationsNeverCrash) {
  std::string text = baseline_text({finding("lock-order", "a\tb|c"), finding("data-race", "x\\y")}, {});
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string mutant = text;
    for (unsigned i = random() % 4 + 1; i; --i) mutant[random() % mutant.size()] = char(random());
    baseline_fuzz_one_input(reinterpret_cast<const uint8_t *>(mutant.data()), mutant.size());
  }
}

} // namespace
} // namespace snarl
