// The answers of the file system, kept and asked for again.
#include "tool/dependencies.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

namespace snarl {
namespace {

class Dependencies : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("snarl-dependencies", folder));
    write("a.h", "old");
    age("a.h");
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  std::string path(llvm::StringRef name) { return (folder + "/" + name).str(); }
  void write(llvm::StringRef name, llvm::StringRef text) {
    std::error_code error;
    llvm::raw_fd_ostream(path(name), error) << text;
  }
  void age(llvm::StringRef name) {
    int fd;
    ASSERT_FALSE(llvm::sys::fs::openFileForRead(path(name), fd));
    llvm::sys::fs::setLastAccessAndModificationTime(fd, llvm::sys::toTimePoint(1500000000));
    llvm::sys::Process::SafelyCloseFileDescriptor(fd);
  }
  /// Asks for a.h (content), b.h (not there) and lists the folder.
  Answers ask(FileState &state) {
    RecordingFileSystem files(llvm::vfs::createPhysicalFileSystem().release(), state);
    std::error_code error;
    files.setCurrentWorkingDirectory(folder);
    files.dir_begin(".", error);
    EXPECT_TRUE(files.openFileForRead("a.h"));
    EXPECT_FALSE(files.status("b.h"));
    return files.answers();
  }
  bool same(const Answers &answers) {
    FileState now;
    for (const auto &[path, answer] : answers)
      if (now.now(path, answer) != answer) return false;
    return true;
  }
  llvm::SmallString<128> folder;
};

TEST_F(Dependencies, SameWhileNothingChanges) {
  FileState state;
  Answers answers = ask(state);
  EXPECT_GE(answers.size(), 3u);
  EXPECT_TRUE(same(answers));
}

TEST_F(Dependencies, ContentCounts) {
  FileState state;
  Answers answers = ask(state);
  write("a.h", "new");
  EXPECT_FALSE(same(answers));
}

TEST_F(Dependencies, WhatWasMissingCounts) {
  FileState state;
  Answers answers = ask(state);
  write("b.h", "");
  EXPECT_FALSE(same(answers));
}

TEST_F(Dependencies, NamesInAListedFolderCount) {
  FileState state;
  Answers answers = ask(state);
  write("c.h", "");
  EXPECT_FALSE(same(answers));
}

TEST_F(Dependencies, WhatIsWrittenMeanwhileIsNotKept) {
  FileState state;
  write("a.h", "just now");
  EXPECT_TRUE(ask(state).empty());
}

} // namespace
} // namespace snarl
