#include "tool/globs.h"
#include <gtest/gtest.h>

namespace snarl {
namespace {

std::vector<std::string> names(llvm::StringRef checks, bool strict = false) {
  auto rules = select_rules(checks, strict);
  std::vector<std::string> names;
  if (!rules) return {"error: " + llvm::toString(rules.takeError())};
  for (const Rule *rule : *rules) names.push_back(rule->name);
  return names;
}

size_t count(Level level) {
  return llvm::count_if(all_rules(), [&](const Rule *rule) { return rule->level == level; });
}

TEST(Globs, TheLastMatchDecides) {
  Globs globs = llvm::cantFail(Globs::parse("*,-lock-*,lock-order"));
  EXPECT_TRUE(globs.contains("self-deadlock"));
  EXPECT_FALSE(globs.contains("lock-across-suspension"));
  EXPECT_TRUE(globs.contains("lock-order"));
  EXPECT_TRUE(globs.names("lock-order"));
  EXPECT_FALSE(globs.names("self-deadlock"));
}

TEST(Globs, SurvivesBeingMoved) {
  Globs moved;
  {
    Globs globs = llvm::cantFail(Globs::parse("a-very-long-name-that-is-not-stored-in-place*"));
    moved = std::move(globs);
  }
  EXPECT_TRUE(moved.contains("a-very-long-name-that-is-not-stored-in-place-1"));
}

TEST(Globs, Selection) {
  EXPECT_EQ(names("").size(), count(Level::On));
  EXPECT_EQ(names("", /*strict=*/true).size(), all_rules().size());
  EXPECT_EQ(names("-*,lock-order"), std::vector<std::string>{"lock-order"});
  EXPECT_EQ(names("-*,snarl-lock-order"), std::vector<std::string>{"lock-order"});
  EXPECT_EQ(names("-*"), std::vector<std::string>{});
  EXPECT_EQ(names("-lock-order").size(), count(Level::On) - 1);
}

TEST(Globs, MisspeltNamesAreErrors) {
  EXPECT_EQ(names("-*,lock-odrer"),
            std::vector<std::string>{"error: there is no rule 'lock-odrer'; did you mean 'lock-order'?"});
  EXPECT_EQ(names("[")[0].substr(0, 24), "error: '[' is not a glob");
}

} // namespace
} // namespace snarl
