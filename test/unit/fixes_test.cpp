// Fixes as text edits: whole findings or nothing, files as a whole, YAML that clang's own reader understands.
#include "tool/fixes.h"
#include "clang/Tooling/DiagnosticsYaml.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/YAMLTraits.h"
#include <gtest/gtest.h>

namespace snarl {
namespace {

class Fixes : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("snarl-fixes", folder)); }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }
  std::string write(llvm::StringRef name, llvm::StringRef text) {
    std::string file = (folder + "/" + name).str();
    std::error_code error;
    llvm::raw_fd_ostream(file, error) << text;
    return file;
  }
  std::string read(const std::string &file) { return Sources().text(file).str(); }
  Finding finding(const std::string &file, std::vector<FixIt> fixes) {
    Finding f;
    f.rule = "guard-misuse";
    f.place = {file, 1, 1};
    f.message = "no name";
    f.fixes = std::move(fixes);
    return f;
  }
  llvm::SmallString<128> folder;
};

TEST_F(Fixes, AreMadeAtTheirPlaces) {
  std::string file = write("a.cpp", "int a;\nlock_guard(m);\nint b;");
  Sources sources;
  auto notice = apply_fixes({finding(file, {{{file, 2, 11}, {file, 2, 11}, " guard"}}),
                             finding(file, {{{file, 3, 5}, {file, 3, 6}, "c"}, {{file, 1, 1}, {file, 1, 4}, "long"}})},
                            sources);
  ASSERT_TRUE(bool(notice));
  EXPECT_EQ(read(file), "long a;\nlock_guard guard(m);\nint c;");
  EXPECT_EQ(notice->message, "2 findings fixed in 1 file");
}

TEST_F(Fixes, OverlapsAreLeftForTheNextTime) {
  std::string file = write("a.cpp", "abcdef\nxy\n");
  Sources sources;
  auto notice = apply_fixes({finding(file, {{{file, 1, 1}, {file, 1, 4}, "ABC"}}),
                             finding(file, {{{file, 2, 1}, {file, 2, 2}, "X"}, {{file, 1, 2}, {file, 1, 6}, "?"}})},
                            sources);
  ASSERT_TRUE(bool(notice));
  EXPECT_EQ(read(file), "ABCdef\nxy\n"); // nothing of the second
  EXPECT_NE(notice->message.find("run --fix again"), std::string::npos);
}

TEST_F(Fixes, PlacesOutsideOfTheFileAreNone) {
  std::string file = write("a.cpp", "ab\n");
  for (FixIt fix : {FixIt{{file, 1, 5}, {file, 1, 6}, "x"}, FixIt{{file, 9, 1}, {file, 9, 1}, "x"},
                    FixIt{{file, 1, 2}, {file, 1, 1}, "x"}, FixIt{{file, 0, 0}, {file, 0, 0}, "x"}}) {
    Sources sources;
    auto notice = apply_fixes({finding(file, {fix})}, sources);
    ASSERT_TRUE(bool(notice));
    EXPECT_EQ(read(file), "ab\n");
  }
}

TEST_F(Fixes, ExportIsReadByClang) {
  std::string file = write("a.cpp", "int a;\nlock_guard(m);\n");
  Sources sources;
  std::string yaml = (folder + "/fixes.yaml").str();
  llvm::Error error = export_fixes(yaml, {finding(file, {{{file, 2, 11}, {file, 2, 11}, " guard"}})}, sources);
  ASSERT_FALSE(bool(error));
  std::string text = read(yaml);
  clang::tooling::TranslationUnitDiagnostics unit;
  llvm::yaml::Input input(text);
  input >> unit;
  ASSERT_FALSE(input.error());
  ASSERT_EQ(unit.Diagnostics.size(), 1u);
  EXPECT_EQ(unit.Diagnostics[0].DiagnosticName, "snarl-guard-misuse");
  auto fix = unit.Diagnostics[0].Message.Fix.find(file);
  ASSERT_NE(fix, unit.Diagnostics[0].Message.Fix.end());
  EXPECT_EQ(fix->second.begin()->getOffset(), 17u);
}

} // namespace
} // namespace snarl
