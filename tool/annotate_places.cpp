// Clang takes its attributes at one place only: for a field or variable after the declarator and before its
// initialiser, for a function after its parameters and qualifiers, on the first declaration, which callers see. What
// comes out of a macro is left alone.
#include "annotate_places.h"
#include "frontend.h"
#include "clang/AST/ASTConsumer.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendActions.h"
#include "clang/Lex/Lexer.h"

namespace snarl {
namespace {

using namespace clang;
using Kind = Annotation::Kind;

Spot spot_of(const SourceManager &sources, SourceLocation at) {
  if (at.isInvalid()) return {};
  at = sources.getFileLoc(at);
  auto [file, offset] = sources.getDecomposedLoc(at);
  OptionalFileEntryRef entry = sources.getFileEntryRefForID(file);
  if (!entry) return {};
  llvm::SmallString<256> path(entry->getName());
  sources.getFileManager().makeAbsolutePath(path);
  return {absolute_path(path), offset};
}

class Finder : public RecursiveASTVisitor<Finder> {
public:
  Finder(ASTContext &context, const std::vector<Annotation> &annotations, const Sites &sites, const std::string &prefix,
         Places &out)
      : context_(context), sources_(context.getSourceManager()), annotations_(annotations), sites_(sites),
        prefix_(prefix), out_(out) {}

  bool VisitFieldDecl(FieldDecl *field) { return data(field); }
  bool VisitVarDecl(VarDecl *variable) {
    return isa<ParmVarDecl>(variable) || !variable->hasGlobalStorage() || data(variable);
  }

  bool VisitLambdaExpr(LambdaExpr *lambda) {
    CXXMethodDecl *call = lambda->getCallOperator();
    body(call, lambda);
    const std::set<size_t> *owners = owners_at(call->getLocation());
    if (!owners) return true;
    for (size_t owner : *owners) {
      if (call->hasAttr<RequiresCapabilityAttr>()) {
        out_.present.insert(owner);
        continue;
      }
      std::string text = " " + written(owner, nullptr);
      if (lambda->hasExplicitParameters()) {
        SourceLocation end = after_parameters(call, owner);
        if (end.isValid()) insert(end, text, owner);
      } else if (lambda->hasExplicitResultType()) {
        refuse(owner, "the return type is written after the parameters");
      } else {
        SourceLocation end = lambda->getIntroducerRange().getEnd();
        insert(end.isMacroID() ? SourceLocation() : after(end), "()" + text, owner);
      }
      out_.names[spot_of(sources_, call->getLocation())].insert(owner);
    }
    return true;
  }

  bool VisitFunctionDecl(FunctionDecl *function) {
    if (sources_.isInSystemHeader(function->getLocation()) || function->isImplicit()) return true;
    if (auto *method = dyn_cast<CXXMethodDecl>(function); method && method->getParent()->isLambda()) return true;
    if (function->doesThisDeclarationHaveABody()) body(function);
    if (function->getCanonicalDecl() != function) return true;
    std::set<size_t> owners;
    for (FunctionDecl *redecl : function->redecls())
      if (const std::set<size_t> *here = owners_at(redecl->getLocation())) owners.insert(here->begin(), here->end());
    for (size_t owner : owners) {
      for (FunctionDecl *redecl : function->redecls())
        out_.names[spot_of(sources_, redecl->getLocation())].insert(owner);
      Kind kind = annotations_[owner].kind;
      if (kind == Kind::Capability || kind == Kind::ScopedCapability) {
        record(function, owner);
      } else if (llvm::any_of(function->redecls(), [&](FunctionDecl *redecl) { return has(redecl, kind); })) {
        out_.present.insert(owner);
      } else {
        SourceLocation end = after_parameters(function, owner);
        if (end.isValid()) insert(end, " " + written(owner, function), owner);
      }
    }
    return true;
  }

private:
  const std::set<size_t> *owners_at(SourceLocation at) const {
    auto it = sites_.find(spot_of(sources_, at));
    return it == sites_.end() ? nullptr : &it->second;
  }

  void refuse(size_t owner, const char *why) { out_.refused.emplace(owner, why); }

  /// `at`: where text goes; invalid where a macro is in the way.
  void insert(SourceLocation at, const std::string &text, size_t owner) {
    if (at.isInvalid() || at.isMacroID()) return refuse(owner, "declared by a macro");
    out_.insertions.push_back({spot_of(sources_, at), text, owner});
  }

  SourceLocation after(SourceLocation token) const {
    return token.isMacroID() ? SourceLocation()
                             : Lexer::getLocForEndOfToken(token, 0, sources_, context_.getLangOpts());
  }

  /// The attribute's text. `function`: whose parameters it may name.
  std::string written(size_t owner, const FunctionDecl *function) {
    const Annotation &annotation = annotations_[owner];
    std::string text = prefix_ + macro_name(annotation.kind);
    if (annotation.kind == Kind::ScopedCapability || annotation.kind == Kind::NoAnalysis) return text;
    std::string lock = annotation.lock;
    if (llvm::StringRef(lock).starts_with("$") && function) {
      unsigned index = 0;
      llvm::StringRef rest = llvm::StringRef(lock).drop_front();
      rest.consumeInteger(10, index);
      if (index >= function->getNumParams() || function->getParamDecl(index)->getName().empty())
        refuse(owner, "the parameter has no name where the function is declared");
      else
        lock = (function->getParamDecl(index)->getName() + rest).str();
    }
    if (annotation.kind == Kind::Capability) lock = "\"mutex\"";
    if (annotation.kind == Kind::TryAcquire) lock = lock.empty() ? "true" : "true, " + lock;
    return text + "(" + lock + ")";
  }

  bool data(DeclaratorDecl *decl) {
    const std::set<size_t> *owners = owners_at(decl->getLocation());
    if (!owners) return true;
    SourceLocation last = decl->getLocation();
    if (TypeSourceInfo *type = decl->getTypeSourceInfo()) // arrays and function pointers end after the name
      if (SourceLocation end = type->getTypeLoc().getEndLoc();
          end.isValid() && sources_.isBeforeInTranslationUnit(last, end))
        last = end;
    auto *field = dyn_cast<FieldDecl>(decl);
    if (field && field->isBitField()) last = field->getBitWidth()->getEndLoc();
    for (size_t owner : *owners) {
      out_.names[spot_of(sources_, decl->getLocation())].insert(owner);
      bool pointee = annotations_[owner].kind == Kind::PtGuardedBy;
      if (pointee ? decl->hasAttr<PtGuardedByAttr>() : decl->hasAttr<GuardedByAttr>()) {
        out_.present.insert(owner);
        continue;
      }
      if (field && !context_.getLangOpts().CPlusPlus) {
        llvm::StringRef lock = annotations_[owner].lock;
        lock = lock.take_until([](char c) { return c == '.' || c == '-'; });
        if (llvm::any_of(field->getParent()->fields(), [&](FieldDecl *other) { return other->getName() == lock; })) {
          refuse(owner, "a field of a C struct, whose lock Clang cannot name by a field of the same object");
          continue;
        }
      }
      insert(after(last), " " + written(owner, nullptr), owner);
    }
    return true;
  }

  void record(FunctionDecl *function, size_t owner) {
    auto *method = dyn_cast<CXXMethodDecl>(function);
    CXXRecordDecl *definition = method ? method->getParent()->getDefinition() : nullptr;
    if (!definition || definition->getName().empty()) return refuse(owner, "the class has no name");
    if (definition->hasAttr<CapabilityAttr>() || definition->hasAttr<ScopedLockableAttr>()) {
      out_.present.insert(owner);
      return;
    }
    insert(definition->getLocation(), written(owner, nullptr) + " ", owner);
  }

  static bool has(const FunctionDecl *function, Kind kind) {
    switch (kind) {
    case Kind::Requires:
    case Kind::RequiresShared: return function->hasAttr<RequiresCapabilityAttr>();
    case Kind::Excludes: return function->hasAttr<LocksExcludedAttr>() || function->hasAttr<RequiresCapabilityAttr>();
    case Kind::NoAnalysis: return function->hasAttr<NoThreadSafetyAnalysisAttr>();
    default:
      return function->hasAttr<AcquireCapabilityAttr>() || function->hasAttr<ReleaseCapabilityAttr>() ||
             function->hasAttr<TryAcquireCapabilityAttr>();
    }
  }

  /// Behind the parameters, `const`, `noexcept` and the like.
  SourceLocation after_parameters(const FunctionDecl *function, size_t owner) {
    for (const FunctionDecl *redecl : function->redecls()) // a friend declaration is no place to look for attributes
      if (function->getFriendObjectKind() && !redecl->getFriendObjectKind()) function = redecl;
    FunctionTypeLoc type = function->getFunctionTypeLoc();
    if (!type || type.getRParenLoc().isInvalid() || type.getRParenLoc().isMacroID()) {
      refuse(owner, "declared by a macro");
      return {};
    }
    SourceLocation last = type.getRParenLoc();
    for (bool parenthesis = false;;) {
      std::optional<Token> next = Lexer::findNextToken(last, sources_, context_.getLangOpts());
      if (!next) return {};
      if (next->is(tok::arrow)) {
        refuse(owner, "the return type is written after the parameters");
        return {};
      }
      bool word = next->is(tok::raw_identifier) &&
                  llvm::is_contained({"const", "volatile", "noexcept", "throw", "mutable"}, next->getRawIdentifier());
      if (parenthesis && next->is(tok::l_paren)) {
        unsigned depth = 0;
        do {
          depth += next->is(tok::l_paren);
          depth -= next->is(tok::r_paren);
          last = next->getLocation();
          next = Lexer::findNextToken(last, sources_, context_.getLangOpts());
        } while (depth && next);
        parenthesis = false;
        continue;
      }
      if (!word && !next->isOneOf(tok::amp, tok::ampamp)) return after(last);
      parenthesis = word && llvm::is_contained({"noexcept", "throw"}, next->getRawIdentifier());
      last = next->getLocation();
    }
  }

  void body(FunctionDecl *function, LambdaExpr *lambda = nullptr) {
    Places::Body found;
    found.begin = spot_of(sources_, lambda ? lambda->getBeginLoc() : function->getBeginLoc());
    found.end = spot_of(sources_, lambda ? lambda->getEndLoc() : function->getEndLoc()).second;
    found.name = function->getQualifiedNameAsString();
    std::map<size_t, std::string> refused = std::move(out_.refused); // of no interest here
    SourceLocation at;
    if (!lambda || lambda->hasExplicitParameters()) {
      at = after_parameters(function, 0);
    } else if (!lambda->hasExplicitResultType()) {
      at = after(lambda->getIntroducerRange().getEnd());
      found.lead = "()";
    }
    out_.refused = std::move(refused);
    if (at.isValid() && !at.isMacroID()) found.attributes = spot_of(sources_, at);
    out_.bodies.push_back(std::move(found));
  }

  ASTContext &context_;
  SourceManager &sources_;
  const std::vector<Annotation> &annotations_;
  const Sites &sites_;
  const std::string &prefix_;
  Places &out_;
};

class FindAction : public ASTFrontendAction {
public:
  FindAction(const std::vector<Annotation> &annotations, const Sites &sites, const std::string &prefix, Places &out)
      : annotations_(annotations), sites_(sites), prefix_(prefix), out_(out) {}

private:
  struct Consumer : ASTConsumer {
    explicit Consumer(FindAction &action) : action(action) {}
    void HandleTranslationUnit(ASTContext &context) override {
      const SourceManager &sources = context.getSourceManager();
      action.out_.cplusplus = context.getLangOpts().CPlusPlus;
      for (unsigned i = 0; i < sources.local_sloc_entry_size(); ++i) {
        const SrcMgr::SLocEntry &entry = sources.getLocalSLocEntry(i);
        if (!entry.isFile() || entry.getFile().getFileCharacteristic() != SrcMgr::C_User) continue;
        if (OptionalFileEntryRef file = entry.getFile().getContentCache().OrigEntry) {
          llvm::SmallString<256> path(file->getName());
          sources.getFileManager().makeAbsolutePath(path);
          action.out_.files.insert(absolute_path(path));
        }
      }
      Finder(context, action.annotations_, action.sites_, action.prefix_, action.out_).TraverseAST(context);
    }
    FindAction &action;
  };
  std::unique_ptr<ASTConsumer> CreateASTConsumer(CompilerInstance &, llvm::StringRef) override {
    return std::make_unique<Consumer>(*this);
  }

  const std::vector<Annotation> &annotations_;
  const Sites &sites_;
  const std::string &prefix_;
  Places &out_;
};

class Collector : public DiagnosticConsumer {
public:
  explicit Collector(std::vector<Complaint> &out) : out_(out) {}
  void HandleDiagnostic(DiagnosticsEngine::Level level, const Diagnostic &info) override {
    DiagnosticConsumer::HandleDiagnostic(level, info);
    bool error = level >= DiagnosticsEngine::Error;
    if (!error && !DiagnosticIDs::getWarningOptionForDiag(info.getID()).starts_with("thread-safety")) return;
    if (level < DiagnosticsEngine::Warning || !info.hasSourceManager()) return;
    Complaint complaint;
    complaint.error = error;
    llvm::SmallString<128> text;
    info.FormatDiagnostic(text);
    complaint.message = text.str().str();
    std::tie(complaint.file, complaint.offset) = spot_of(info.getSourceManager(), info.getLocation());
    for (unsigned i = 0; i < info.getNumArgs(); ++i)
      if (info.getArgKind(i) == DiagnosticsEngine::ak_nameddecl)
        if (auto *decl = reinterpret_cast<const NamedDecl *>(info.getRawArg(i)))
          complaint.named.push_back(spot_of(info.getSourceManager(), decl->getLocation()));
    out_.push_back(std::move(complaint));
  }

private:
  std::vector<Complaint> &out_;
};

} // namespace

Places find_places(const tooling::CompileCommand &command, const std::vector<Annotation> &annotations,
                   const Sites &sites, const std::string &prefix) {
  Places places;
  FindAction action(annotations, sites, prefix, places);
  IgnoringDiagConsumer nobody;
  run_frontend(command, action, nobody, {}, llvm::vfs::createPhysicalFileSystem());
  return places;
}

std::vector<Complaint> complaints(const tooling::CompileCommand &command,
                                  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files) {
  std::vector<Complaint> all;
  Collector collector(all);
  SyntaxOnlyAction action;
  run_frontend(command, action, collector, {"thread-safety"}, std::move(files));
  return all;
}

} // namespace snarl
