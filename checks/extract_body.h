// Extraction of one function body. Internal to extract*.cpp.
//
// The CFG gives the order: its elements are statements and the expressions that matter by themselves (calls,
// constructions, conditions). Evaluating an element emits the operations of its sub-expressions first, leaving out
// those that are elements of their own. A pass before that (scan) finds out which locals can be named by what they are
// bound to, which have to be variables of their own, and where the object that an expression makes will live.
#pragma once
#include "extract_unit.h"
#include "path.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/StmtCXX.h"
#include "clang/Analysis/CFG.h"
#include "llvm/ADT/PointerUnion.h"

namespace snarl {

class Body {
public:
  /// `named_contract`: the function's contract comes from its name only.
  Body(Unit &unit, Function &out, const clang::Decl *decl, const LambdaFrame *frame, bool named_contract = false);

  void run(clang::Stmt *body);
  /// Namespace-scope and other initialisers outside of functions: one more straight-line block.
  void run_initialiser(const clang::VarDecl *var);

  using Uses = llvm::SmallVector<uint32_t, 2>; ///< numbers of operations, sorted

private:
  friend struct Scan;
  struct LocalInfo {
    bool declared_here = false, reassigned = false, shared = false; ///< shared: address taken or captured by reference
    bool resolving = false, resolved = false;
    int local = -1; ///< index in Function::locals
    const clang::Expr *init = nullptr;
    std::optional<Path> alias;
  };

  // ---- extract_cfg.cpp
  void scan(const clang::Stmt *statement, unsigned depth = 0);
  void scan_declaration(const clang::VarDecl *var);
  void scan_call(const clang::Expr *call, unsigned depth);
  void scan_range(const clang::CXXForRangeStmt *loop);
  void changed(const clang::Expr *target); ///< assigned to, or bound to a reference that may change it
  void silence(const clang::Stmt *statement, unsigned depth = 0);
  void place_objects();
  void place(const clang::Expr *made, const Path &where); ///< the object the expression makes lives there
  bool path_by_model(const clang::CallExpr *call);        ///< call_path() knows what such a call refers to
  void blocks(clang::Stmt *body);
  void pattern(const clang::Stmt *statement, unsigned depth = 0);
  void element(const clang::CFGElement &element);
  void branch(const clang::CFGBlock &block, Block &out);
  bool condition(const clang::Expr *test, bool positive, Branch &out);
  void destroy(const Path &path, clang::QualType type, clang::SourceLocation at, unsigned depth = 0);
  void compact();
  void forget_flags();
  std::optional<uint32_t> tested_operation(const clang::Expr *expression);

  // ---- extract_path.cpp
  Path path(const clang::Expr *expression, unsigned depth = 0);
  Path variable(const clang::ValueDecl *decl, unsigned depth = 0);
  Path call_path(const clang::CallExpr *call, unsigned depth);
  Value value(const clang::Expr *expression, unsigned depth = 0);
  Path field(Path base, const clang::ValueDecl *member);
  Path index(Path base, const clang::Expr *subscript);
  LocalInfo &local(const clang::VarDecl *var) { return locals_[var]; }
  Path local_path(const clang::VarDecl *var);
  Path new_local(llvm::StringRef name, clang::QualType type);
  Path fresh_local(const clang::Expr *temporary);
  Value::Truth truth(const clang::Expr *expression);

  // ---- extract_expr.cpp
  void emit(const clang::Stmt *statement, unsigned depth = 0); ///< operations of an expression that is no element
  void evaluate(const clang::Stmt *statement, unsigned depth = 0);
  void evaluate_parts(const clang::Stmt *statement, unsigned depth);
  void declare(const clang::VarDecl *var);
  void assign(const clang::Expr *left, const clang::Expr *right, clang::SourceLocation at);
  void store(const Path &dest, const clang::Expr *init, clang::SourceLocation at, unsigned depth = 0);
  void access(const clang::Expr *object, bool write, clang::SourceLocation at);
  void access(Path path, clang::QualType type, bool write, bool atomic, clang::SourceLocation at,
              bool referent = false);
  void reads_operand(const clang::Expr *operand);
  bool own_copy(const clang::Expr *expression);
  bool data(const Path &path, clang::QualType type) const;
  void lambda(const clang::LambdaExpr *expression);
  void await(const clang::CoroutineSuspendExpr *expression);
  void make_new(const clang::CXXNewExpr *expression);

  void atomic_access(Path path, clang::QualType type, bool write, Update update, clang::SourceLocation at);

  void describe_atomic(const clang::Expr *call, const clang::Expr *stored);
  void fix_update(const clang::Expr *call, const clang::Expr *receiver, const clang::Expr *stored, Op &op);

  // ---- extract_uses.cpp
  Uses uses(const clang::Stmt *statement) const; ///< operations whose results the value depends on
  void collect_uses(const clang::Stmt *statement, Uses &uses, unsigned &budget) const;
  bool has_result(uint32_t operation) const;
  void made(const clang::Stmt *statement, uint32_t first);
  void depend(const clang::VarDecl *var, const Uses &on, bool also); ///< also: besides what it depends on already
  void depends_by_assignment(const clang::BinaryOperator *assignment, uint32_t first);
  void enter_block(const clang::CFGBlock &block);

  // ---- extract_signals.cpp
  void note_unsafe(const clang::Stmt *statement);
  bool signal_handlers(const clang::Expr *call, const clang::Expr *action);

  // ---- extract_waits.cpp
  Symbol awaited_condition(const clang::Expr *call, const clang::Expr *predicate);
  void fix_wait(const clang::Expr *call, Op &op);

  // ---- extract_call.cpp
  struct Callee {
    const clang::FunctionDecl *decl = nullptr;
    const clang::Expr *receiver = nullptr; ///< object of a method call
    const clang::Expr *pointer = nullptr;  ///< what is called when it is no function by name
    llvm::SmallVector<const clang::Expr *, 6> args;
    const clang::CXXRecordDecl *receiver_class = nullptr;
    clang::QualType receiver_type;
  };
  Callee callee(const clang::CallExpr *call);
  void callee_by_name(const clang::CallExpr *call, Callee &callee);
  void call(const clang::CallExpr *call);
  void construct(const clang::CXXConstructExpr *expression);
  void plain_call(const clang::Expr *call, const Callee &callee);
  void pointer_call(const clang::Expr *call, const Callee &callee);
  void arguments(Op &op, const Callee &callee);
  void materialise(const Callee &callee); ///< gives aggregates that are passed a place, and stores their parts there
  void library_call(const clang::Expr *call, const Callee &callee);
  void callables(const Callee &callee, Symbol through, clang::SourceLocation at);
  void keep_callables(const Path &where, const Callee &callee, clang::SourceLocation at);
  Path result(const clang::Expr *call, const Op &op);

  // ---- extract_models.cpp: true if the model said everything
  bool apply(const clang::Expr *call, const Callee &callee, const CallModel &model);
  bool type_call(const clang::Expr *call, const Callee &callee, const TypeModel &type);
  bool construct_model(const clang::CXXConstructExpr *expression, const TypeModel &type, const Path &dest);
  bool lock_call(const clang::Expr *call, const Callee &callee, LockMethod method, LockTraits traits);
  bool guard_call(const clang::Expr *call, const Callee &callee, const TypeModel &type);
  bool thread_call(const clang::Expr *call, const Callee &callee, const TypeModel &type);
  bool holds_guard(const clang::CXXConstructExpr *expression);
  bool made_in_place(const clang::Expr *at, clang::QualType type, llvm::ArrayRef<const clang::Expr *> args,
                     const Path &dest);
  bool guard(const clang::Expr *at, llvm::ArrayRef<const clang::Expr *> args, const TypeModel &type, const Path &dest);
  void spawn(const clang::Expr *at, llvm::ArrayRef<const clang::Expr *> args, SpawnKind kind, llvm::StringRef api,
             const Path &dest);
  bool hand_over(const clang::Expr *call, const Callee &callee);
  SpawnKind runs_on(const clang::Expr *call, const Callee &callee, SpawnKind otherwise);
  bool asio_call(const clang::Expr *call, const Callee &callee);
  void scan_nonblocking(const clang::CallExpr *call);
  bool nonblocking_flag(const clang::Stmt *flags, unsigned depth = 0);
  bool block(const clang::Expr *call, const Callee &callee, const CallModel &model);
  Value lock_value(const clang::Expr *expression, Op &op);
  bool throws_by_design(const Callee &callee); ///< std::stoi, at(): for bad input

  // ---- extract_guards.cpp
  const TypeModel *guard_model(clang::QualType type);
  void suspect_guard(const clang::VarDecl *var);
  void suspect_guards(const clang::CompoundStmt *block);
  void fix_with_name(Op &op, clang::SourceLocation before);
  void remarks();
  int64_t milliseconds(const clang::Expr *expression, CallModel::Unit unit);
  std::string text(const clang::Expr *expression) const;

  // ---- extract_lifetimes.cpp
  struct Fate { ///< what becomes of the value of an expression
    bool awaited = false;
    bool discarded = false;
    bool detached = false;               ///< passed together with something that says so
    const clang::VarDecl *var = nullptr; ///< initialises it
    Path dest;
    llvm::StringRef passed; ///< to the function of that name
  };
  struct Bound { ///< what a local took from the thread
    const clang::VarDecl *variable = nullptr;
    bool copy = false;
    std::string identity;
  };
  void lifetimes(const clang::Stmt *body);
  void lifetimes_before(const clang::Stmt *element);
  void lifetimes_after(const clang::Stmt *element);
  void fates(const clang::Stmt *statement, Fate fate, unsigned depth = 0);
  void names(const clang::Stmt *statement, bool first, const clang::VarDecl *back_to, bool printed, unsigned depth = 0);
  Value lent(const clang::Expr *argument, clang::QualType as);
  void suggest_jthread(const clang::VarDecl *var);
  void borrowed_use(const Path &what, clang::SourceLocation at);
  void thread_bound(const clang::VarDecl *kept, const clang::Expr *from, clang::SourceLocation at);
  void thread_bound_use(const clang::VarDecl *kept, clang::SourceLocation at, const clang::VarDecl *back_to);

  Op &add(OpKind kind, clang::SourceLocation at);

  Unit &unit_;
  Function &out_;
  clang::ASTContext &context_;
  const clang::Decl *decl_;
  const LambdaFrame *frame_;
  const bool named_contract_;
  std::vector<Op> *ops_ = nullptr;
  uint32_t next_id_ = 1;
  bool bounded_ = false;
  clang::SourceLocation at_; ///< where the current default argument is used

  llvm::DenseMap<const clang::VarDecl *, LocalInfo> locals_;
  llvm::DenseMap<const clang::ParmVarDecl *, unsigned> params_;
  llvm::DenseSet<const clang::Stmt *> elements_, silent_;
  llvm::DenseMap<const clang::Expr *, Path> places_;           ///< where the object an expression makes lives
  llvm::DenseMap<const clang::Expr *, uint32_t> results_;      ///< operation of a call
  llvm::DenseMap<const clang::VarDecl *, uint32_t> last_call_; ///< variable assigned from that operation in this block
  llvm::DenseMap<const clang::VarDecl *, const clang::Expr *> range_of_; ///< range-for variable -> range
  llvm::DenseSet<uint32_t> zero_is_success_, minus_one_is_success_;      ///< operations by what they return
  llvm::DenseSet<const clang::ValueDecl *> written_;                     ///< fields and variables that this body writes
  llvm::DenseSet<Symbol> written_fields_;
  llvm::DenseMap<const clang::VarDecl *, llvm::SmallVector<const clang::Expr *, 2>>
      assigned_; ///< null: changed otherwise
  llvm::DenseSet<const clang::Expr *> awaited_;
  llvm::DenseSet<const clang::Expr *> stored_;      ///< an Assign to its place was emitted with the call
  llvm::DenseSet<const clang::Decl *> nonblocking_; ///< descriptors set to O_NONBLOCK here
  llvm::DenseSet<const clang::Decl *> recursive_;   ///< mutex attributes set to recursive here
  llvm::DenseMap<const clang::Stmt *, const clang::CXXTryStmt *> in_try_; ///< statements of try blocks, innermost
  std::vector<std::pair<const clang::Expr *, const clang::VarDecl *>> made_for_; ///< initialisers
  std::vector<std::pair<const clang::Expr *, const clang::Expr *>> made_into_;   ///< assigned handles
  std::vector<const clang::Expr *> returned_;
  llvm::SmallVector<const clang::VarDecl *, 4> captured_; ///< by reference
  const clang::CXXTryStmt *try_ = nullptr;
  const clang::Expr *loop_test_ = nullptr;                                ///< while scanning a loop's body
  llvm::DenseMap<const clang::Expr *, const clang::IfStmt *> only_if_;    ///< calls that are all an if statement does
  llvm::DenseMap<const clang::Expr *, const clang::Expr *> loop_test_of_; ///< calls in loops that may wait
  std::vector<bool> results_of_; ///< operations that have a result or read something
  llvm::DenseMap<const clang::Stmt *, std::pair<uint32_t, uint32_t>> made_; ///< operations of an expression, half open
  llvm::DenseMap<const clang::VarDecl *, Uses> depends_;
  llvm::DenseMap<const clang::VarDecl *, unsigned> assigned_in_; ///< the CFG block of the last assignment
  llvm::DenseMap<unsigned, Uses> tested_, controls_; ///< by CFG block: of its condition; of the branch that leads to it
  Uses control_;                                     ///< of the branch that leads to this block
  unsigned cfg_block_ = 0, unsafe_ = 0;
  llvm::DenseSet<const clang::Stmt *> destroyed_;       ///< temporaries, in this block
  llvm::DenseMap<const clang::Expr *, Fate> fates_;     ///< of calls
  llvm::DenseSet<const clang::Expr *> dropped_;         ///< calls that initialise a variable nobody looks at
  llvm::DenseMap<const clang::VarDecl *, Bound> bound_; ///< to this thread
  llvm::DenseSet<const clang::VarDecl *> outermost_;    ///< declared in the body's own block
  bool keeps_itself_ = false;                           ///< a coroutine that holds a shared_ptr to its object
  /// Statements or variables that look like a mistake.
  struct Suspect {
    llvm::PointerUnion<const clang::Stmt *, const clang::VarDecl *> what, other;
    Remark kind;
  };
  std::vector<Suspect> suspects_;
  bool in_lambda_ = false, interesting_ = false;
  bool handled_ = false;                                              ///< in a try block
  bool locks_by_hand_ = false;                                        ///< calls something with "lock" in its name
  bool constant_switch(const clang::VarDecl *var);                    ///< a local that is only ever set to constants
  bool unchanging(const clang::Expr *expression, unsigned depth = 0); ///< the same whenever this function asks
};

/// Without parentheses, implicit casts and the wrappers around temporaries.
const clang::Expr *strip(const clang::Expr *expression);
/// The expression that makes the object: a call, construction, lambda, initialiser list.
const clang::Expr *maker(const clang::Expr *expression);
/// The path of the object itself, where a dereference stands last.
Path without_deref(Path path);
/// The name of a function that is no operator, constructor or conversion; else empty.
llvm::StringRef simple_name(const clang::FunctionDecl *function);

} // namespace snarl
