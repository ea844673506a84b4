// What outlives what, as far as one function says it: coroutines that are made and not awaited at once, what they are
// lent, what a coroutine uses that is not its own, and what is taken from the thread it happens to run on.
//
// A task that is awaited where it is made ends before that full expression does, and with it everything it was lent.
// All others are noted (Remark::Leaves) with what becomes of them and with those arguments that end before their maker
// expects: temporaries and objects of this function. The other half is said in the coroutine (Remark::BorrowedUse); the
// rules bring both together when the whole program is known.
#include "extract_body.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

namespace snarl {

using namespace clang;

// ---- Types

static bool suspends_always(Unit &unit, QualType type) {
  const CXXRecordDecl *record = type.isNull() ? nullptr : type.getNonReferenceType()->getAsCXXRecordDecl();
  return record && unit.name(record).str() == "std::suspend_always";
}

/// A body that returns suspend_always, where the return type is `auto` and the function was not instantiated.
static bool mentions_suspend_always(Unit &unit, const Stmt *s, unsigned depth = 0) {
  if (!s || depth > 20) return false;
  if (auto *e = dyn_cast<Expr>(s); e && suspends_always(unit, e->getType())) return true;
  return llvm::any_of(s->children(), [&](const Stmt *c) { return mentions_suspend_always(unit, c, depth + 1); });
}

static const CXXRecordDecl *member_type(const CXXRecordDecl *record, llvm::StringRef name, unsigned depth = 0) {
  if (!record || !(record = record->getDefinition()) || depth > 5) return nullptr;
  for (const NamedDecl *found : record->lookup(&record->getASTContext().Idents.get(name))) {
    if (auto *nested = dyn_cast<CXXRecordDecl>(found)) return nested;
    if (auto *alias = dyn_cast<TypedefNameDecl>(found)) return alias->getUnderlyingType()->getAsCXXRecordDecl();
  }
  for (const CXXBaseSpecifier &base : record->bases())
    if (auto *found = member_type(base.getType()->getAsCXXRecordDecl(), name, depth + 1)) return found;
  return nullptr;
}

static const CXXMethodDecl *method_of(const CXXRecordDecl *record, llvm::StringRef name, unsigned depth = 0) {
  if (!record || !(record = record->getDefinition()) || depth > 5) return nullptr;
  for (const NamedDecl *found : record->lookup(&record->getASTContext().Idents.get(name)))
    if (auto *method = dyn_cast<CXXMethodDecl>(found)) return method;
  for (const CXXBaseSpecifier &base : record->bases())
    if (auto *found = method_of(base.getType()->getAsCXXRecordDecl(), name, depth + 1)) return found;
  return nullptr;
}

/// What a body calls besides from_promise() and moves: a task that is given to a scheduler when it is made runs by
/// itself.
static bool calls_something(const FunctionDecl *fn) {
  const FunctionDecl *definition = nullptr;
  if (!fn) return false;
  if (const FunctionDecl *pattern = fn->getTemplateInstantiationPattern()) fn = pattern;
  if (!fn->hasBody(definition)) return false;
  auto search = [](auto &&self, const Stmt *s, unsigned depth) -> bool {
    if (!s || depth > 30) return false;
    if (auto *call = dyn_cast<CallExpr>(s)) {
      llvm::StringRef name;
      if (const FunctionDecl *callee = call->getDirectCallee()) {
        name = simple_name(callee);
      } else if (auto *member = dyn_cast<CXXDependentScopeMemberExpr>(call->getCallee())) {
        if (member->getMember().isIdentifier()) name = member->getMember().getAsIdentifierInfo()->getName();
      } else if (auto *scope = dyn_cast<DependentScopeDeclRefExpr>(call->getCallee())) {
        if (scope->getDeclName().isIdentifier()) name = scope->getDeclName().getAsIdentifierInfo()->getName();
      } else if (auto *overloads = dyn_cast<OverloadExpr>(call->getCallee())) {
        if (overloads->getName().isIdentifier()) name = overloads->getName().getAsIdentifierInfo()->getName();
      }
      if (!name.empty() && !llvm::is_contained({"from_promise", "move", "forward", "exchange", "addressof"}, name))
        return true;
    }
    return llvm::any_of(s->children(), [&](const Stmt *c) { return self(self, c, depth + 1); });
  };
  return search(search, definition->getBody(), 0);
}

static bool starts_lazily(Unit &unit, const CXXRecordDecl *promise) {
  const CXXMethodDecl *initial = method_of(promise, "initial_suspend");
  if (!initial || calls_something(method_of(promise, "get_return_object"))) return false;
  QualType type = initial->getReturnType();
  if (type->isUndeducedType() || type->isDependentType()) {
    const FunctionDecl *pattern = initial->getTemplateInstantiationPattern();
    return mentions_suspend_always(unit, (pattern ? pattern : initial)->getBody());
  }
  if (suspends_always(unit, type)) return true;
  // An awaiter of its own that is never ready.
  const CXXRecordDecl *awaiter = type->getAsCXXRecordDecl();
  const CXXMethodDecl *ready = method_of(awaiter, "await_ready");
  const FunctionDecl *definition = nullptr;
  if (!ready || calls_something(method_of(awaiter, "await_suspend"))) return false;
  if (const FunctionDecl *pattern = ready->getTemplateInstantiationPattern(); pattern && !ready->hasBody())
    definition = pattern;
  else
    ready->hasBody(definition);
  auto *body = definition ? dyn_cast_or_null<CompoundStmt>(definition->getBody()) : nullptr;
  auto *ret = body && body->size() == 1 ? dyn_cast<ReturnStmt>(body->body_front()) : nullptr;
  auto *value = ret && ret->getRetValue() ? dyn_cast<CXXBoolLiteralExpr>(strip(ret->getRetValue())) : nullptr;
  return value && !value->getValue();
}

TaskKind Unit::task_kind(QualType type) {
  const CXXRecordDecl *record = type.isNull() || type->isReferenceType() ? nullptr : type->getAsCXXRecordDecl();
  if (!record || !record->hasDefinition()) return TaskKind::None;
  auto [it, fresh] = tasks_.try_emplace(record, TaskKind::None);
  if (!fresh) return it->second;
  TaskKind kind = TaskKind::None;
  if (const CXXRecordDecl *promise = member_type(record, "promise_type"))
    kind = starts_lazily(*this, promise) ? TaskKind::Lazy : TaskKind::Eager;
  if (kind != TaskKind::Lazy)
    kind = llvm::StringSwitch<TaskKind>(name(record).str())
               .Cases("asio::awaitable", "boost::asio::awaitable", "folly::coro::Task", TaskKind::Lazy)
               .Cases("cppcoro::task", "unifex::task", "QCoro::LazyTask", "concurrencpp::lazy_result", TaskKind::Lazy)
               .Cases("boost::cobalt::task", "folly::coro::AsyncGenerator", "exec::task", TaskKind::Lazy)
               .Default(kind);
  return tasks_[record] = kind;
}

bool Unit::is_view(QualType type) {
  const CXXRecordDecl *record = type->getAsCXXRecordDecl();
  if (!record || !record->getDeclName().isIdentifier()) return false;
  return llvm::StringSwitch<bool>(record->getName())
      .Cases("basic_string_view", "span", "QStringView", "QByteArrayView", "StringRef", "ArrayRef", "StringPiece", true)
      .Cases("Range", "string_view", "initializer_list", "function_ref", "reference_wrapper", "FunctionRef", true)
      .Cases("const_buffer", "mutable_buffer", "basic_cstring_view", "zstring_view", "array_view", "Span", true)
      .Default(false);
}

static bool owns(QualType type) {
  const CXXRecordDecl *record = type.getNonReferenceType()->getAsCXXRecordDecl();
  return type->isArrayType() || (record && record->hasDefinition() && !record->hasTrivialDestructor());
}

// ---- What is lent

static const VarDecl *own_variable(const Expr *e) {
  auto *ref = dyn_cast<DeclRefExpr>(e);
  auto *var = ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr;
  if (!var || var->hasGlobalStorage() || var->getType()->isReferenceType()) return nullptr;
  return ref->refersToEnclosingVariableOrCapture() ? nullptr : var;
}

/// The argument as an object that may end too early: a temporary, or a variable of this function. Else nothing is
/// known.
Value Body::lent(const Expr *arg, QualType as) {
  Value none, out;
  bool reference = as->isReferenceType(), pointer = as->isPointerType();
  if (!reference && !pointer && !unit_.is_view(as)) return none;
  const Expr *e = arg;
  for (unsigned depth = 0; depth < 20; ++depth) {
    if (auto *def = dyn_cast<CXXDefaultArgExpr>(e)) e = def->getExpr();
    e = e->IgnoreParens();
    if (auto *full = dyn_cast<FullExpr>(e)) {
      e = full->getSubExpr();
    } else if (auto *made = dyn_cast<MaterializeTemporaryExpr>(e)) {
      if (!reference && !owns(made->getType())) {
        e = made->getSubExpr();
        continue;
      }
      out.temporary = true;
      return out;
    } else if (auto *cast = dyn_cast<CastExpr>(e)) {
      if (cast->getCastKind() == CK_LValueToRValue) return none;
      if (cast->getCastKind() == CK_ArrayToPointerDecay && isa<StringLiteral>(strip(cast->getSubExpr()))) return none;
      e = cast->getSubExpr();
    } else if (auto *bind = dyn_cast<CXXBindTemporaryExpr>(e)) {
      e = bind->getSubExpr();
    } else if (auto *unary = dyn_cast<UnaryOperator>(e); unary && unary->getOpcode() == UO_AddrOf) {
      e = unary->getSubExpr();
    } else if (auto *member = dyn_cast<MemberExpr>(e); member && !member->isArrow()) {
      e = member->getBase();
    } else if (auto *call = dyn_cast<CXXMemberCallExpr>(e)) {
      const CXXMethodDecl *method = call->getMethodDecl();
      llvm::StringRef name = method ? simple_name(method) : "";
      if (!method || reference || !(isa<CXXConversionDecl>(method) || name == "c_str" || name == "data")) return none;
      e = call->getImplicitObjectArgument();
      if (!owns(e->getType())) return none;
    } else if (auto *op = dyn_cast<CXXOperatorCallExpr>(e);
               op && (op->getOperator() == OO_Arrow || op->getOperator() == OO_Star)) {
      e = op->getArg(0);                                // what a smart pointer keeps alive
      const Expr *pointer_itself = e->IgnoreImpCasts(); // operator-> is its base class's
      const TypeModel *model = unit_.type_model(pointer_itself->getType());
      if (!model || model->kind != TypeKind::Pointer || !owns(pointer_itself->getType())) return none;
      if (own_variable(strip(e)) && !model->owner) return none; // others may share it
    } else if (auto *call = dyn_cast<CallExpr>(e)) {
      const FunctionDecl *fn = call->getDirectCallee();
      llvm::StringRef name = fn && fn->isInStdNamespace() ? simple_name(fn) : "";
      if (name != "move" && name != "forward" && name != "as_const" && name != "addressof" && name != "ref" &&
          name != "cref")
        return none;
      e = call->getArg(0);
    } else if (auto *construct = dyn_cast<CXXConstructExpr>(e)) {
      if (construct->getNumArgs() == 0 || !unit_.is_view(construct->getType())) return none;
      e = construct->getArg(0);
    } else {
      break;
    }
  }
  const VarDecl *var = own_variable(e);
  if (!var || (!reference && !pointer && !owns(var->getType()))) return none;
  if (isa<LambdaExpr>(e)) return none;
  out.path = variable(var);
  if (!out.path.known() ||
      (out.path.root != Root::Local && out.path.root != Root::Variable && out.path.root != Root::Param))
    return none;
  if (!out.path.steps.empty()) return none;
  out.borrowed = true;
  return out;
}

// ---- Before the walk: what becomes of tasks and futures

static bool same_expression_only(llvm::StringRef name) {
  std::string lower = name.lower();
  for (llvm::StringRef word : {"wait", "block", "run_until", "get", "result", "invoke"})
    if (llvm::StringRef(lower).contains(word)) return true;
  return false;
}

void Body::fates(const Stmt *s, Fate fate, unsigned depth) {
  if (!s || depth > 200 || isa<LambdaExpr>(s)) {
    if (auto *lambda = dyn_cast_or_null<LambdaExpr>(s))
      for (const Expr *init : lambda->capture_inits()) fates(init, {}, depth + 1);
    return;
  }
  ++depth;
  auto statement = [&](const Stmt *child) {
    Fate f;
    f.discarded = isa_and_nonnull<Expr>(child);
    fates(child, f, depth);
  };
  if (auto *wait = dyn_cast<CoroutineSuspendExpr>(s)) {
    Fate f;
    f.awaited = true;
    return fates(wait->getCommonExpr(), f, depth);
  }
  if (auto *ret = dyn_cast<ReturnStmt>(s)) {
    Fate f;
    f.dest.root = Root::Return;
    return fates(ret->getRetValue(), f, depth);
  }
  if (auto *declaration = dyn_cast<DeclStmt>(s)) {
    for (const clang::Decl *d : declaration->decls()) {
      auto *var = dyn_cast<VarDecl>(d);
      if (!var || !var->getInit()) continue;
      Fate f;
      f.var = var;
      if (var->hasGlobalStorage()) f = {};
      fates(var->getInit(), f, depth);
      if (!var->hasGlobalStorage() && !var->isReferenced() && !var->hasAttr<UnusedAttr>() &&
          isa<CallExpr>(maker(var->getInit())))
        dropped_.insert(maker(var->getInit()));
    }
    return;
  }
  if (auto *call = dyn_cast<CallExpr>(s)) {
    if (!call->isTypeDependent()) fates_[call] = fate;
    Callee c = callee(call);
    Fate inner;
    inner.awaited = fate.awaited;
    // spawn(task()), task().detach(), tasks.push_back(task()): whose name says what becomes of it.
    llvm::StringRef name = c.decl ? simple_name(c.decl) : "";
    bool forwards = c.decl && c.decl->isInStdNamespace() && (name == "move" || name == "forward");
    if (forwards) inner = fate;
    if (!inner.awaited && !forwards) {
      inner.awaited = same_expression_only(name);
      inner.passed = name;
      for (const Expr *arg : c.args) inner.detached |= text(arg).find("detached") != std::string::npos;
    }
    if (isa<CXXOperatorCallExpr>(call) && cast<CXXOperatorCallExpr>(call)->getOperator() == OO_Equal) {
      inner = {};
      if (c.receiver) inner.discarded = text(c.receiver).find("ignore") != std::string::npos;
    }
    for (const Expr *arg : c.args) fates(arg, inner, depth);
    if (c.receiver) fates(c.receiver, inner, depth);
    return;
  }
  if (auto *construct = dyn_cast<CXXConstructExpr>(s)) {
    Fate inner;
    inner.awaited = fate.awaited;
    bool same = construct->isElidable() || construct->getConstructor()->isCopyOrMoveConstructor();
    for (const Expr *arg : construct->arguments()) fates(arg, same ? fate : inner, depth);
    return;
  }
  if (auto *binary = dyn_cast<BinaryOperator>(s); binary && binary->getOpcode() == BO_Comma) {
    statement(binary->getLHS());
    return fates(binary->getRHS(), fate, depth);
  }
  if (auto *choice = dyn_cast<AbstractConditionalOperator>(s)) {
    fates(choice->getCond(), {}, depth);
    fates(choice->getTrueExpr(), fate, depth);
    return fates(choice->getFalseExpr(), fate, depth);
  }
  if (isa<CastExpr, FullExpr, MaterializeTemporaryExpr, CXXBindTemporaryExpr, ParenExpr>(s)) {
    for (const Stmt *child : s->children()) fates(child, fate, depth);
    return;
  }
  if (isa<Expr>(s)) {
    Fate inner;
    inner.awaited = fate.awaited;
    for (const Stmt *child : s->children()) fates(child, inner, depth);
    return;
  }
  if (auto *branch = dyn_cast<IfStmt>(s)) {
    for (const Stmt *part : {branch->getInit(), static_cast<const Stmt *>(branch->getConditionVariableDeclStmt())})
      fates(part, {}, depth);
    fates(branch->getCond(), {}, depth);
    statement(branch->getThen());
    return statement(branch->getElse());
  }
  if (auto *loop = dyn_cast<ForStmt>(s)) {
    statement(loop->getInit());
    fates(loop->getCond(), {}, depth);
    statement(loop->getInc());
    return statement(loop->getBody());
  }
  if (auto *loop = dyn_cast<WhileStmt>(s)) {
    fates(loop->getCond(), {}, depth);
    return statement(loop->getBody());
  }
  if (auto *loop = dyn_cast<DoStmt>(s)) {
    fates(loop->getCond(), {}, depth);
    return statement(loop->getBody());
  }
  if (auto *loop = dyn_cast<CXXForRangeStmt>(s)) {
    fates(loop->getRangeInit(), {}, depth);
    return statement(loop->getBody());
  }
  if (auto *choice = dyn_cast<SwitchStmt>(s)) {
    fates(choice->getCond(), {}, depth);
    return statement(choice->getBody());
  }
  if (auto *ret = dyn_cast<CoreturnStmt>(s)) {
    Fate f;
    f.awaited = true; // kept by the caller, as far as can be seen here
    return fates(ret->getOperand(), f, depth);
  }
  for (const Stmt *child : s->children()) statement(child);
}

// ---- What belongs to the thread

static const VarDecl *thread_variable(const Expr *e) {
  for (unsigned depth = 0; e && depth < 20; ++depth) {
    e = strip(e);
    if (auto *unary = dyn_cast<UnaryOperator>(e);
        unary && (unary->getOpcode() == UO_AddrOf || unary->getOpcode() == UO_Deref))
      e = unary->getSubExpr();
    else if (auto *member = dyn_cast<MemberExpr>(e); member && !member->isArrow())
      e = member->getBase();
    else if (auto *index = dyn_cast<ArraySubscriptExpr>(e))
      e = index->getBase();
    else
      break;
  }
  if (auto *call = dyn_cast_or_null<CallExpr>(e)) { // Context &current() { thread_local Context c; return c; }
    const FunctionDecl *fn = call->getDirectCallee(), *definition = nullptr;
    if (!fn || !(fn->getReturnType()->isReferenceType() || fn->getReturnType()->isPointerType()) ||
        !fn->hasBody(definition) || definition->hasSkippedBody())
      return nullptr;
    auto *body = dyn_cast_or_null<CompoundStmt>(definition->getBody());
    auto *ret = body && body->size() && body->size() <= 3 ? dyn_cast<ReturnStmt>(body->body_back()) : nullptr;
    const Expr *value = ret && ret->getRetValue() ? strip(ret->getRetValue()) : nullptr;
    if (value && !fn->getReturnType()->isReferenceType()) {
      auto *unary = dyn_cast<UnaryOperator>(value);
      value = unary && unary->getOpcode() == UO_AddrOf ? strip(unary->getSubExpr()) : nullptr;
    }
    e = value;
  }
  auto *ref = dyn_cast_or_null<DeclRefExpr>(e);
  auto *var = ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr;
  return var && var->getTLSKind() != VarDecl::TLS_None ? var->getCanonicalDecl() : nullptr;
}

static llvm::StringRef thread_identity(Unit &unit, const Expr *e) {
  auto *call = dyn_cast_or_null<CallExpr>(e ? maker(e) : nullptr);
  const FunctionDecl *fn = call ? call->getDirectCallee() : nullptr;
  if (!fn) return {};
  llvm::StringRef name = unit.name(fn).str();
  static const llvm::StringSet<> kNames = {
      "std::this_thread::get_id", "boost::this_thread::get_id", "pthread_self",    "thrd_current", "gettid",
      "QThread::currentThreadId", "QThread::currentThread",     "__errno_location"};
  return kNames.contains(name) ? name : llvm::StringRef();
}

/// `kept` takes what `from` evaluates to.
void Body::thread_bound(const VarDecl *kept, const Expr *from, SourceLocation at) {
  if (!from || kept->hasGlobalStorage()) return;
  QualType type = kept->getType();
  const Expr *e = strip(from);
  // The operands of *e where e is &errno.
  if (auto *unary = dyn_cast<UnaryOperator>(e); unary && unary->getOpcode() == UO_AddrOf) {
    const Expr *inner = strip(unary->getSubExpr());
    if (auto *deref = dyn_cast<UnaryOperator>(inner); deref && deref->getOpcode() == UO_Deref)
      e = strip(deref->getSubExpr());
  }
  llvm::StringRef identity = thread_identity(unit_, e);
  const VarDecl *var = nullptr;
  bool copy = false;
  if (identity.empty()) {
    bool names_it = type->isReferenceType();
    if (auto *unary = dyn_cast<UnaryOperator>(e); unary && unary->getOpcode() == UO_AddrOf) names_it = true;
    if (auto *call = dyn_cast<CallExpr>(e); call && type->isPointerType()) names_it = true;
    if (e->getType()->isArrayType() && type->isPointerType()) names_it = true;
    if (auto *call = dyn_cast<CallExpr>(e); call && call->getDirectCallee() &&
                                            simple_name(call->getDirectCallee()) == "exchange" &&
                                            call->getNumArgs() == 2)
      var = thread_variable(call->getArg(0)), copy = true;
    else
      var = thread_variable(e), copy = !names_it;
  }
  if (!var && identity.empty()) {
    if (bound_.count(kept->getCanonicalDecl())) { // something else now
      Op &op = add(OpKind::Remark, at);
      op.remark = Remark::ThreadBound;
      op.dest = local_path(kept->getCanonicalDecl());
    }
    return;
  }
  bound_[kept->getCanonicalDecl()] = {var, copy, identity.str()};
  Path where = local_path(kept->getCanonicalDecl());
  Op &op = add(OpKind::Remark, at);
  op.remark = Remark::ThreadBound;
  op.dest = where;
  op.api = Symbol(identity == "__errno_location" ? "errno" : identity);
  if (var) op.path.root = Root::Variable, op.path.symbol = unit_.note(var);
  op.how = copy ? How::Adopt : How::Lock;
}

void Body::thread_bound_use(const VarDecl *kept, SourceLocation at, const VarDecl *back_to) {
  auto it = bound_.find(kept->getCanonicalDecl());
  if (it == bound_.end() || (it->second.copy && (!back_to || back_to != it->second.variable))) return;
  Path where = local_path(kept->getCanonicalDecl());
  Symbol variable = it->second.variable ? unit_.note(it->second.variable) : Symbol();
  Op &op = add(OpKind::Remark, at);
  op.remark = Remark::ThreadBoundUse;
  op.dest = where;
  op.api = Symbol(it->second.identity == "__errno_location" ? "errno" : it->second.identity);
  if (variable) op.path.root = Root::Variable, op.path.symbol = variable;
}

// ---- During the walk

void Body::borrowed_use(const Path &what, SourceLocation at) {
  if (!ops_->empty() && ops_->back().kind == OpKind::Remark && ops_->back().remark == Remark::BorrowedUse &&
      ops_->back().path == what && ops_->back().site.line == unit_.site(at).line)
    return;
  Op &op = add(OpKind::Remark, at);
  op.remark = Remark::BorrowedUse;
  op.path = what;
}

/// The slot of what a lambda captured, by the order of its captures.
static std::optional<unsigned> capture_slot(const clang::Decl *function, const ValueDecl *var) {
  auto *method = dyn_cast<CXXMethodDecl>(function);
  if (!method || !method->getParent()->isLambda()) return std::nullopt;
  unsigned slot = 0;
  for (const LambdaCapture &capture : method->getParent()->captures()) {
    if (var ? capture.capturesVariable() && capture.getCapturedVar()->getCanonicalDecl() == var->getCanonicalDecl()
            : capture.capturesThis())
      return slot;
    ++slot;
  }
  return std::nullopt;
}

/// What an element names by itself, without the elements it is made of. `back_to`: the thread's variable it is stored
/// to.
void Body::names(const Stmt *s, bool first, const VarDecl *back_to, bool printed, unsigned depth) {
  if (!s || depth > 200 || silent_.contains(s) || (!first && elements_.contains(s))) return;
  ++depth;
  if (isa<UnaryExprOrTypeTraitExpr, CXXNoexceptExpr>(s)) return;
  if (auto *ref = dyn_cast<DeclRefExpr>(s)) {
    auto *var = dyn_cast<VarDecl>(ref->getDecl());
    if (!var) return;
    if (!printed) thread_bound_use(var, ref->getLocation(), back_to);
    if (ref->refersToEnclosingVariableOrCapture()) {
      if (auto slot = capture_slot(decl_, var)) {
        auto *method = cast<CXXMethodDecl>(decl_);
        if (method->isExplicitObjectMemberFunction() && !method->getParamDecl(0)->getType()->isReferenceType()) return;
        Path path;
        path.root = Root::Capture;
        path.index = *slot;
        borrowed_use(path, ref->getLocation());
      }
    } else if (auto *param = dyn_cast<ParmVarDecl>(var)) {
      auto it = params_.find(cast<ParmVarDecl>(param->getCanonicalDecl()));
      QualType type = param->getType();
      if (it != params_.end() && (type->isReferenceType() || type->isPointerType() || unit_.is_view(type))) {
        Path path;
        path.root = Root::Param;
        path.index = it->second;
        borrowed_use(path, ref->getLocation());
      }
    }
    return;
  }
  if (auto *self = dyn_cast<CXXThisExpr>(s)) {
    if (keeps_itself_) return;
    Path path;
    path.root = Root::This;
    if (auto slot = capture_slot(decl_, nullptr)) path.root = Root::Capture, path.index = *slot;
    borrowed_use(path, self->getLocation());
    return;
  }
  if (auto *lambda = dyn_cast<LambdaExpr>(s)) {
    for (const Expr *init : lambda->capture_inits()) names(init, false, nullptr, false, depth);
    return;
  }
  if (auto *wait = dyn_cast<CoroutineSuspendExpr>(s)) return names(wait->getCommonExpr(), false, nullptr, false, depth);
  if (auto *declaration = dyn_cast<DeclStmt>(s)) {
    for (const clang::Decl *d : declaration->decls())
      if (auto *var = dyn_cast<VarDecl>(d)) names(var->getInit(), false, nullptr, false, depth);
    return;
  }
  if (auto *binary = dyn_cast<BinaryOperator>(s); binary && binary->getOpcode() == BO_Assign) {
    const Expr *left = strip(binary->getLHS());
    names(binary->getRHS(), false, thread_variable(left), false, depth);
    if (auto *ref = dyn_cast<DeclRefExpr>(left); !ref || !isa<VarDecl>(ref->getDecl()))
      names(left, false, nullptr, false, depth);
    return;
  }
  if (auto *call = dyn_cast<CallExpr>(s)) {
    const FunctionDecl *fn = call->getDirectCallee();
    auto *op = dyn_cast<CXXOperatorCallExpr>(call);
    llvm::StringRef name = fn ? simple_name(fn) : "";
    bool prints = (op && op->getOperator() == OO_LessLess) || name.contains("printf") || name.contains("print") ||
                  name.contains("log");
    const VarDecl *back = op && op->getOperator() == OO_Equal && op->getNumArgs() == 2 ? thread_variable(op->getArg(0))
                          : (name == "exchange" || name == "swap") && call->getNumArgs() == 2
                              ? thread_variable(call->getArg(0))
                              : nullptr;
    for (const Stmt *child : s->children()) names(child, false, back, prints, depth);
    return;
  }
  // What only passes a value on.
  bool same = isa<CastExpr, FullExpr, MaterializeTemporaryExpr, CXXBindTemporaryExpr, ParenExpr, CXXConstructExpr>(s);
  for (const Stmt *child : s->children()) names(child, false, same ? back_to : nullptr, same && printed, depth);
}

void Body::lifetimes_before(const Stmt *s) {
  if (out_.is_coroutine) names(s, true, nullptr, false);
  auto *call = dyn_cast<CallExpr>(s);
  const FunctionDecl *fn = call ? call->getDirectCallee() : nullptr;
  if (!fn) return;
  auto it = fates_.find(call);
  if (it == fates_.end() || call->isTypeDependent()) return;
  const Fate &fate = it->second;
  QualType type = call->getCallReturnType(context_);
  TaskKind kind = unit_.task_kind(type);
  const TypeModel *model = type->isRecordType() ? unit_.type_model(type) : nullptr;
  if (kind == TaskKind::None && model && model->kind == TypeKind::Future && fate.discarded &&
      unit_.name(type->getAsCXXRecordDecl()).str() == "std::future") {
    Symbol usr = unit_.usr(fn), name = unit_.name(fn);
    if (name.str() != "std::async" && !unit_.has_body(fn)) return;
    Op &op = add(OpKind::Remark, call->getExprLoc());
    op.remark = Remark::DroppedFuture;
    op.callee_name = name;
    if (name.str() != "std::async") op.callee = usr;
    return;
  }
  if (kind == TaskKind::None || fate.awaited) return;
  Callee c = callee(call);
  if (!c.decl || !unit_.has_body(c.decl)) { // co_spawn(...) and the like return what nobody needs
    if (kind != TaskKind::Lazy || !c.decl || unit_.is_system(c.decl->getLocation())) return;
  }
  if (kind == TaskKind::Lazy && (fate.discarded || dropped_.contains(call))) {
    Op &op = add(OpKind::Remark, call->getExprLoc());
    op.remark = Remark::DroppedTask;
    op.callee = unit_.usr(c.decl);
    op.callee_name = unit_.name(c.decl);
    op.discarded = fate.discarded;
    return;
  }
  Op leaves;
  auto *method = dyn_cast<CXXMethodDecl>(c.decl);
  if (c.receiver && method) {
    if (method->getParent()->isLambda()) {
      const Expr *closure = strip(c.receiver);
      if (isa<LambdaExpr>(closure)) leaves.value.temporary = true;
      if (const VarDecl *var = own_variable(closure)) leaves.value.path = variable(var), leaves.value.borrowed = true;
    } else {
      const Expr *object = c.receiver;
      leaves.value =
          lent(object, object->getType()->isPointerType() ? object->getType()
                                                          : context_.getLValueReferenceType(object->getType()));
    }
  }
  for (unsigned i = 0; i < c.args.size() && i < c.decl->getNumParams(); ++i)
    leaves.args.push_back(lent(c.args[i], c.decl->getParamDecl(i)->getType()));
  auto matters = [](const Value &v) { return v.temporary || v.borrowed; };
  if (!matters(leaves.value) && llvm::none_of(leaves.args, matters)) return;
  Path dest = fate.var ? local_path(fate.var->getCanonicalDecl()) : fate.dest;
  Op &op = add(OpKind::Remark, call->getExprLoc());
  op.remark = Remark::Leaves;
  op.args = std::move(leaves.args);
  op.value = std::move(leaves.value);
  op.callee = unit_.usr(c.decl);
  op.callee_name = unit_.name(c.decl);
  op.dest = dest;
  op.api = Symbol(fate.passed);
  op.discarded = fate.discarded;
  op.write = fate.detached;
  op.all = kind == TaskKind::Lazy;
}

/// std::thread t(...): a std::jthread would be joined.
void Body::suggest_jthread(const VarDecl *var) {
  const TypeModel *model = var->getType()->isRecordType() ? unit_.type_model(var->getType()) : nullptr;
  const TypeSourceInfo *spelled = var->getTypeSourceInfo();
  if (!model || model->kind != TypeKind::Thread || !context_.getLangOpts().CPlusPlus20 || !spelled) return;
  if (unit_.name(var->getType()->getAsCXXRecordDecl()).str() != "std::thread") return;
  SourceRange range = spelled->getTypeLoc().getUnqualifiedLoc().getSourceRange();
  if (range.isInvalid() || range.getBegin().isMacroID() || range.getEnd().isMacroID()) return;
  if (!llvm::is_contained({"std::thread", "thread"}, Lexer::getSourceText(CharSourceRange::getTokenRange(range),
                                                                          unit_.sources, context_.getLangOpts())))
    return;
  Path where = variable(var);
  for (Op &op : llvm::reverse(*ops_))
    if (op.kind == OpKind::Spawn && op.dest == where) {
      op.fix = Symbol("std::jthread");
      op.fix_begin = unit_.site(range.getBegin());
      op.fix_end = unit_.site(Lexer::getLocForEndOfToken(range.getEnd(), 0, unit_.sources, context_.getLangOpts()));
      return;
    }
}

void Body::lifetimes_after(const Stmt *s) {
  if (auto *declaration = dyn_cast<DeclStmt>(s); declaration && declaration->isSingleDecl())
    if (auto *var = dyn_cast<VarDecl>(declaration->getSingleDecl()); var && var->hasLocalStorage())
      suggest_jthread(var);
  if (!out_.is_coroutine) return;
  if (auto *declaration = dyn_cast<DeclStmt>(s)) {
    for (const clang::Decl *d : declaration->decls())
      if (auto *var = dyn_cast<VarDecl>(d)) thread_bound(var, var->getInit(), var->getLocation());
  } else if (auto *binary = dyn_cast<BinaryOperator>(s); binary && binary->getOpcode() == BO_Assign) {
    if (auto *ref = dyn_cast<DeclRefExpr>(strip(binary->getLHS())))
      if (auto *var = dyn_cast<VarDecl>(ref->getDecl())) thread_bound(var, binary->getRHS(), binary->getOperatorLoc());
  } else if (auto *op = dyn_cast<CXXOperatorCallExpr>(s);
             op && op->getOperator() == OO_Equal && op->getNumArgs() == 2) {
    if (auto *ref = dyn_cast<DeclRefExpr>(strip(op->getArg(0))))
      if (auto *var = dyn_cast<VarDecl>(ref->getDecl())) thread_bound(var, op->getArg(1), op->getOperatorLoc());
  }
}

static bool asks_for_itself(const Stmt *s, unsigned depth = 0) {
  if (!s || depth > 100) return false;
  if (auto *member = dyn_cast<MemberExpr>(s)) {
    llvm::StringRef name =
        member->getMemberDecl()->getDeclName().isIdentifier() ? member->getMemberDecl()->getName() : "";
    if (name == "shared_from_this" || name == "weak_from_this" || name == "intrusive_from_this") return true;
  }
  return llvm::any_of(s->children(), [&](const Stmt *c) { return asks_for_itself(c, depth + 1); });
}

void Body::lifetimes(const Stmt *body) {
  if (auto *block = dyn_cast_or_null<CompoundStmt>(body))
    for (const Stmt *s : block->body())
      if (auto *declaration = dyn_cast<DeclStmt>(s))
        for (const clang::Decl *d : declaration->decls())
          if (auto *var = dyn_cast<VarDecl>(d)) outermost_.insert(var->getCanonicalDecl());
  fates(body, {});
  auto *fn = dyn_cast<FunctionDecl>(decl_);
  if (!fn || !out_.is_coroutine) return;
  out_.lazy = unit_.task_kind(fn->getReturnType()) == TaskKind::Lazy;
  // A shared_ptr to itself keeps the object as long as the coroutine.
  keeps_itself_ = asks_for_itself(body);
  if (auto *method = dyn_cast<CXXMethodDecl>(fn); method && !method->isStatic())
    for (const ParmVarDecl *param : fn->parameters()) {
      QualType type = param->getType();
      const TypeModel *model = type->isRecordType() ? unit_.type_model(type) : nullptr;
      if (model && model->kind == TypeKind::Pointer && unit_.record_of(type) == out_.record) keeps_itself_ = true;
    }
}

} // namespace snarl
