// A trace in a folder of the test's own, and its lines.
#pragma once
#include "runtime/options.h"
#include "runtime/writer.h"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace snarl_rt::test {

/// Every test of this kind writes to one file, since a process has one trace; lines() are those since the test began.
class TraceTest : public testing::Test {
protected:
  void SetUp() override {
    static std::string folder = [] {
      std::string name = testing::TempDir() + "snarl_rt_unit.XXXXXX";
      EXPECT_NE(mkdtemp(name.data()), nullptr);
      return name;
    }();
    options.trace = {folder.c_str(), folder.size()};
    ASSERT_TRUE(trace.start());
    before_ = all_lines().size();
  }

  std::vector<std::string> lines(const std::string &letters) {
    std::vector<std::string> result;
    auto all = all_lines();
    for (size_t i = before_; i < all.size(); ++i)
      if (!all[i].empty() && letters.find(all[i][0]) != std::string::npos) result.push_back(all[i]);
    return result;
  }

private:
  static std::vector<std::string> all_lines() {
    std::vector<std::string> result;
    std::ifstream file(trace.path());
    for (std::string line; std::getline(file, line);) result.push_back(line);
    return result;
  }
  size_t before_ = 0;
};

} // namespace snarl_rt::test
