#include "tool/symbolize.h"
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace snarl;

namespace symbolize_test {
int some_variable[10] = {1};
__attribute__((noinline)) int some_function(int x) {
  return some_variable[x % 10];
}
} // namespace symbolize_test

namespace {

/// This very process, as a trace would describe it.
Run self() {
  snarl::Run run;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream in(line);
    std::string range, rights, offset, device, inode, path;
    in >> range >> rights >> offset >> device >> inode >> path;
    if (rights.find('x') == std::string::npos || path.empty() || path[0] != '/') continue;
    run.modules.push_back({std::stoull(range, nullptr, 16), std::stoull(range.substr(range.find('-') + 1), nullptr, 16),
                           std::stoull(offset, nullptr, 16), "", path});
  }
  return run;
}

uint64_t address_of(const void *p) {
  return reinterpret_cast<uint64_t>(p);
}

TEST(Symbolize, FunctionsOfThisProgram) {
  snarl::Run run = self();
  Symbolizer symbols;
  RunStack stack{{address_of(reinterpret_cast<void *>(&symbolize_test::some_function))}, uint32_t(run.modules.size())};
  Stack frames = symbols.frames(run, stack);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].function, "symbolize_test::some_function");
  EXPECT_NE(frames[0].module.find("snarl_unit"), std::string::npos);
}

TEST(Symbolize, VariablesOfThisProgram) {
  snarl::Run run = self();
  Symbolizer symbols;
  uint32_t seen = run.modules.size();
  EXPECT_EQ(symbols.variable(run, address_of(symbolize_test::some_variable), seen), "symbolize_test::some_variable");
  EXPECT_EQ(symbols.variable(run, address_of(symbolize_test::some_variable + 2), seen),
            "symbolize_test::some_variable+0x8");
  int local = symbolize_test::some_function(0);
  EXPECT_EQ(symbols.variable(run, address_of(&local), seen), "") << "on the stack";
  EXPECT_EQ(symbols.variable(run, address_of(symbolize_test::some_variable), 0), "") << "not mapped then";
}

TEST(Symbolize, WhatIsGoneHasNoName) {
  snarl::Run run;
  run.modules.push_back({0x1000, 0x2000, 0, "abcd", "/nonexistent/program"});
  Symbolizer symbols;
  Stack frames = symbols.frames(run, {{0x1234, 0x99999}, 1});
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].function, "");
  EXPECT_EQ(frames[0].offset, 0x234u);
  EXPECT_EQ(frames[0].module, "/nonexistent/program");
  EXPECT_EQ(frames[1].module, "");
  ASSERT_EQ(symbols.notes().size(), 1u) << "said once";
  EXPECT_NE(symbols.notes()[0].find("/nonexistent/program"), std::string::npos);
}

TEST(Symbolize, AnotherBuildIsNotBelieved) {
  snarl::Run run = self();
  for (RunModule &module : run.modules) module.build_id = "0123";
  Symbolizer symbols;
  Stack frames = symbols.frames(
      run, {{address_of(reinterpret_cast<void *>(&symbolize_test::some_function))}, uint32_t(run.modules.size())});
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].function, "") << "a wrong name is worse than none";
  EXPECT_EQ(symbols.notes().size(), 1u);
}

TEST(Symbolize, FunctionNames) {
  EXPECT_EQ(function_name("_ZN3Bus4emitEi"), "Bus::emit");
  EXPECT_EQ(function_name("_ZNK3Bus4sizeEv"), "Bus::size");
  EXPECT_EQ(function_name("main"), "main");
  EXPECT_EQ(function_name("_Znot_mangled"), "_Znot_mangled");
  EXPECT_EQ(function_name(""), "");
}

Stack named(std::vector<std::string> names) {
  Stack stack;
  for (std::string &name : names) stack.push_back({std::move(name), {}, "/usr/bin/program", 0, false});
  return stack;
}
std::vector<std::string> trimmed(std::vector<std::string> names) {
  std::vector<std::string> left;
  for (const Frame &frame : trim(named(std::move(names)))) left.push_back(frame.function);
  return left;
}

TEST(Symbolize, TrimmedToTheUsersFrames) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(trimmed({"__gthread_mutex_lock", "std::mutex::lock", "std::lock_guard<std::mutex>::lock_guard", "Bus::emit",
                     "main", "__libc_start_call_main", "__libc_start_main_impl", "_start"}),
            (Names{"Bus::emit", "main"}));
  EXPECT_EQ(trimmed({"", "", "__libc_start_call_main", "__libc_start_main_impl", ""}), (Names{"", ""})) << "stripped";
  EXPECT_EQ(trimmed({"worker", "std::__invoke_impl<void, void (*)()>", "std::thread::_State_impl<x>::_M_run",
                     "start_thread", "clone3"}),
            (Names{"worker"}));
  EXPECT_EQ(trimmed({"User::f", "std::sort<x>", "main"}), (Names{"User::f", "std::sort<x>", "main"}))
      << "in the middle";
  EXPECT_EQ(trimmed({"std::mutex::lock", "start_thread"}), (Names{"std::mutex::lock", "start_thread"}))
      << "nothing else there";
  EXPECT_EQ(trimmed({}), Names{});
}

} // namespace
