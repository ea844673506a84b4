// What the front end asked of the file system while it read one file, and whether the answers are still the same.
//
// Not only the headers that were read count: a header that is put into a folder searched earlier changes the input too,
// and so does what __has_include asked for. So every question is kept with its answer, the negative ones as well.
#pragma once
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <map>
#include <mutex>
#include <string>

namespace snarl {

/// What is at a path: "-" nothing, "d" a folder, "e" something that was not read, a digest of the content of a file
/// that was read, "l" and a digest of the names in a folder that was listed.
using Answer = std::string;
using Answers = std::map<std::string, Answer>; ///< by absolute path

/// Answers of now, each worked out once. Safe to use from several threads.
class FileState {
public:
  /// As in ccache: of what is written from now on nobody knows whether it was read before or after.
  const llvm::sys::TimePoint<> began = std::chrono::system_clock::now();

  /// The answer of the same kind as `then`: content for content, listing for listing.
  std::string now(llvm::StringRef path, llvm::StringRef then);

private:
  std::mutex mutex_;
  llvm::StringMap<std::string> known_;
};

/// Passes questions on and keeps the answers. Used by one thread.
class RecordingFileSystem : public llvm::vfs::ProxyFileSystem {
public:
  RecordingFileSystem(llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files, FileState &state)
      : ProxyFileSystem(std::move(files)), state_(state) {}

  llvm::ErrorOr<llvm::vfs::Status> status(const llvm::Twine &path) override;
  bool exists(const llvm::Twine &path) override;
  llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>> openFileForRead(const llvm::Twine &path) override;
  llvm::vfs::directory_iterator dir_begin(const llvm::Twine &folder, std::error_code &error) override;

  /// With the content of what was read. Empty if something changed meanwhile.
  Answers answers() const;

private:
  enum class Kind : char { Missing, Folder, Exists, Read, Listed };
  void note(const llvm::Twine &path, Kind kind);

  FileState &state_;
  std::map<std::string, Kind> asked_;
  bool changing_ = false;
};

} // namespace snarl
