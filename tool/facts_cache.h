// Facts kept by content: the compile command, the answers of the file system to all that the front end asked, the
// models, and snarl itself. After one read of a file, finding its facts again costs a hash of what it includes.
//
// Two steps, as in ccache. A manifest, found by the command, lists what was asked for and the answers, for the last few
// contents. If the answers are still the same, the manifest names the entry that holds the facts.
#pragma once
#include "cache.h"
#include "dependencies.h"
#include "frontend.h"

namespace snarl {

class FactsCache {
public:
  /// `models`: what decides about facts beside the source; the text of the configuration.
  FactsCache(Cache cache, llvm::StringRef models);

  bool enabled() const { return cache_.enabled(); }
  /// Name of the entry with the facts of this file as it is now; empty if there is none.
  std::string lookup(const clang::tooling::CompileCommand &command);
  /// Reads an entry. Nothing if it is gone or damaged: then the file is read again.
  std::optional<Extraction> load(llvm::StringRef entry) const;
  /// Reads the file and keeps what it says. `entry`: its name; empty if nothing was kept.
  Extraction extract(const clang::tooling::CompileCommand &command, const Models &models, ExtractFileOptions options,
                     std::string &entry);

  const Cache &cache() const { return cache_; }

private:
  std::string manifest(const clang::tooling::CompileCommand &command) const;

  Cache cache_;
  std::string identity_; ///< of snarl and the models
  FileState state_;
};

} // namespace snarl
