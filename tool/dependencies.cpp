#include "dependencies.h"
#include "cache.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <vector>

namespace snarl {
namespace {

constexpr char kMissing[] = "-", kFolder[] = "d", kExists[] = "e", kListed[] = "l", kRead[] = "r";

std::string look(llvm::StringRef path, char kind) {
  namespace fs = llvm::sys::fs;
  if (kind == kRead[0]) {
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    return buffer ? kRead + Digest().add((*buffer)->getBuffer()).hex() : kMissing;
  }
  if (kind == kListed[0]) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(path, error), end; it != end && !error; it.increment(error))
      names.push_back(llvm::sys::path::filename(it->path()).str());
    std::sort(names.begin(), names.end());
    Digest digest;
    for (const std::string &name : names) digest.add(name);
    return kListed + digest.hex();
  }
  fs::file_status status;
  if (fs::status(path, status) || !fs::exists(status)) return kMissing;
  return fs::is_directory(status) ? kFolder : kExists;
}

} // namespace

std::string FileState::now(llvm::StringRef path, llvm::StringRef then) {
  char kind = then.empty() ? kExists[0] : then[0];
  if (kind != kRead[0] && kind != kListed[0]) kind = kExists[0]; // one question for all that was not read
  std::string key = kind + path.str();
  {
    std::lock_guard lock(mutex_);
    if (auto it = known_.find(key); it != known_.end()) return it->second;
  }
  std::string answer = look(path, kind); // outside of the lock: two may look, and see the same
  std::lock_guard lock(mutex_);
  return known_.try_emplace(key, std::move(answer)).first->second;
}

void RecordingFileSystem::note(const llvm::Twine &path, Kind kind) {
  llvm::SmallString<256> absolute;
  path.toVector(absolute);
  makeAbsolute(absolute);
  Kind &known = asked_.try_emplace(absolute.str().str(), kind).first->second;
  if (known == Kind::Missing && kind != Kind::Missing) changing_ = true; // it was not there a moment ago
  known = std::max(known, kind);
}

llvm::ErrorOr<llvm::vfs::Status> RecordingFileSystem::status(const llvm::Twine &path) {
  auto status = ProxyFileSystem::status(path);
  note(path, !status ? Kind::Missing : status->isDirectory() ? Kind::Folder : Kind::Exists);
  return status;
}

bool RecordingFileSystem::exists(const llvm::Twine &path) {
  return bool(status(path));
}

llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>> RecordingFileSystem::openFileForRead(const llvm::Twine &path) {
  auto file = ProxyFileSystem::openFileForRead(path);
  if (!file) {
    note(path, Kind::Missing);
    return file;
  }
  auto status = (*file)->status();
  if (status && status->isDirectory()) {
    note(path, Kind::Folder);
    return file;
  }
  if (!status || status->getLastModificationTime() >= state_.began) changing_ = true;
  note(path, Kind::Read);
  return file;
}

llvm::vfs::directory_iterator RecordingFileSystem::dir_begin(const llvm::Twine &folder, std::error_code &error) {
  auto begin = ProxyFileSystem::dir_begin(folder, error);
  note(folder, error ? Kind::Missing : Kind::Listed);
  return begin;
}

Answers RecordingFileSystem::answers() const {
  Answers answers;
  if (changing_) return answers;
  for (const auto &[path, kind] : asked_) switch (kind) {
    case Kind::Missing: answers[path] = kMissing; break;
    case Kind::Folder: answers[path] = kFolder; break;
    case Kind::Exists: answers[path] = kExists; break;
    case Kind::Read: answers[path] = state_.now(path, kRead); break;
    case Kind::Listed: answers[path] = state_.now(path, kListed); break;
    }
  return answers;
}

} // namespace snarl
