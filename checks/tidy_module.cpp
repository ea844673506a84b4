// The rules as clang-tidy checks: `clang-tidy-19 --load=libsnarl_tidy.so --checks='-*,snarl-*'`.
//
// clang-tidy sees one file at a time, so each translation unit is linked by itself. All enabled checks share one
// extraction: whichever is asked first makes it. The checks of one run find each other through the ClangTidyContext
// they were made with, not through process globals, so several runs can live in one process (clangd).
//
// LLVM and Clang are the host's; this library must not link them again.
#include "clang-tidy/ClangTidyCheck.h"
#include "clang-tidy/ClangTidyModule.h"
#include "clang-tidy/ClangTidyModuleRegistry.h"
#include "config.h"
#include "extract.h"
#include "link.h"
#include "rule.h"
#include "clang/ASTMatchers/ASTMatchFinder.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace snarl {
namespace {

using clang::tidy::ClangTidyCheck;
using clang::tidy::ClangTidyContext;

/// The current translation unit, linked when first asked for.
class Unit {
public:
  void reset() { program_.reset(); }

  const Program &program(clang::ASTContext &context) {
    if (program_) return *program_;
    read_configuration(context);
    Facts facts;
    extract_facts(context, facts, config_.models);
    std::vector<Facts> units;
    units.push_back(std::move(facts));
    program_ = link(std::move(units));
    return *program_;
  }

  /// Why .snarl.yaml could not be used; said once.
  std::string take_problem() { return std::exchange(problem_, ""); }

private:
  void read_configuration(clang::ASTContext &context) {
    const clang::SourceManager &sources = context.getSourceManager();
    auto main_file = sources.getFileEntryRefForID(sources.getMainFileID());
    if (!main_file) return;
    llvm::SmallString<256> path(main_file->getName());
    llvm::sys::fs::make_absolute(path);
    std::string file = find_config(llvm::sys::path::parent_path(path));
    if (file == config_.file) return;
    config_ = {};
    config_.file = file;
    if (file.empty()) return;
    if (auto config = read_config(file))
      config_ = std::move(*config);
    else
      problem_ = llvm::toString(config.takeError());
  }

  Config config_;
  std::string problem_;
  std::optional<Program> program_;
};

class RuleCheck : public ClangTidyCheck {
public:
  RuleCheck(llvm::StringRef name, ClangTidyContext *context, const Rule &rule, std::shared_ptr<Unit> unit)
      : ClangTidyCheck(name, context), rule_(rule), unit_(std::move(unit)) {}

  void registerMatchers(clang::ast_matchers::MatchFinder *finder) override {
    finder->addMatcher(clang::ast_matchers::translationUnitDecl().bind("unit"), this);
  }

  void onStartOfTranslationUnit() override { unit_->reset(); }

  void check(const clang::ast_matchers::MatchFinder::MatchResult &match) override {
    Findings findings;
    rule_.from_source(unit_->program(*match.Context), findings);
    if (std::string problem = unit_->take_problem(); !problem.empty()) configurationDiag("%0") << problem;
    normalise(findings);
    for (const Finding &finding : findings) report(finding, *match.SourceManager);
  }

private:
  // Always a warning: clang-tidy takes an error of a check for one of the compiler's.
  void report(const Finding &finding, const clang::SourceManager &sources) {
    {
      auto builder = diag(location(finding.place, sources), "%0") << finding.message;
      for (const FixIt &fix : finding.fixes)
        builder << clang::FixItHint::CreateReplacement(
            clang::CharSourceRange::getCharRange(location(fix.begin, sources), location(fix.end, sources)),
            fix.replacement);
    }
    for (const Step &step : finding.steps)
      diag(location(step.place, sources), "%0", clang::DiagnosticIDs::Note) << step.message;
  }

  static clang::SourceLocation location(const Place &place, const clang::SourceManager &sources) {
    if (!place.known()) return {};
    auto file = sources.getFileManager().getOptionalFileRef(place.file);
    return file ? sources.translateFileLineCol(*file, place.line, std::max(1u, place.column)) : clang::SourceLocation();
  }

  const Rule &rule_;
  std::shared_ptr<Unit> unit_;
};

/// Gives the checks of one ClangTidyContext the same Unit.
class Units {
public:
  std::shared_ptr<Unit> of(ClangTidyContext *context) {
    std::lock_guard lock(mutex_);
    std::weak_ptr<Unit> &known = units_[context];
    std::shared_ptr<Unit> unit = known.lock();
    if (!unit) known = unit = std::make_shared<Unit>();
    return unit;
  }

private:
  std::mutex mutex_;
  std::map<ClangTidyContext *, std::weak_ptr<Unit>> units_;
};

class Module : public clang::tidy::ClangTidyModule {
public:
  void addCheckFactories(clang::tidy::ClangTidyCheckFactories &factories) override {
    auto units = std::make_shared<Units>();
    for (const Rule *rule : all_rules()) {
      if (!rule->from_source) continue;
      factories.registerCheckFactory((llvm::Twine("snarl-") + rule->name).str(),
                                     [rule, units](llvm::StringRef name, ClangTidyContext *context) {
                                       return std::make_unique<RuleCheck>(name, context, *rule, units->of(context));
                                     });
    }
  }
};

const clang::tidy::ClangTidyModuleRegistry::Add<Module> registration("snarl-module",
                                                                     "Data races, deadlocks and blocked coroutines.");

} // namespace
} // namespace snarl
