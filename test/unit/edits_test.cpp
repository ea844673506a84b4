#include "tool/annotate_header.h"
#include "tool/edits.h"
#include <gtest/gtest.h>

namespace snarl {
namespace {

std::string applied(const FileEdits &edits, llvm::StringRef text) {
  auto result = edits.apply("f.cpp", text);
  return result ? *result : llvm::toString(result.takeError());
}

TEST(Edits, OnePlaceManyInsertionsEachOnce) {
  FileEdits edits;
  edits.insert(5, " GUARDED_BY(mu)", 0);
  edits.insert(5, " GUARDED_BY(mu)", 1); // from another translation unit
  edits.insert(5, " PT_GUARDED_BY(mu)", 2);
  EXPECT_EQ(applied(edits, "int x;\n"), "int x GUARDED_BY(mu) PT_GUARDED_BY(mu);\n");
}

TEST(Edits, LiveAsLongAsAnOwnerDoes) {
  FileEdits edits;
  edits.insert(5, " A", 0);
  edits.insert(5, " A", 1);
  edits.insert(5, " B", 2);
  EXPECT_EQ(applied(edits.living({false, true, true}), "int x;"), "int x A B;");
  EXPECT_EQ(applied(edits.living({true, false, false}), "int x;"), "int x A;");
  EXPECT_TRUE(edits.living({false, false, false}).empty());
  edits.replace(0, 3, "long");
  EXPECT_EQ(applied(edits.living({false, false, false}), "int x;"), "long x;") << "nobody's stays";
}

TEST(Edits, WhereAPlaceWas) {
  FileEdits edits;
  edits.insert(5, " AA", 7);
  edits.replace(10, 3, "annotated"); // "std"
  //                     0123456789012
  llvm::StringRef text = "int x; // std::mutex";
  std::string changed = applied(edits, text);
  ASSERT_EQ(changed, "int x AA; // annotated::mutex");
  std::set<size_t> owners;
  EXPECT_EQ(edits.original(4, &owners), 4u);
  EXPECT_TRUE(owners.empty());
  EXPECT_EQ(edits.original(6, &owners), 5u);
  EXPECT_EQ(owners, std::set<size_t>{7});
  EXPECT_EQ(edits.original(unsigned(changed.find("mutex"))), unsigned(text.find("mutex")));
}

TEST(Edits, UnifiedDiff) {
  llvm::StringRef old = "#include <mutex>\n\nint a;\nint b;\nint c;\nint d;\nint e;\nint f;\nint g;\nint h;\nint x;\n";
  std::string now =
      "#include <mutex>\n#include \"t.h\"\n\nint a;\nint b;\nint c;\nint d;\nint e;\nint f;\nint g;\nint h;\n"
      "int x X;\n";
  EXPECT_EQ(unified_diff("f.h", &old, now),
            "--- a/f.h\n+++ b/f.h\n"
            "@@ -1,4 +1,5 @@\n #include <mutex>\n+#include \"t.h\"\n \n int a;\n int b;\n"
            "@@ -8,4 +9,4 @@\n int f;\n int g;\n int h;\n-int x;\n+int x X;\n");
  EXPECT_EQ(unified_diff("f.h", &old, old), "");
  EXPECT_EQ(unified_diff("n.h", nullptr, "a\nb\n"), "--- /dev/null\n+++ b/n.h\n@@ -0,0 +1,2 @@\n+a\n+b\n");
}

TEST(MacroHeader, IsKnownAgain) {
  MacroHeader written;
  written.prefix = "MY_";
  written.standard = true;
  MacroHeader read;
  ASSERT_TRUE(read.adopt(written.text()));
  EXPECT_EQ(read.prefix, "MY_");
  EXPECT_TRUE(read.standard);
  EXPECT_FALSE(read.pthread);
  EXPECT_EQ(read.text(), written.text());
  EXPECT_FALSE(read.adopt("#define GUARDED_BY(x)\n")) << "somebody else's";
}

} // namespace
} // namespace snarl
