#include "tool/nolint.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include <fstream>
#include <gtest/gtest.h>

namespace snarl {
namespace {

std::vector<NolintDirective> parse(std::initializer_list<llvm::StringRef> lines) {
  return parse_nolint(llvm::join(lines, "\n"));
}

bool suppressed(std::initializer_list<llvm::StringRef> lines, unsigned line, llvm::StringRef rule) {
  for (const NolintDirective &directive : parse(lines))
    if (directive.covers(line, rule)) return true;
  return false;
}

TEST(Nolint, PlainMeansEveryRuleOnItsLine) {
  EXPECT_TRUE(suppressed({"x; // NOLINT"}, 1, "lock-order"));
  EXPECT_TRUE(suppressed({"x; // NOLINT: reason"}, 1, "lock-order"));
  EXPECT_FALSE(suppressed({"x; // NOLINT", "y;"}, 2, "lock-order"));
}

TEST(Nolint, NamesWithAndWithoutPrefix) {
  EXPECT_TRUE(suppressed({"x; // NOLINT(snarl-lock-order)"}, 1, "lock-order"));
  EXPECT_TRUE(suppressed({"x; // NOLINT(lock-order)"}, 1, "lock-order"));
  EXPECT_TRUE(suppressed({"x; // NOLINT(cert-*, lock-order)"}, 1, "lock-order"));
  EXPECT_FALSE(suppressed({"x; // NOLINT(snarl-lock-order)"}, 1, "self-deadlock"));
  EXPECT_FALSE(suppressed({"x; // NOLINT()"}, 1, "lock-order"));
}

TEST(Nolint, Globs) {
  EXPECT_TRUE(suppressed({"x; // NOLINT(snarl-*)"}, 1, "lock-order"));
  EXPECT_TRUE(suppressed({"x; // NOLINT(snarl-*,-snarl-lock-order)"}, 1, "self-deadlock"));
  EXPECT_FALSE(suppressed({"x; // NOLINT(snarl-*,-snarl-lock-order)"}, 1, "lock-order"));
  EXPECT_FALSE(suppressed({"x; // NOLINT(bugprone-*)"}, 1, "lock-order"));
}

TEST(Nolint, NextLine) {
  EXPECT_FALSE(suppressed({"// NOLINTNEXTLINE(lock-order)", "x;", "y;"}, 1, "lock-order"));
  EXPECT_TRUE(suppressed({"// NOLINTNEXTLINE(lock-order)", "x;", "y;"}, 2, "lock-order"));
  EXPECT_FALSE(suppressed({"// NOLINTNEXTLINE(lock-order)", "x;", "y;"}, 3, "lock-order"));
}

TEST(Nolint, Blocks) {
  auto block = {llvm::StringRef("a;"), llvm::StringRef("// NOLINTBEGIN(lock-order)"), llvm::StringRef("b;"),
                llvm::StringRef("// NOLINTEND(lock-order)"), llvm::StringRef("c;")};
  EXPECT_FALSE(suppressed(block, 1, "lock-order"));
  EXPECT_TRUE(suppressed(block, 3, "lock-order"));
  EXPECT_FALSE(suppressed(block, 3, "self-deadlock"));
  EXPECT_FALSE(suppressed(block, 5, "lock-order"));
}

TEST(Nolint, BlocksNest) {
  auto block = {llvm::StringRef("// NOLINTBEGIN(lock-order)"),
                llvm::StringRef("// NOLINTBEGIN(self-deadlock)"),
                llvm::StringRef("b;"),
                llvm::StringRef("// NOLINTEND(self-deadlock)"),
                llvm::StringRef("c;"),
                llvm::StringRef("// NOLINTEND(lock-order)")};
  EXPECT_TRUE(suppressed(block, 3, "lock-order"));
  EXPECT_TRUE(suppressed(block, 3, "self-deadlock"));
  EXPECT_TRUE(suppressed(block, 5, "lock-order"));
  EXPECT_FALSE(suppressed(block, 5, "self-deadlock"));
}

TEST(Nolint, BeginWithoutEndSuppressesNothing) {
  auto open = parse({"// NOLINTBEGIN(lock-order)", "x;"});
  ASSERT_EQ(open.size(), 1u);
  EXPECT_TRUE(open[0].unmatched);
  EXPECT_FALSE(open[0].covers(2, "lock-order"));
  auto mismatch = parse({"// NOLINTBEGIN(lock-order)", "x;", "// NOLINTEND(self-deadlock)"});
  ASSERT_EQ(mismatch.size(), 2u);
  EXPECT_TRUE(mismatch[0].unmatched && mismatch[1].unmatched);
}

TEST(Nolint, OtherWordsAreNone) {
  EXPECT_TRUE(parse({"// NOLINTED", "// MYNOLINT", "int NOLINT_x;", "// NOLINTNEXTLINES"}).empty());
}

TEST(Nolint, OnlyInComments) {
  EXPECT_TRUE(parse({"f(\"// NOLINT\");", "f(R\"(", "// NOLINT", ")\");", "int n = 1'000;"}).empty());
  EXPECT_TRUE(suppressed({"/* text", "   NOLINT(lock-order) */ x;"}, 2, "lock-order"));
  EXPECT_TRUE(suppressed({"int n = 1'000; // NOLINT"}, 1, "lock-order"));
}

TEST(Nolint, KnowsWhichCommentsAreOurs) {
  EXPECT_TRUE(parse({"// NOLINT(snarl-lock-order)"})[0].ours);
  EXPECT_FALSE(parse({"// NOLINT(bugprone-branch-clone)"})[0].ours);
  EXPECT_FALSE(parse({"// NOLINT"})[0].ours);
  EXPECT_FALSE(parse({"// as in: x; // NOLINT(snarl-lock-order)"})[0].ours) << "an example in prose";
}

class NolintFile : public testing::Test {
protected:
  void SetUp() override {
    llvm::SmallString<128> name;
    ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("nolint", "cpp", name));
    file = name.str().str();
    std::ofstream(file) << "one; // NOLINT(snarl-lock-order)\ntwo;\nthree; // NOLINT(snarl-self-deadlock)\n";
  }
  void TearDown() override { llvm::sys::fs::remove(file); }

  Finding finding(const char *rule, unsigned line, unsigned step_line = 0, bool main = true) {
    Finding finding;
    finding.rule = rule;
    finding.place = {file, line, 1};
    if (step_line) {
      Step step;
      step.place = {file, step_line, 1};
      step.main = main;
      finding.steps.push_back(step);
    }
    return finding;
  }

  std::string file;
  Sources sources;
  Nolint nolint{sources};
};

TEST_F(NolintFile, PrimaryPlaceDecides) {
  EXPECT_TRUE(nolint.suppresses(finding("lock-order", 1)));
  EXPECT_FALSE(nolint.suppresses(finding("lock-order", 2)));
  EXPECT_FALSE(nolint.suppresses(finding("self-deadlock", 2, 3)));
}

TEST_F(NolintFile, AnyAcquisitionOfALockCycleDecides) {
  EXPECT_TRUE(nolint.suppresses(finding("lock-order", 2, 1)));
  EXPECT_FALSE(nolint.suppresses(finding("lock-order", 2, 1, /*main=*/false)));
}

TEST_F(NolintFile, SaysWhichCommentsSuppressNothing) {
  EXPECT_TRUE(nolint.suppresses(finding("lock-order", 1)));
  std::vector<Notice> notices = nolint.notices(all_rules());
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].place.line, 3u);
  EXPECT_EQ(notices[0].message, "NOLINT(snarl-self-deadlock) suppresses nothing");
  EXPECT_TRUE(nolint.notices({}).empty()) << "a rule that did not run cannot have been suppressed";
}

} // namespace
} // namespace snarl
