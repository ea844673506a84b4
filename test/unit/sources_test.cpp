#include "tool/sources.h"
#include <gtest/gtest.h>

namespace snarl {
namespace {

TEST(Sources, Utf16Columns) {
  EXPECT_EQ(utf16_column("abc", 1), 1u);
  EXPECT_EQ(utf16_column("abc", 4), 4u);
  EXPECT_EQ(utf16_column("\u00fcx", 3), 2u) << "two bytes, one unit";
  EXPECT_EQ(utf16_column("\U0001D11Ex", 5), 3u) << "four bytes, two units";
  EXPECT_EQ(utf16_column("\xff\xffx", 3), 3u) << "no UTF-8: a byte is a unit";
  EXPECT_EQ(utf16_column("ab", 9), 9u) << "beyond the end";
}

TEST(Sources, TokenEnd) {
  EXPECT_EQ(token_end("mu_.lock()", 1), 4u);
  EXPECT_EQ(token_end("mu_.lock()", 4), 5u);
  EXPECT_EQ(token_end("x", 9), 10u);
}

TEST(Sources, Paths) {
  EXPECT_EQ(path_below("/a/b/c.cpp", "/a"), "b/c.cpp");
  EXPECT_EQ(path_below("/a/b/c.cpp", "/"), "a/b/c.cpp");
  EXPECT_EQ(path_below("/ab/c.cpp", "/a"), std::nullopt);
  EXPECT_EQ(path_below("b/../c.cpp", "/a"), "c.cpp");
  EXPECT_EQ(shown_path("/x/y.cpp", "/a"), "/x/y.cpp");
}

} // namespace
} // namespace snarl
