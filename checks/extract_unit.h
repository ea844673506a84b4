// Extraction, the part that lives as long as the translation unit: names, places, declarations. Internal to
// extract*.cpp.
#pragma once
#include "extract.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclCXX.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace snarl {

/// What a lambda's body needs to know of the function it stands in.
struct LambdaFrame {
  Symbol enclosing, enclosing_name, record;
  llvm::DenseMap<const clang::VarDecl *, unsigned> slots; ///< captured variables that are named by Root::Capture
  std::vector<Path> captures, borrowed;
  unsigned depth = 0;
};

/// What calling a function of some return type makes.
enum class TaskKind : uint8_t { None, Eager, Lazy /*runs when it is awaited*/ };

class Unit {
public:
  Unit(clang::ASTContext &context, Facts &out, const Models &models, const ExtractOptions &options)
      : context(context), sources(context.getSourceManager()), facts(out), models(models), options(options) {}
  void run();

  // ---- Names and places (extract.cpp, extract_decl.cpp)
  bool is_system(clang::SourceLocation at);
  Site site(clang::SourceLocation at);
  bool in_system_macro(clang::SourceLocation at);
  Symbol usr(const clang::Decl *decl);
  Symbol name(const clang::NamedDecl *decl);
  Symbol qualified(const clang::DeclContext *context, llvm::StringRef last);
  Symbol type_text(clang::QualType type);
  Symbol signature(const clang::FunctionProtoType *type);
  Symbol signature_of(clang::QualType callable); ///< function, pointer to one, member pointer, std::function<...>

  // ---- Types (extract_decl.cpp)
  const TypeModel *type_model(clang::QualType type); ///< looks through sugar, references and arrays, not pointers
  const TypeModel *type_model(const clang::CXXRecordDecl *record);
  const CallModel *call_model(const clang::FunctionDecl *callee, const clang::CXXRecordDecl *receiver);
  bool spins(const clang::CXXRecordDecl *record);
  LockTraits lock_traits(clang::QualType type); ///< of models, attributes and classes with lock() and unlock()
  const clang::CXXMethodDecl *lock_function(clang::QualType type, llvm::StringRef name); ///< written by the user
  bool is_sync(clang::QualType type);
  TaskKind task_kind(clang::QualType type); ///< coroutine types (extract_lifetimes.cpp)
  bool is_view(clang::QualType type);       ///< refers to what another object owns: string_view, span
  bool pointer_like(clang::QualType type);  ///< pointer, reference, smart pointer, iterator
  bool callable(clang::QualType type);
  Symbol record_of(clang::QualType type); ///< USR of the class it is, or points or refers to; null if none
  bool is_user(const clang::CXXRecordDecl *record);
  bool has_body(const clang::FunctionDecl *function); ///< its facts will exist in some translation unit's user code
  bool initialises(const clang::CXXRecordDecl *record, unsigned depth = 0);
  /// Whether the end of an object of this type matters: joins, releases, runs user code.
  bool ends_loudly(clang::QualType type, unsigned depth = 0);

  // ---- Declarations (extract_decl.cpp)
  Symbol note(const clang::ValueDecl *decl); ///< registers a field or variable; its USR
  void note(const clang::CXXRecordDecl *record);
  void describe(const clang::FunctionDecl *decl, Function &out);
  void contracts(const clang::FunctionDecl *decl, Function &out); ///< from attributes
  bool contract_by_name(const clang::FunctionDecl *decl, Function &out);
  bool recursive(Symbol lock) const { return recursive_.contains(lock); } ///< a noted lock, from its initialiser
  bool refers(Symbol field) const { return pointers_.contains(field); }   ///< a noted pointer or reference
  void function(const clang::FunctionDecl *decl, const LambdaFrame *frame = nullptr);

  clang::ASTContext &context;
  clang::SourceManager &sources;
  Facts &facts;
  const Models &models;
  const ExtractOptions options;
  Function static_init; ///< namespace-scope initialisers of this file

private:
  void walk(const clang::DeclContext *context);
  void visit(const clang::Decl *decl);
  void namespace_scope_initialiser(const clang::VarDecl *var);

  llvm::DenseMap<const clang::Decl *, Symbol> usrs_, names_;
  llvm::DenseMap<const clang::Decl *, std::pair<bool, const TypeModel *>> type_models_;
  llvm::DenseMap<const clang::Decl *, const CallModel *> call_models_;
  llvm::DenseMap<const clang::Decl *, bool> loud_;
  llvm::DenseMap<const clang::Decl *, TaskKind> tasks_;
  llvm::DenseMap<clang::FileID, bool> system_files_;
  llvm::DenseMap<clang::FileID, Symbol> files_;
  llvm::DenseSet<const clang::Decl *> noted_, done_;
  llvm::DenseSet<Symbol> pointers_, recursive_;
};

} // namespace snarl
