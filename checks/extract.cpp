// The consumer, the walk over the translation unit's declarations, and how things are named.
#include "extract.h"
#include "extract_body.h"
#include "clang/AST/DeclFriend.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Index/USRGeneration.h"
#include "llvm/Support/Path.h"

#include <ctime>

namespace snarl {

using namespace clang;

namespace {

/// CPU time of this thread, in nanoseconds.
uint64_t thread_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return uint64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

class FactsConsumer : public ASTConsumer {
public:
  FactsConsumer(Facts &out, const Models &models, ExtractOptions options)
      : out_(out), models_(models), options_(options) {}

  void Initialize(ASTContext &context) override { sources_ = &context.getSourceManager(); }
  bool shouldSkipFunctionBody(clang::Decl *decl) override {
    return sources_ && sources_->isInSystemHeader(sources_->getExpansionLoc(decl->getLocation()));
  }
  void HandleTranslationUnit(ASTContext &context) override {
    uint64_t began = options_.spent ? thread_time() : 0;
    extract_facts(context, out_, models_, options_);
    if (options_.spent) *options_.spent += thread_time() - began;
  }

private:
  Facts &out_;
  const Models &models_;
  ExtractOptions options_;
  SourceManager *sources_ = nullptr;
};

template <class T> void sort_by_usr(std::vector<T> &items) {
  llvm::sort(items, [](const T &a, const T &b) { return a.usr.str() < b.usr.str(); });
}

} // namespace

std::unique_ptr<ASTConsumer> make_facts_consumer(Facts &out, const Models &models, ExtractOptions options) {
  return std::make_unique<FactsConsumer>(out, models, options);
}

void extract_facts(ASTContext &context, Facts &out, const Models &models, ExtractOptions options) {
  Unit(context, out, models, options).run();
}

void Unit::run() {
  facts.main_file = site(sources.getLocForStartOfFile(sources.getMainFileID())).file;
  static_init.usr = Symbol(("static-init@" + facts.main_file.str()).str());
  static_init.name = Symbol(("initialisers of " + llvm::sys::path::filename(facts.main_file.str())).str());
  static_init.site = {facts.main_file, 1, 1};
  static_init.is_static_init = static_init.internal = true;
  static_init.blocks.resize(1);
  walk(context.getTranslationUnitDecl());
  if (!static_init.blocks[0].ops.empty()) facts.functions.push_back(std::move(static_init));
  sort_by_usr(facts.functions);
  // The same entity may be reached twice (a friend, a redeclaration); the first with a body stays.
  llvm::DenseMap<Symbol, size_t> seen;
  std::vector<Function> unique;
  for (Function &f : facts.functions) {
    auto [it, fresh] = seen.try_emplace(f.usr, unique.size());
    if (fresh)
      unique.push_back(std::move(f));
    else if (unique[it->second].blocks.empty() && !f.blocks.empty())
      unique[it->second] = std::move(f);
  }
  facts.functions = std::move(unique);
  sort_by_usr(facts.decls);
  sort_by_usr(facts.records);
}

// ---- The walk. System headers are left at their outermost declaration.

void Unit::walk(const DeclContext *decls) {
  for (const clang::Decl *decl : decls->decls()) visit(decl);
}

void Unit::visit(const clang::Decl *decl) {
  if (decl->isImplicit() && !isa<CXXRecordDecl, CXXConstructorDecl>(decl)) return;
  if (isa<CXXRecordDecl>(decl) && cast<CXXRecordDecl>(decl)->isInjectedClassName()) return;
  if (is_system(decl->getLocation())) return;
  if (auto *linkage = dyn_cast<LinkageSpecDecl>(decl)) return walk(linkage);
  if (auto *exported = dyn_cast<ExportDecl>(decl)) return walk(exported);
  if (auto *ns = dyn_cast<NamespaceDecl>(decl)) return walk(ns);
  if (auto *templ = dyn_cast<FunctionTemplateDecl>(decl)) {
    if (templ->isCanonicalDecl())
      for (const FunctionDecl *spec : templ->specializations()) function(spec);
    return;
  }
  if (auto *templ = dyn_cast<ClassTemplateDecl>(decl)) {
    if (templ->isCanonicalDecl())
      for (const ClassTemplateSpecializationDecl *spec : templ->specializations())
        if (!isa<ClassTemplatePartialSpecializationDecl>(spec) &&
            spec->getSpecializationKind() != TSK_ExplicitSpecialization)
          walk(spec);
    return;
  }
  if (auto *templ = dyn_cast<VarTemplateDecl>(decl)) return void(templ);
  if (isa<ClassTemplatePartialSpecializationDecl>(decl)) return;
  if (auto *fn = dyn_cast<FunctionDecl>(decl)) return function(fn);
  if (auto *record = dyn_cast<CXXRecordDecl>(decl)) {
    if (record->isThisDeclarationADefinition() && !record->isDependentContext() && !record->isLambda()) walk(record);
    return;
  }
  if (auto *var = dyn_cast<VarDecl>(decl)) namespace_scope_initialiser(var);
  if (auto *fr = dyn_cast<FriendDecl>(decl))
    if (const clang::Decl *inner = fr->getFriendDecl())
      if (auto *fn = dyn_cast<FunctionDecl>(inner)) function(fn);
}

void Unit::namespace_scope_initialiser(const VarDecl *var) {
  if (var->isInvalidDecl() || var->getDeclContext()->isDependentContext() || var->getType()->isDependentType()) return;
  if (var->isThisDeclarationADefinition() == VarDecl::DeclarationOnly) return;
  if (var->getType()->isRecordType() || is_sync(var->getType()))
    note(var); // locks have to be known even when nobody uses them here
  if (var->hasInit() && !var->isConstexpr()) Body(*this, static_init, var, nullptr).run_initialiser(var);
}

// ---- Names and places

bool Unit::is_system(SourceLocation at) {
  if (at.isInvalid()) return true;
  at = sources.getExpansionLoc(at);
  auto [it, fresh] = system_files_.try_emplace(sources.getFileID(at), false);
  if (fresh) it->second = sources.isInSystemHeader(at);
  return it->second;
}

Site Unit::site(SourceLocation at) {
  // A construct spelled in a macro argument is where it is spelled; anything else of a macro is where the macro is
  // used.
  at = sources.getFileLoc(at);
  PresumedLoc presumed = sources.getPresumedLoc(at);
  if (presumed.isInvalid()) return {};
  auto [it, fresh] = files_.try_emplace(sources.getFileID(at));
  if (fresh || it->second.str() != presumed.getFilename()) {
    llvm::SmallString<256> path(presumed.getFilename());
    sources.getFileManager().makeAbsolutePath(path);
    llvm::sys::path::remove_dots(path, true);
    it->second = Symbol(path);
  }
  return {it->second, presumed.getLine(), presumed.getColumn()};
}

bool Unit::in_system_macro(SourceLocation at) {
  return at.isMacroID() && !sources.isMacroArgExpansion(at) && sources.isInSystemHeader(sources.getSpellingLoc(at));
}

static std::string position(SourceManager &sources, SourceLocation at) {
  PresumedLoc p = sources.getPresumedLoc(sources.getExpansionLoc(at));
  if (p.isInvalid()) return "?";
  return (llvm::Twine(p.getLine()) + ":" + llvm::Twine(p.getColumn())).str();
}

Symbol Unit::usr(const clang::Decl *decl) {
  decl = decl->getCanonicalDecl();
  auto it = usrs_.find(decl);
  if (it != usrs_.end()) return it->second;
  std::string text;
  auto *method = dyn_cast<CXXMethodDecl>(decl);
  auto *var = dyn_cast<VarDecl>(decl);
  if (method && method->getParent()->isLambda() && method->getOverloadedOperator() == OO_Call) {
    // Clang's USRs of lambdas in inline functions coincide; name them by where they stand.
    const CXXRecordDecl *closure = method->getParent();
    const clang::Decl *around = clang::Decl::castFromDeclContext(closure->getDeclContext());
    while (around && !isa<FunctionDecl>(around) && !isa<TranslationUnitDecl>(around) && !isa<NamespaceDecl>(around))
      around = clang::Decl::castFromDeclContext(around->getDeclContext());
    if (around && isa<FunctionDecl>(around))
      text = usr(around).str();
    else
      text = site(closure->getLocation()).file.str();
    text += "@lambda@" + position(sources, closure->getLocation());
    if (const TemplateArgumentList *args = method->getTemplateSpecializationArgs())
      for (const TemplateArgument &arg : args->asArray()) {
        llvm::raw_string_ostream out(text);
        out << '#';
        arg.print(context.getPrintingPolicy(), out, true);
      }
  } else if (var && var->getParentFunctionOrMethod()) {
    text = usr(clang::Decl::castFromDeclContext(var->getParentFunctionOrMethod())).str();
    text += "@" + var->getNameAsString() + "@" + position(sources, var->getLocation());
  } else {
    llvm::SmallString<128> buffer;
    if (index::generateUSRForDecl(decl, buffer)) {
      auto *named = dyn_cast<NamedDecl>(decl);
      text = "unnamed@" + (named ? named->getNameAsString() : "") + "@" + site(decl->getLocation()).file.str().str() +
             ":" + position(sources, decl->getLocation());
    } else {
      text = buffer.str();
    }
    // Internal linkage: Clang's USR has the file's base name only.
    auto *named = dyn_cast<NamedDecl>(decl);
    if (named && (isa<FunctionDecl>(decl) || var) && !named->isExternallyVisible())
      text += ("@" + site(decl->getLocation()).file.str()).str();
  }
  Symbol symbol(text);
  usrs_[decl] = symbol;
  return symbol;
}

Symbol Unit::qualified(const DeclContext *decls, llvm::StringRef last) {
  std::string text = last.str();
  for (; decls && !decls->isTranslationUnit(); decls = decls->getParent()) {
    if (auto *ns = dyn_cast<NamespaceDecl>(decls)) {
      if (ns->isInline() || ns->isAnonymousNamespace()) continue;
      text = ns->getName().str() + "::" + text;
    } else if (auto *record = dyn_cast<RecordDecl>(decls)) {
      if (auto *cxx = dyn_cast<CXXRecordDecl>(record); cxx && cxx->isLambda()) {
        continue;
      } else if (record->getDeclName()) {
        text = record->getName().str() + "::" + text;
      } else if (auto *named = record->getTypedefNameForAnonDecl()) {
        text = named->getName().str() + "::" + text;
      }
    } else if (auto *fn = dyn_cast<FunctionDecl>(decls)) {
      return Symbol((name(fn).str() + "::" + text).str());
    }
  }
  return Symbol(text);
}

Symbol Unit::name(const NamedDecl *decl) {
  auto it = names_.find(decl);
  if (it != names_.end()) return it->second;
  Symbol symbol;
  auto *method = dyn_cast<CXXMethodDecl>(decl);
  if (method && method->getParent()->isLambda() && method->getOverloadedOperator() == OO_Call) {
    const DeclContext *around = method->getParent()->getDeclContext();
    while (around && !isa<FunctionDecl>(around) && !around->isTranslationUnit()) around = around->getParent();
    auto *fn = around ? dyn_cast<FunctionDecl>(around) : nullptr;
    symbol = Symbol(fn ? ("lambda in " + name(fn).str()).str() : "lambda");
  } else {
    std::string last;
    if (isa<CXXConstructorDecl>(decl))
      last = cast<CXXConstructorDecl>(decl)->getParent()->getName();
    else if (isa<CXXDestructorDecl>(decl))
      last = "~" + cast<CXXDestructorDecl>(decl)->getParent()->getName().str();
    else
      last = decl->getNameAsString();
    if (last.empty())
      if (auto *record = dyn_cast<TagDecl>(decl); record && record->getTypedefNameForAnonDecl())
        last = record->getTypedefNameForAnonDecl()->getName();
    symbol = qualified(decl->getDeclContext(), last);
  }
  names_[decl] = symbol;
  return symbol;
}

Symbol Unit::type_text(QualType type) {
  PrintingPolicy policy(context.getPrintingPolicy());
  policy.SuppressTagKeyword = policy.SuppressScope = false;
  return Symbol(type.getAsString(policy));
}

Symbol Unit::signature(const FunctionProtoType *type) {
  std::string text = type->getReturnType().getCanonicalType().getAsString() + " (";
  for (unsigned i = 0; i < type->getNumParams(); ++i)
    text += (i ? ", " : "") + type->getParamType(i).getCanonicalType().getUnqualifiedType().getAsString();
  if (type->isVariadic()) text += ", ...";
  return Symbol(text + ")");
}

Symbol Unit::signature_of(QualType type) {
  type = type.getNonReferenceType().getCanonicalType();
  if (auto *pointer = type->getAs<PointerType>()) type = pointer->getPointeeType();
  if (auto *member = type->getAs<MemberPointerType>()) type = member->getPointeeType();
  if (auto *proto = type->getAs<FunctionProtoType>()) return signature(proto);
  if (auto *fn = type->getAs<FunctionType>())
    return Symbol(fn->getReturnType().getCanonicalType().getAsString() + " ()");
  if (auto *spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(type->getAsCXXRecordDecl()))
    for (const TemplateArgument &arg : spec->getTemplateArgs().asArray())
      if (arg.getKind() == TemplateArgument::Type && arg.getAsType()->isFunctionProtoType())
        return signature(arg.getAsType()->castAs<FunctionProtoType>());
  return {};
}

} // namespace snarl
