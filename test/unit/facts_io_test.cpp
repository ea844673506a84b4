#include "checks/facts_io.h"
#include "checks/path.h"
#include "test/fuzz/facts_fuzz.cpp"
#include "gtest/gtest.h"
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

using namespace snarl;

namespace {

std::string written(const Facts &facts) {
  std::string text;
  llvm::raw_string_ostream out(text);
  write_facts(facts, out);
  return text;
}

Path path(Root root, uint32_t index, std::initializer_list<PathStep> steps) {
  Path p;
  p.root = root;
  p.index = index;
  p.steps = steps;
  return p;
}

Facts example() {
  Facts facts;
  facts.main_file = Symbol("src/a file.cpp");
  facts.bounded = 2;
  Function f;
  f.usr = Symbol("c:@F@f#");
  f.name = Symbol("Bus::emit");
  f.site = {Symbol("src/bus.h"), 12, 3};
  f.overrides = {Symbol("c:@F@g"), Symbol("c:@F@h")};
  f.is_method = f.is_coroutine = true;
  f.params.resize(2);
  f.params[0].name = Symbol("x");
  f.params[0].by_value = true;
  f.params[1].name = Symbol("y");
  f.params[1].pointer_to_const = f.params[1].reference = true;
  f.params[1].record = Symbol("c:@S@Y");
  f.locals.resize(1);
  f.locals[0].name = Symbol("g");
  f.locals[0].type = Symbol("std::lock_guard<std::mutex>");
  f.locals[0].by_value = true;
  Contract contract{Contract::Requires, Mode::Shared, path(Root::This, 0, {{PathStep::Field, Symbol("c:mu")}})};
  f.contracts = {contract};
  f.blocks.resize(3);
  f.blocks[0].successors = {1, 2};
  f.blocks[0].branch.kind = Branch::Owns;
  f.blocks[0].branch.success_on_true = false;
  f.blocks[0].branch.path = path(Root::Local, 0, {});
  Op op;
  op.kind = OpKind::Call;
  op.id = 7;
  op.site = {Symbol("src/bus.h"), 13, 5};
  op.timeout_ms = 0;
  Value v;
  v.path = path(Root::Param, 1, {{PathStep::Deref, {}}, {PathStep::Index, Symbol("i + 1, \\ \n")}});
  v.function = Symbol("c:@F@cb");
  v.bound = {path(Root::This, 0, {}), path(Root::Result, 4, {})};
  v.moved = v.fresh = true;
  op.args = {v, Value()};
  f.blocks[0].ops = {op};
  f.exit = 1;
  facts.functions = {f};
  Decl d;
  d.usr = Symbol("c:mu");
  d.lock.is_lock = true;
  d.lock.thread_bound = false;
  d.by_value = false;
  facts.decls = {d};
  Record r;
  r.usr = Symbol("c:@S@Bus");
  r.bases = {Symbol("c:@S@Base")};
  facts.records = {r};
  return facts;
}

std::string error_of(llvm::StringRef text) {
  auto facts = read_facts({text, "x.facts"});
  return facts ? "" : llvm::toString(facts.takeError());
}

TEST(FactsIo, RoundTrip) {
  std::string first = written(example());
  auto facts = read_facts({first, "x"});
  ASSERT_TRUE(bool(facts)) << llvm::toString(facts.takeError());
  EXPECT_EQ(written(*facts), first);
  const Function &f = facts->functions.at(0);
  EXPECT_EQ(f.name.str(), "Bus::emit");
  EXPECT_EQ(f.overrides.size(), 2u);
  EXPECT_EQ(f.blocks.size(), 3u);
  EXPECT_EQ(f.blocks[0].branch.kind, Branch::Owns);
  EXPECT_FALSE(f.blocks[0].branch.success_on_true);
  const Op &op = f.blocks[0].ops.at(0);
  EXPECT_EQ(op.kind, OpKind::Call);
  EXPECT_EQ(op.timeout_ms, 0);
  ASSERT_EQ(op.args.size(), 2u);
  EXPECT_EQ(op.args[0].path.steps[1].symbol.str(), "i + 1, \\ \n");
  EXPECT_EQ(op.args[0].bound.size(), 2u);
  EXPECT_TRUE(op.args[0].moved && op.args[0].fresh && !op.args[0].borrowed);
  EXPECT_FALSE(facts->decls.at(0).lock.thread_bound);
  EXPECT_EQ(facts->bounded, 2u);
}

TEST(FactsIo, ErrorsNameFileLineAndRemedy) {
  EXPECT_EQ(error_of(""), "x.facts:0: not a facts file; write it again with 'snarl facts'");
  EXPECT_NE(error_of("snarl-facts 9\n").find("x.facts:1: facts of version 9, this is for version 1"),
            std::string::npos);
  std::string good = written(example());
  EXPECT_NE(error_of(llvm::StringRef(good).drop_back(5)).find("cut off"), std::string::npos);
  EXPECT_NE(error_of("snarl-facts 1\nstrings 0\nunit colour\nend\n").find("x.facts:3: unknown key 'colour'"),
            std::string::npos);
  EXPECT_NE(error_of("snarl-facts 1\nstrings 0\nunit\nfunction\nblock to=4\nend\n").find("successor"),
            std::string::npos);
  EXPECT_NE(error_of("snarl-facts 1\nstrings 0\nunit\nfunction\nblock\naccess path=L0\nend\n").find("names no"),
            std::string::npos);
}

TEST(FactsIo, MutationsNeverCrash) {
  std::vector<std::string> seeds = {written(example())};
  for (auto &entry :
       std::filesystem::directory_iterator(std::filesystem::path(__FILE__).parent_path() / "../fuzz/facts")) {
    std::ifstream in(entry.path());
    std::stringstream text;
    text << in.rdbuf();
    seeds.push_back(text.str());
  }
  ASSERT_GT(seeds.size(), 2u);
  std::mt19937 random(1);
  auto run = [](const std::string &s) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(s.data()), s.size());
  };
  const std::string alphabet = "0123456789 =|,;:.*[\nNTPVLCRO\\-fbm";
  for (const std::string &seed : seeds) {
    run(seed);
    for (int i = 0; i < 2000; ++i) {
      std::string s = seed.substr(0, 6000);
      for (unsigned n = random() % 4 + 1; n && !s.empty(); --n) {
        size_t at = random() % s.size();
        switch (random() % 3) {
        case 0: s[at] = alphabet[random() % alphabet.size()]; break;
        case 1: s.erase(at, random() % 8); break;
        case 2: s.insert(at, 1, alphabet[random() % alphabet.size()]); break;
        }
      }
      run(s);
    }
  }
}

TEST(Path, TextForm) {
  Path p = path(Root::Param, 2, {{PathStep::Field, Symbol("mu")}, {PathStep::Deref, {}}});
  EXPECT_EQ(to_string(p), "P2.mu*");
  EXPECT_EQ(p.last_field().str(), "mu");
  EXPECT_EQ(to_string(Path()), "N");
  for (unsigned i = 0; i < kMaxPathSteps; ++i) p = extended(p, PathStep::Index, Symbol("i"));
  EXPECT_FALSE(p.known());
  EXPECT_EQ(p.steps.size(), size_t(kMaxPathSteps));
}

} // namespace
