#include "tool/options.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

namespace snarl {
namespace {

struct Sample {
  std::string text;
  unsigned number = 7, pick = 0;
  bool on = false;
  std::vector<std::string> many;
  Options options{"check", "[options]", "Does it."};

  Sample() {
    options.value("p", "DIR", "folder", text);
    options.value("j", "N", "jobs", number);
    options.value("sarif", "FILE", "file", text);
    options.choice("format", {"text", "json"}, "form", pick);
    options.flag("quiet", "less", on);
    options.values("with", "X", "several", many);
  }
  std::optional<int> parse(std::vector<const char *> args) { return options.parse(args); }
};

TEST(Options, EveryWayToGiveAValue) {
  for (std::vector<const char *> args : std::vector<std::vector<const char *>>{
           {"--sarif=x"}, {"--sarif", "x"}, {"-sarif=x"}, {"-sarif", "x"}, {"-p", "x"}, {"-p=x"}, {"-px"}}) {
    Sample sample;
    EXPECT_EQ(sample.parse(args), std::nullopt) << args[0];
    EXPECT_EQ(sample.text, "x") << args[0];
  }
}

TEST(Options, TypedValues) {
  Sample sample;
  EXPECT_EQ(sample.parse({"-j4", "--format=json", "--quiet", "--with=a", "--with", "b"}), std::nullopt);
  EXPECT_EQ(sample.number, 4u);
  EXPECT_EQ(sample.pick, 1u);
  EXPECT_TRUE(sample.on);
  EXPECT_EQ(sample.many, (std::vector<std::string>{"a", "b"}));
}

TEST(Options, ArgumentsAndWhatFollowsTheDashes) {
  Sample sample;
  EXPECT_EQ(sample.parse({"a.cpp", "--quiet", "b.cpp", "--", "--quiet", "c.cpp"}), std::nullopt);
  EXPECT_EQ(sample.options.arguments(), (std::vector<std::string>{"a.cpp", "b.cpp"}));
  EXPECT_EQ(sample.options.rest(), (std::vector<std::string>{"--quiet", "c.cpp"}));
  EXPECT_TRUE(sample.options.has_rest());
}

TEST(Options, CanStopAtTheFirstArgument) {
  Sample sample;
  sample.options.stop_at_first_argument();
  EXPECT_EQ(sample.parse({"--quiet", "prog", "--sarif"}), std::nullopt);
  EXPECT_EQ(sample.options.rest(), (std::vector<std::string>{"prog", "--sarif"}));
}

std::string error_of(std::vector<const char *> args) {
  testing::internal::CaptureStderr();
  Sample sample;
  EXPECT_EQ(sample.parse(std::move(args)), 2);
  return testing::internal::GetCapturedStderr();
}

TEST(Options, Errors) {
  EXPECT_EQ(error_of({"--sarfi=x"}),
            "snarl: error: unknown option '--sarfi'; did you mean '--sarif'? (snarl check --help lists all)\n");
  EXPECT_EQ(error_of({"--sarif"}), "snarl: error: --sarif needs a value (FILE)\n");
  EXPECT_EQ(error_of({"--quiet=1"}), "snarl: error: --quiet takes no value\n");
  EXPECT_EQ(error_of({"-j", "x"}), "snarl: error: -j: 'x' is not a number\n");
  EXPECT_EQ(error_of({"--format=xml"}), "snarl: error: --format: 'xml' is none of text|json\n");
}

TEST(Options, DidYouMean) {
  std::vector<std::string> words{"check", "report", "run"};
  EXPECT_EQ(did_you_mean("chekc", words), "check");
  EXPECT_EQ(did_you_mean("rnu", words), "run");
  EXPECT_EQ(did_you_mean("banana", words), "");
}

TEST(Options, WrapBreaksAtBlanksOnly) {
  EXPECT_EQ(wrap("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrap("one two three", 7, 2), "one two\n  three");
  EXPECT_EQ(wrap("extraordinarily long", 5), "extraordinarily\nlong");
  EXPECT_EQ(wrap("a b\n    code  stays as it is", 8), "a b\n    code  stays as it is");
}

TEST(Options, ReflowJoinsTheLinesOfAParagraph) {
  EXPECT_EQ(reflow("\none\ntwo\n\nthree\n- item\nof it\n  code\nfour\n"),
            "one two\n\nthree\n- item of it\n  code\nfour");
}

} // namespace
} // namespace snarl
