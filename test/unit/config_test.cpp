#include "checks/config.h"
#include "checks/finding.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <fstream>
#include <gtest/gtest.h>

namespace snarl {
namespace {

class ConfigFile : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("config", folder)); }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  std::string write(llvm::StringRef text) {
    std::string file = (folder + "/.snarl.yaml").str();
    std::ofstream(file) << text.str();
    return file;
  }
  std::string error(llvm::StringRef text) {
    std::string file = write(text);
    auto config = read_config(file);
    if (config) return "no error";
    llvm::StringRef message = file;
    std::string all = llvm::toString(config.takeError());
    return llvm::StringRef(all).starts_with(message) ? all.substr(message.size()) : all;
  }
  llvm::SmallString<128> folder;
};

TEST_F(ConfigFile, EveryKey) {
  auto config = read_config(write(R"(
Checks: '-*,lock-order'
Strict: true
WarningsAsErrors: '*'
HeaderFilter: 'src/.*'
FailOn: error
Locks:
  - Name: my::Mutex
    Recursive: true
  - Name: my::AsyncMutex
    ThreadBound: false
    Shared: true
    Spin: true
Guards:
  - Name: my::ReadGuard
    Mode: shared
Acquires:
  - Function: my_try_lock
    Argument: 1
    How: try
    Mode: exclusive
Releases:
  - Function: my_unlock
Spawns:
  - Function: my::loop::post
    Argument: 1
    Kind: event-loop
Blocking: [my::wait_for_disk]
NonBlocking: [my::fast_read, my::log]
)"));
  ASSERT_TRUE(static_cast<bool>(config)) << llvm::toString(config.takeError());
  EXPECT_EQ(config->checks, "-*,lock-order");
  EXPECT_TRUE(config->strict);
  EXPECT_EQ(config->warnings_as_errors, "*");
  EXPECT_EQ(config->header_filter, "src/.*");
  EXPECT_EQ(config->fail_on, static_cast<unsigned>(Severity::Error));

  const Models &models = config->models;
  ASSERT_TRUE(models.type("my::Mutex"));
  EXPECT_TRUE(models.type("my::Mutex")->traits.is_lock);
  EXPECT_TRUE(models.type("my::Mutex")->traits.recursive);
  EXPECT_TRUE(models.type("my::Mutex")->traits.thread_bound);
  ASSERT_TRUE(models.type("my::AsyncMutex"));
  EXPECT_FALSE(models.type("my::AsyncMutex")->traits.thread_bound);
  ASSERT_TRUE(models.type("my::ReadGuard"));
  EXPECT_EQ(models.type("my::ReadGuard")->kind, TypeKind::Guard);
  EXPECT_EQ(models.type("my::ReadGuard")->mode, Mode::Shared);
  ASSERT_TRUE(models.call("my_try_lock"));
  EXPECT_EQ(models.call("my_try_lock")->how, How::Try);
  EXPECT_EQ(models.call("my_try_lock")->arg, 1);
  ASSERT_TRUE(models.call("my_unlock"));
  EXPECT_EQ(models.call("my_unlock")->kind, CallKind::Release);
  ASSERT_TRUE(models.call("my::loop::post"));
  EXPECT_EQ(models.call("my::loop::post")->spawn, SpawnKind::EventLoop);
  ASSERT_TRUE(models.call("my::wait_for_disk"));
  EXPECT_EQ(models.call("my::wait_for_disk")->kind, CallKind::Block);
  ASSERT_TRUE(models.call("my::log"));
  EXPECT_TRUE(models.type("std::mutex")) << "the built-in models stay";
}

TEST_F(ConfigFile, ErrorsNameTheLine) {
  EXPECT_EQ(error("Checks: '*'\nChekcs: x\n"), ":2:1: unknown key 'Chekcs'");
  EXPECT_EQ(error("Locks:\n  - Recursive: true\n"), ":2:5: missing required key 'Name'");
  EXPECT_EQ(error("Spawns:\n  - Function: f\n    Kind: wire\n").substr(0, 5), ":3:11");
  EXPECT_EQ(error("Strict: perhaps\n").substr(0, 5), ":1:9:");
  EXPECT_NE(error("Checks: [\n"), "no error");
}

TEST_F(ConfigFile, FoundUpwards) {
  std::string file = write("Checks: '*'\n");
  llvm::SmallString<128> deep(folder);
  llvm::sys::path::append(deep, "a", "b");
  ASSERT_FALSE(llvm::sys::fs::create_directories(deep));
  EXPECT_EQ(find_config(deep), file);
  EXPECT_EQ(find_config(folder), file);
}

TEST(Config, MissingFile) {
  auto config = read_config("/no/such/file.yaml");
  ASSERT_FALSE(static_cast<bool>(config));
  EXPECT_EQ(llvm::toString(config.takeError()), "cannot read '/no/such/file.yaml': No such file or directory");
}

} // namespace
} // namespace snarl
