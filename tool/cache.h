// A folder of texts by key, shared by any number of processes: what was once worked out from the same input.
//
// An entry is written to a file of its own and then renamed, so that a reader sees all of it or nothing, and two
// writers of one key do no harm. Entries are named as llvm::pruneCache expects them; it deletes the longest unused
// ones.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>

namespace snarl {

/// BLAKE3 of everything that was added, in hexadecimal. Parts do not run into each other: their lengths count.
class Digest {
public:
  Digest();
  ~Digest();
  Digest &add(llvm::StringRef part);
  std::string hex(); ///< 32 digits: 128 bits

private:
  struct State;
  std::unique_ptr<State> state_;
};

class Cache {
public:
  /// Uses (and makes) `folder`; the error says what to do about it. An empty name: the user's cache folder.
  static llvm::Expected<Cache> open(llvm::StringRef folder);
  Cache() = default; ///< keeps nothing and finds nothing

  bool enabled() const { return !folder_.empty(); }
  /// Null if there is no such entry.
  std::unique_ptr<llvm::MemoryBuffer> find(llvm::StringRef key) const;
  bool has(llvm::StringRef key) const;
  /// What cannot be written is not kept; that is no error.
  void keep(llvm::StringRef key, llvm::StringRef text) const;
  /// At the end: entries not used for four weeks go, and the oldest of what is over `megabytes`.
  void prune(unsigned megabytes = 4096) const;

  const std::string &folder() const { return folder_; }

private:
  std::string file(llvm::StringRef key) const;
  std::string folder_;
};

} // namespace snarl
