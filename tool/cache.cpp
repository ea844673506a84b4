#include "cache.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace snarl {

struct Digest::State {
  llvm::BLAKE3 hasher;
};

Digest::Digest() : state_(std::make_unique<State>()) {}
Digest::~Digest() = default;

Digest &Digest::add(llvm::StringRef part) {
  uint64_t size = part.size();
  state_->hasher.update(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(&size), sizeof size));
  state_->hasher.update(part);
  return *this;
}

std::string Digest::hex() {
  return llvm::toHex(state_->hasher.final<16>(), /*LowerCase=*/true);
}

llvm::Expected<Cache> Cache::open(llvm::StringRef folder) {
  llvm::SmallString<256> path(folder);
  if (path.empty()) {
    if (!llvm::sys::path::cache_directory(path)) return Cache(); // no home: nothing is kept
    llvm::sys::path::append(path, "snarl");
  }
  if (std::error_code error = llvm::sys::fs::create_directories(path))
    return llvm::createStringError("cannot make the cache folder '" + path + "': " + error.message() +
                                   "; name another with --cache-dir, or use --no-cache");
  Cache cache;
  llvm::sys::fs::make_absolute(path);
  cache.folder_ = path.str().str();
  return cache;
}

std::string Cache::file(llvm::StringRef key) const {
  return (folder_ + "/llvmcache-" + key).str();
}

std::unique_ptr<llvm::MemoryBuffer> Cache::find(llvm::StringRef key) const {
  if (!enabled()) return nullptr;
  auto buffer = llvm::MemoryBuffer::getFile(file(key));
  return buffer ? std::move(*buffer) : nullptr;
}

bool Cache::has(llvm::StringRef key) const {
  return enabled() && llvm::sys::fs::exists(file(key));
}

void Cache::keep(llvm::StringRef key, llvm::StringRef text) const {
  if (!enabled()) return;
  auto temporary = llvm::sys::fs::TempFile::create(folder_ + "/new-%%%%%%%%");
  if (!temporary) return llvm::consumeError(temporary.takeError());
  bool failed;
  {
    llvm::raw_fd_ostream out(temporary->FD, /*shouldClose=*/false);
    out << text;
    out.flush();
    failed = out.has_error();
    out.clear_error(); // a full disk: the entry is given up
  }
  llvm::Error done = failed ? temporary->discard() : temporary->keep(file(key));
  llvm::consumeError(std::move(done));
}

void Cache::prune(unsigned megabytes) const {
  if (!enabled()) return;
  llvm::CachePruningPolicy policy;
  policy.Expiration = std::chrono::hours(4 * 7 * 24);
  policy.MaxSizeBytes = uint64_t{megabytes} << 20;
  llvm::pruneCache(folder_, policy);
}

} // namespace snarl
