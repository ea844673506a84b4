#include "tool/render.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include <fstream>
#include <gtest/gtest.h>

namespace snarl {
namespace {

/// A run finding with two sides and stacks, over a file with a tab and with characters of two and four bytes.
class RenderTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("render test", folder));
    std::ofstream(file()) << "int a;\n\tü𝄞 lock(b);\n  lock(a);\n";
    Finding finding;
    finding.rule = "lock-order";
    finding.severity = Severity::Error;
    finding.tier = Tier::Feasible;
    finding.message = "operator[](int) and 100%";
    finding.place = {file(), 2, 9};
    finding.function = "f(int)";
    finding.key = "a|b";
    finding.names = {"a", "b"};
    finding.schedule = "one   two\nlock(a)\n";
    Step one;
    one.place = {file(), 3, 3};
    one.message = "takes a";
    one.side = "thread 1";
    one.function = "f(int)";
    one.stack = {{"f(int)", {file(), 3, 3}, "/bin/prog", 0x10, true},
                 {"a_function_whose_name_is_so_long_that_its_place_must_go_to_the_next_line",
                  {file(), 2, 9},
                  "/bin/prog",
                  0x20,
                  false},
                 {"", {}, "/bin/prog", 0x30, false}};
    Step two = one;
    two.message = "thread 2 takes b";
    two.side = "thread 2";
    two.stack.clear();
    two.main = false;
    finding.steps = {one, two};
    findings = {finding};
    info.verb = "report";
    info.directory = folder.str().str();
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  std::string file() const { return (folder + "/s p.cpp").str(); }

  llvm::json::Object sarif() {
    std::string text;
    llvm::raw_string_ostream out(text);
    render_sarif(out, findings, info);
    auto value = llvm::json::parse(text);
    EXPECT_TRUE(static_cast<bool>(value));
    return std::move(*(*value->getAsObject()->getArray("runs"))[0].getAsObject());
  }

  llvm::SmallString<128> folder;
  Findings findings;
  ReportInfo info;
};

TEST_F(RenderTest, Text) {
  TextOptions options;
  options.directory = info.directory;
  std::string text;
  llvm::raw_string_ostream out(text);
  render_text(out, findings, options);
  EXPECT_EQ(text, "s p.cpp:2:9: error: operator[](int) and 100% [lock-order, feasible]\n"
                  "    2 |         ü𝄞 lock(b);\n"
                  "      |            ^\n"
                  "s p.cpp:3:3: note: thread 1: takes a\n"
                  "    #0 f(int) (inlined) at s p.cpp:3:3\n"
                  "    #1 a_function_whose_name_is_so_long_that_its_place_must_go_to_the_next_line\n"
                  "       at s p.cpp:2:9\n"
                  "    #2 ?? at prog+0x30\n"
                  "s p.cpp:3:3: note: thread 2 takes b\n"
                  "    3 |   lock(a);\n"
                  "      |   ^\n"
                  "    one   two\n"
                  "    lock(a)\n");
}

TEST_F(RenderTest, SourceFindingsHaveNoTier) {
  findings[0].tier = Tier::Ordered;
  for (Step &step : findings[0].steps) step.stack.clear();
  std::string text;
  llvm::raw_string_ostream out(text);
  render_text(out, findings);
  EXPECT_NE(text.find("[lock-order]\n"), std::string::npos);
}

TEST_F(RenderTest, UnreadableSourceIsNoObstacle) {
  findings[0].place.file = "/no/such/file.cpp";
  std::string text;
  llvm::raw_string_ostream out(text);
  render_text(out, findings);
  EXPECT_EQ(text.find("/no/such/file.cpp:2:9: error: operator"), 0u);
  auto run = sarif();
  const auto &place = *(*run.getArray("results"))[0]
                           .getAsObject()
                           ->getArray("locations")
                           ->front()
                           .getAsObject()
                           ->getObject("physicalLocation");
  EXPECT_EQ(place.getObject("artifactLocation")->getString("uri"), "file:///no/such/file.cpp");
  EXPECT_EQ(place.getObject("region")->getInteger("startLine"), 2);
  EXPECT_FALSE(place.getObject("region")->getInteger("startColumn")) << "what the column counts cannot be said";
}

TEST_F(RenderTest, Sarif) {
  auto run = sarif();
  const auto &result = *(*run.getArray("results"))[0].getAsObject();
  EXPECT_EQ(result.getObject("message")->getString("text"), "operator\\[\\](int) and 100%") << "no embedded link";
  EXPECT_EQ(result.getObject("properties")->getString("tier"), "feasible");
  const auto &location = *result.getArray("locations")->front().getAsObject();
  const auto &physical = *location.getObject("physicalLocation");
  EXPECT_EQ(physical.getObject("artifactLocation")->getString("uri"), "s%20p.cpp");
  EXPECT_EQ(physical.getObject("artifactLocation")->getString("uriBaseId"), "SRCROOT");
  EXPECT_EQ(physical.getObject("region")->getInteger("startColumn"), 6) << "tab, one unit, two units, blank";
  EXPECT_EQ(physical.getObject("region")->getInteger("endColumn"), 10);
  EXPECT_EQ(location.getArray("logicalLocations")->front().getAsObject()->getString("fullyQualifiedName"), "f(int)");

  const auto &flows = *result.getArray("codeFlows")->front().getAsObject()->getArray("threadFlows");
  ASSERT_EQ(flows.size(), 2u);
  EXPECT_EQ(flows[0].getAsObject()->getString("id"), "thread 1");
  EXPECT_EQ(result.getArray("relatedLocations")->size(), 2u);
  const auto &stacks = *result.getArray("stacks");
  ASSERT_EQ(stacks.size(), 1u);
  const auto &frames = *stacks[0].getAsObject()->getArray("frames");
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[2].getAsObject()->getString("module"), "prog");
}

TEST_F(RenderTest, FingerprintsAreMadeOfNames) {
  auto print = [&] {
    auto run = sarif();
    return (*run.getArray("results"))[0]
        .getAsObject()
        ->getObject("partialFingerprints")
        ->getString("snarlKey/v1")
        ->str();
  };
  std::string before = print();
  findings[0].place.line = 3;
  EXPECT_EQ(print(), before);
  findings[0].key = "a|c";
  EXPECT_NE(print(), before);
}

TEST_F(RenderTest, SuppressedAndNotices) {
  info.suppressed.push_back({findings[0], /*in_source=*/false, "known"});
  info.notices.push_back({Severity::Error, "broken", {file(), 0, 0}});
  info.successful = false;
  findings.clear();
  EXPECT_EQ(summary_line(findings, info), "no findings (1 suppressed)");
  auto run = sarif();
  const auto &result = *(*run.getArray("results"))[0].getAsObject();
  const auto &suppression = *result.getArray("suppressions")->front().getAsObject();
  EXPECT_EQ(suppression.getString("kind"), "external");
  EXPECT_EQ(suppression.getString("justification"), "known");
  const auto &invocation = *run.getArray("invocations")->front().getAsObject();
  EXPECT_EQ(invocation.getBoolean("executionSuccessful"), false);
  EXPECT_EQ(invocation.getArray("toolExecutionNotifications")->size(), 1u);
}

TEST_F(RenderTest, JsonSurvivesBytesThatAreNoText) {
  findings[0].message = "\xff\xfe";
  std::string text;
  llvm::raw_string_ostream out(text);
  render_json(out, findings, info);
  auto value = llvm::json::parse(text);
  ASSERT_TRUE(static_cast<bool>(value));
  const auto &finding = *value->getAsObject()->getArray("findings")->front().getAsObject();
  EXPECT_EQ(finding.getObject("place")->getString("file"), "s p.cpp");
  EXPECT_EQ(finding.getArray("steps")->front().getAsObject()->getArray("stack")->size(), 3u);
  EXPECT_EQ(finding.getArray("names")->size(), 2u);
}

TEST_F(RenderTest, AFileIsReplacedAsAWholeOrLeftAlone) {
  std::string target = (folder + "/out.sarif").str();
  EXPECT_FALSE(static_cast<bool>(write_sarif(target, findings, info)));
  EXPECT_TRUE(llvm::sys::fs::exists(target));
  llvm::Error error = write_sarif("/no/such/folder/out.sarif", findings, info);
  ASSERT_TRUE(static_cast<bool>(error));
  EXPECT_EQ(llvm::toString(std::move(error)), "cannot write '/no/such/folder/out.sarif': No such file or directory");
}

TEST(Summary, Counts) {
  Finding error, note;
  error.severity = Severity::Error;
  note.severity = Severity::Note;
  EXPECT_EQ(summary_line({}), "no findings");
  EXPECT_EQ(summary_line({error, note, error}), "2 errors, 1 note");
}

} // namespace
} // namespace snarl
