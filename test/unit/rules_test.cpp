// Every rule is documented, and its documentation is true: the bad example is reported, the good one is not.
#include "checks/link.h"
#include "checks/models.h"
#include "checks/rule.h"
#include "tool/frontend.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include <fstream>
#include <gtest/gtest.h>
#include <set>

namespace snarl {
namespace {

class RuleTest : public testing::TestWithParam<const Rule *> {
protected:
  /// All rules over one file with that text.
  Findings check(const char *text) {
    llvm::SmallString<128> file;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("example", "cpp", file));
    std::ofstream(file.c_str()) << text;
    clang::tooling::CompileCommand command("/", file, {"clang++", "-std=c++20", "-c", file.c_str()}, "");
    Extraction extraction = extract_file(command, Models::builtin());
    for (const Notice &notice : extraction.notices) ADD_FAILURE() << notice.place.line << ": " << notice.message;
    llvm::sys::fs::remove(file);
    std::vector<Facts> units;
    units.push_back(std::move(extraction.facts));
    Program program = link(std::move(units));
    Findings findings;
    for (const Rule *rule : all_rules())
      if (rule->from_source) rule->from_source(program, findings);
    return findings;
  }
};

TEST_P(RuleTest, IsDocumented) {
  const Rule &rule = *GetParam();
  llvm::StringRef name = rule.name, summary = rule.summary;
  EXPECT_TRUE(!name.empty() && name == name.lower() && !name.contains('_') && !name.starts_with("snarl"));
  EXPECT_TRUE(!summary.empty() && !summary.contains('\n') && !summary.ends_with("."));
  EXPECT_GT(llvm::StringRef(rule.why).trim().size(), 80u);
  EXPECT_FALSE(llvm::StringRef(rule.bad).trim().empty());
  EXPECT_FALSE(llvm::StringRef(rule.good).trim().empty());
  EXPECT_FALSE(llvm::StringRef(rule.silence).trim().empty());
  EXPECT_TRUE(rule.from_source || rule.from_run);
  EXPECT_EQ(find_rule(rule.name), &rule);
  EXPECT_EQ(find_rule("snarl-" + std::string(rule.name)), &rule);
}

TEST_P(RuleTest, BadExampleIsReported) {
  const Rule &rule = *GetParam();
  Findings findings = check(rule.bad);
  if (!rule.from_source) return; // it compiles; what runs show is tested with real runs
  size_t ours = llvm::count_if(findings, [&](const Finding &finding) { return finding.rule == rule.name; });
  EXPECT_GE(ours, 1u) << rule.bad;
  for (const Finding &finding : findings) {
    EXPECT_FALSE(finding.message.empty());
    EXPECT_FALSE(finding.key.empty());
    EXPECT_TRUE(finding.place.known());
  }
}

TEST_P(RuleTest, GoodExampleIsSilent) {
  for (const Finding &finding : check(GetParam()->good))
    ADD_FAILURE() << finding.place.line << ": " << finding.message << " [" << finding.rule << "]\n" << GetParam()->good;
}

std::string test_name(const testing::TestParamInfo<const Rule *> &info) {
  std::string name = info.param->name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, RuleTest, testing::ValuesIn(all_rules().begin(), all_rules().end()), test_name);

TEST(Rules, NamesAreUnique) {
  std::set<std::string> names;
  for (const Rule *rule : all_rules()) EXPECT_TRUE(names.insert(rule->name).second) << rule->name;
}

} // namespace
} // namespace snarl
