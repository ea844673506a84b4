// Where in the sources an annotation is written, and what Clang says of a changed source.
#pragma once
#include "checks/annotations.h"
#include "edits.h"
#include "clang/Tooling/CompilationDatabase.h"
#include "llvm/Support/VirtualFileSystem.h"

namespace snarl {

/// A place in a file as it was before any change.
using Spot = std::pair<std::string, unsigned>; ///< absolute path, byte offset

struct Insertion {
  Spot at;
  std::string text;
  size_t owner = 0; ///< index of the annotation
};

/// What one translation unit knows of the annotations' places.
struct Places {
  std::vector<Insertion> insertions;
  std::map<size_t, std::string> refused;  ///< annotation -> why it cannot be written
  std::set<size_t> present;               ///< that are there already
  std::map<Spot, std::set<size_t>> names; ///< declarations of what an annotation is about
  struct Body {
    Spot begin;
    unsigned end = 0;
    Spot attributes;  ///< where the function's attributes go; no file: nowhere
    std::string lead; ///< what must stand before them: a lambda's missing parameters
    std::string name;
  };
  std::vector<Body> bodies;    ///< of functions and lambdas
  std::set<std::string> files; ///< of the user's that were read
  bool cplusplus = false;
};

struct Complaint {
  std::string file; ///< of the changed text
  unsigned offset = 0;
  bool error = false;
  std::string message;
  std::vector<std::pair<std::string, unsigned>> named; ///< declarations it names, in the changed text
};

/// Annotations by the places of their declarations (Annotation::site).
using Sites = std::map<Spot, std::set<size_t>>;

/// Reads the file as it is.
Places find_places(const clang::tooling::CompileCommand &command, const std::vector<Annotation> &annotations,
                   const Sites &sites, const std::string &prefix);

/// What -Wthread-safety and the compiler say of it, if `files` is what is on the disk.
std::vector<Complaint> complaints(const clang::tooling::CompileCommand &command,
                                  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files);

} // namespace snarl
