// Clang's front end, run for the facts of one file.
#pragma once
#include "checks/facts.h"
#include "render.h"
#include "clang/Tooling/CompilationDatabase.h"
#include "llvm/Support/VirtualFileSystem.h"

namespace clang {
class DiagnosticConsumer;
class FrontendAction;
} // namespace clang

namespace snarl {

class Models;

struct Extraction {
  Facts facts;                 ///< as far as they go, if there were errors
  unsigned errors = 0;         ///< compile errors
  std::vector<Notice> notices; ///< the first error; a crash of the front end
  bool crashed = false;
  uint64_t spent = 0; ///< nanoseconds of CPU time for the facts themselves, after the front end
  bool failed() const { return errors != 0; }
};

struct ExtractFileOptions {
  bool leak = false; ///< do not free the syntax tree: saves time when the process ends soon after
  /// Where files are read from, private to this call; null: the disk.
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files{};
};

/// Parses the file as the command says, without function bodies from system headers. Compiler warnings are off, and
/// what only GCC understands is dropped: this is no compiler. Safe to call from several threads at once.
Extraction extract_file(const clang::tooling::CompileCommand &command, const Models &models,
                        const ExtractFileOptions &options = {});

/// Runs `action` over the file with all function bodies, and with these groups of warnings ("thread-safety") on. False
/// if the command is not understood or the front end crashed. Safe to call from several threads at once.
bool run_frontend(const clang::tooling::CompileCommand &command, clang::FrontendAction &action,
                  clang::DiagnosticConsumer &diagnostics, const std::vector<std::string> &warnings,
                  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files);

} // namespace snarl
