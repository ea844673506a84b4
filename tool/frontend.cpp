#include "frontend.h"
#include "checks/extract.h"
#include "checks/models.h"
#include "compile_commands.h"
#include "sources.h"
#include "clang/AST/ASTConsumer.h"
#include "clang/Basic/TargetInfo.h"
#include "clang/Basic/TargetOptions.h"
#include "clang/Basic/Version.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Frontend/FrontendAction.h"
#include "clang/Frontend/Utils.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "clang/Tooling/ArgumentsAdjusters.h"
#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <dlfcn.h>

namespace snarl {
namespace {

using clang::tooling::CompileCommand;

/// Keeps the first error; prints nothing.
class FirstError : public clang::DiagnosticConsumer {
public:
  explicit FirstError(std::string directory) : directory_(std::move(directory)) {}

  void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic &info) override {
    DiagnosticConsumer::HandleDiagnostic(level, info);
    if (level < clang::DiagnosticsEngine::Error || error) return;
    llvm::SmallString<128> text;
    info.FormatDiagnostic(text);
    error = Notice{Severity::Error, text.str().str(), {}};
    if (!info.hasSourceManager() || !info.getLocation().isValid()) return;
    clang::PresumedLoc at = info.getSourceManager().getPresumedLoc(info.getLocation());
    if (at.isValid()) error->place = {absolute_path(at.getFilename(), directory_), at.getLine(), at.getColumn()};
  }

  std::optional<Notice> error;

private:
  std::string directory_;
};

/// Clang's own headers (stddef.h, ...) lie beside the library we are linked with, not beside our executable.
std::string find_resource_dir() {
  Dl_info library{};
  llvm::SmallVector<std::string, 4> folders{"/usr/lib/llvm-" CLANG_VERSION_MAJOR_STRING "/lib"};
  if (dladdr(reinterpret_cast<void *>(&clang::getClangFullVersion), &library) && library.dli_fname) {
    llvm::SmallString<256> real;
    if (!llvm::sys::fs::real_path(library.dli_fname, real)) folders.push_back(llvm::sys::path::parent_path(real).str());
    folders.push_back(llvm::sys::path::parent_path(library.dli_fname).str());
  }
  for (const std::string &folder : folders) {
    std::string candidate = folder + "/clang/" CLANG_VERSION_MAJOR_STRING;
    if (llvm::sys::fs::exists(candidate + "/include/stddef.h")) return candidate;
  }
  return "";
}

std::vector<std::string> arguments_of(const CompileCommand &command) {
  using namespace clang::tooling;
  static const std::string resource_dir = find_resource_dir();
  CommandLineArguments words = command.CommandLine;
  for (const ArgumentsAdjuster &adjust : {getClangStripOutputAdjuster(), getClangStripDependencyFileAdjuster(),
                                          getStripPluginsAdjuster(), getClangSyntaxOnlyAdjuster()})
    words = adjust(words, command.Filename);
  if (!resource_dir.empty()) words.insert(words.begin() + 1, "-resource-dir=" + resource_dir);
  return words;
}

// A processor or ABI that only another compiler knows changes a few predefined macros: better wrong there than not at
// all.
void make_target_known(clang::TargetOptions &target) {
  clang::IgnoringDiagConsumer nobody;
  auto diagnostics = clang::CompilerInstance::createDiagnostics(new clang::DiagnosticOptions, &nobody,
                                                                /*ShouldOwnClient=*/false);
  auto known = [&] {
    std::unique_ptr<clang::TargetInfo> info(
        clang::TargetInfo::CreateTargetInfo(*diagnostics, std::make_shared<clang::TargetOptions>(target)));
    return info != nullptr;
  };
  if (known()) return;
  target.CPU.clear();
  target.TuneCPU.clear();
  if (known()) return;
  std::string triple = std::move(target.Triple);
  target = {};
  target.Triple = std::move(triple);
}

std::unique_ptr<clang::CompilerInvocation> make_invocation(const CompileCommand &command,
                                                           llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files,
                                                           clang::DiagnosticConsumer &problems,
                                                           const ExtractFileOptions &extract_options) {
  std::vector<std::string> words = arguments_of(command);
  std::vector<const char *> args;
  for (const std::string &word : words) args.push_back(word.c_str());

  clang::CreateInvocationOptions options;
  options.VFS = files;
  options.RecoverOnError = true; // arguments that only GCC knows are no reason to give up
  options.Diags = clang::CompilerInstance::createDiagnostics(new clang::DiagnosticOptions, &problems,
                                                             /*ShouldOwnClient=*/false);
  std::unique_ptr<clang::CompilerInvocation> invocation = clang::createInvocation(args, options);
  if (!invocation) return nullptr;

  clang::DiagnosticOptions &diagnostics = invocation->getDiagnosticOpts();
  diagnostics.Warnings = {"no-everything"};
  diagnostics.IgnoreWarnings = true; // also those that a #pragma turns into errors
  diagnostics.ErrorLimit = 0;        // read on: facts go as far as they can
  diagnostics.ShowCarets = false;
  diagnostics.DiagnosticSerializationFile.clear();
  diagnostics.VerifyDiagnostics = false;

  clang::FrontendOptions &frontend = invocation->getFrontendOpts();
  frontend.SkipFunctionBodies = true; // the consumer says which
  frontend.DisableFree = extract_options.leak;
  frontend.OutputFile.clear();
  frontend.ProgramAction = clang::frontend::ParseSyntaxOnly;
  invocation->getDependencyOutputOpts() = {};
  invocation->getLangOpts().SpellChecking = false; // suggestions cost time, and nobody reads them here

  make_target_known(invocation->getTargetOpts());

  // Another compiler's precompiled header cannot be read; the header it was made of can.
  clang::PreprocessorOptions &preprocessor = invocation->getPreprocessorOpts();
  if (llvm::StringRef pch = preprocessor.ImplicitPCHInclude; !pch.empty()) {
    std::string header = (pch.ends_with(".pch") || pch.ends_with(".gch") ? pch.drop_back(4) : pch).str();
    if (files->exists(header) && !llvm::is_contained(preprocessor.Includes, header))
      preprocessor.Includes.insert(preprocessor.Includes.begin(), header);
    preprocessor.ImplicitPCHInclude.clear();
  }
  return invocation;
}

class FactsAction : public clang::ASTFrontendAction {
public:
  FactsAction(Extraction &out, const Models &models) : out_(out), models_(models) {}

protected:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance &, llvm::StringRef) override {
    ExtractOptions options;
    options.spent = &out_.spent;
    return make_facts_consumer(out_.facts, models_, options);
  }

private:
  Extraction &out_;
  const Models &models_;
};

void extract(const CompileCommand &command, const Models &models, const ExtractFileOptions &options, Extraction &out) {
  std::string file = file_of(command);
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files = options.files;
  if (!files) files = llvm::vfs::createPhysicalFileSystem(); // each with a current directory of its own
  FirstError problems(command.Directory);
  auto give_up = [&](const std::string &why) {
    out.errors = 1;
    out.notices.push_back({Severity::Error, why, {file, 0, 0}});
  };
  if (std::error_code error = files->setCurrentWorkingDirectory(command.Directory))
    return give_up("cannot enter the folder it is compiled in, '" + command.Directory + "': " + error.message());
  if (!files->exists(file)) return give_up("no such file; is the compile database older than the sources?");
  std::unique_ptr<clang::CompilerInvocation> invocation = make_invocation(command, files, problems, options);
  if (!invocation)
    return give_up("its compile command is not understood: " + (problems.error ? problems.error->message : "?"));

  FirstError errors(command.Directory);
  clang::CompilerInstance compiler;
  compiler.setInvocation(std::move(invocation));
  compiler.createDiagnostics(&errors, /*ShouldOwnClient=*/false);
  compiler.createFileManager(files);
  FactsAction action(out, models);
  compiler.ExecuteAction(action);
  out.errors = errors.getNumErrors();
  if (!errors.error) return;
  Notice notice = *errors.error;
  if (notice.place.file.empty()) notice.place.file = file;
  if (notice.place.file != file) notice.message += " (compiling " + shown_path(file, "") + ")";
  out.notices.push_back(std::move(notice));
}

} // namespace

Extraction extract_file(const CompileCommand &command, const Models &models, const ExtractFileOptions &options) {
  constexpr unsigned kStack = 64 << 20; // deeply nested code; only what is used is ever touched
  Extraction out;
  llvm::CrashRecoveryContext guard;
  if (guard.RunSafelyOnThread([&] { extract(command, models, options, out); }, kStack)) return out;
  Extraction crashed; // what was collected may be inconsistent
  crashed.errors = 1;
  crashed.crashed = true;
  crashed.notices.push_back({Severity::Error, "the front end crashed on this file", {file_of(command), 0, 0}});
  return crashed;
}

bool run_frontend(const CompileCommand &command, clang::FrontendAction &action, clang::DiagnosticConsumer &diagnostics,
                  const std::vector<std::string> &warnings, llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files) {
  constexpr unsigned kStack = 64 << 20;
  bool ran = false;
  auto run = [&] {
    if (files->setCurrentWorkingDirectory(command.Directory)) return;
    clang::IgnoringDiagConsumer nobody;
    std::unique_ptr<clang::CompilerInvocation> invocation = make_invocation(command, files, nobody, {});
    if (!invocation) return;
    invocation->getFrontendOpts().SkipFunctionBodies = false;
    invocation->getDiagnosticOpts().IgnoreWarnings = false;
    for (const std::string &group : warnings) invocation->getDiagnosticOpts().Warnings.push_back(group);
    clang::CompilerInstance compiler;
    compiler.setInvocation(std::move(invocation));
    compiler.createDiagnostics(&diagnostics, /*ShouldOwnClient=*/false);
    compiler.createFileManager(files);
    compiler.ExecuteAction(action);
    ran = true;
  };
  llvm::CrashRecoveryContext guard;
  return guard.RunSafelyOnThread(run, kStack) && ran;
}

} // namespace snarl
