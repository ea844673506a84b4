// The pass over a body before its operations are emitted: which locals change or are shared, which statements are not
// to be emitted, and where objects will live.
#include "extract_body.h"
#include "clang/AST/ExprConcepts.h"
#include "llvm/ADT/ScopeExit.h"

namespace snarl {

using namespace clang;

static constexpr unsigned kMaxNesting = 400; ///< of statements; deeper ones are generated code

static const VarDecl *local_variable(const Expr *e) {
  e = e ? strip(e) : nullptr;
  auto *ref = dyn_cast_or_null<DeclRefExpr>(e);
  auto *var = ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr;
  return var && !var->hasGlobalStorage() ? var->getCanonicalDecl() : nullptr;
}

void Body::changed(const Expr *target) {
  if (const VarDecl *var = local_variable(target)) {
    local(var).reassigned = true;
    written_.insert(var);
    return;
  }
  const Expr *e = strip(target);
  if (auto *member = dyn_cast<MemberExpr>(e))
    written_.insert(cast<ValueDecl>(member->getMemberDecl()->getCanonicalDecl()));
  if (auto *ref = dyn_cast<DeclRefExpr>(e)) written_.insert(cast<ValueDecl>(ref->getDecl()->getCanonicalDecl()));
}

void Body::silence(const Stmt *s, unsigned depth) {
  if (!s || depth > kMaxNesting) return;
  silent_.insert(s);
  for (const Stmt *child : s->children()) silence(child, depth + 1);
}

void Body::scan_declaration(const VarDecl *var) {
  if (var->hasGlobalStorage()) {
    interesting_ = true;
    return;
  }
  var = var->getCanonicalDecl();
  LocalInfo &info = local(var);
  info.declared_here = true;
  info.init = var->getInit();
  suspect_guard(var);
  if (!in_lambda_ && var->getInit()) made_for_.push_back({var->getInit(), var});
  // int fd = socket(..., SOCK_NONBLOCK)
  if (auto *call = dyn_cast_or_null<CallExpr>(var->getInit() ? strip(var->getInit()) : nullptr);
      call && var->getType()->isIntegerType())
    for (const Expr *arg : call->arguments())
      if (arg->getType()->isIntegerType() && nonblocking_flag(strip(arg))) nonblocking_.insert(var);
  if (auto *decomposition = dyn_cast<DecompositionDecl>(var))
    for (const BindingDecl *binding : decomposition->bindings())
      if (const VarDecl *holder = binding->getHoldingVar()) {
        local(holder->getCanonicalDecl()).declared_here = true;
        local(holder->getCanonicalDecl()).init = holder->getInit();
      }
}

void Body::scan_range(const CXXForRangeStmt *loop) {
  if (auto *var = loop->getLoopVariable()) {
    range_of_[var->getCanonicalDecl()] = loop->getRangeInit();
    silence(var->getInit());
  }
  silence(loop->getBeginStmt());
  silence(loop->getEndStmt());
  silence(loop->getCond());
  silence(loop->getInc());
}

void Body::scan_call(const Expr *e, unsigned) {
  interesting_ = true;
  const FunctionDecl *fn = nullptr;
  llvm::ArrayRef<const Expr *> args;
  unsigned first = 0;
  if (auto *call = dyn_cast<CallExpr>(e)) {
    fn = call->getDirectCallee();
    scan_nonblocking(call);
    locks_by_hand_ |= fn && simple_name(fn).contains_insensitive("lock");
    // What is spawned does not run where it is called.
    if (fn && simple_name(fn) == "co_spawn" && call->getNumArgs() > 1) awaited_.insert(maker(call->getArg(1)));
    if (loop_test_ && fn && simple_name(fn).contains_insensitive("wait")) loop_test_of_[call] = loop_test_;
    args = llvm::ArrayRef(call->getArgs(), call->getNumArgs());
    auto *method = dyn_cast_or_null<CXXMethodDecl>(fn);
    if (isa<CXXOperatorCallExpr>(call) && method && !method->isStatic()) first = 1;
    const Expr *receiver = nullptr;
    if (auto *member = dyn_cast<CXXMemberCallExpr>(call))
      receiver = member->getImplicitObjectArgument();
    else if (first && !args.empty())
      receiver = args[0];
    if (receiver && method && !method->isConst()) {
      const TypeModel *type = unit_.type_model(receiver->getType());
      OverloadedOperatorKind op = method->getOverloadedOperator();
      llvm::StringRef name = method->getDeclName().isIdentifier() ? method->getName() : "";
      if (type && (type->kind == TypeKind::Pointer || type->kind == TypeKind::Iterator) &&
          (op == OO_Equal || op == OO_PlusPlus || op == OO_MinusMinus || op == OO_PlusEqual || op == OO_MinusEqual ||
           name == "reset" || name == "swap" || name == "emplace"))
        changed(receiver);
      else if (op == OO_Equal && !type)
        changed(receiver);
      // A thread, future or guard made on the right lives on the left.
      if (op == OO_Equal && type && args.size() == 2 && !in_lambda_ &&
          (type->kind == TypeKind::Thread || type->kind == TypeKind::JThread || type->kind == TypeKind::Future ||
           type->kind == TypeKind::Guard))
        made_into_.push_back({args[1], args[0]});
    }
    if (fn && unit_.is_system(fn->getLocation()) && fn->getDeclName().isIdentifier() && !args.empty() &&
        (fn->getName() == "ref" || fn->getName() == "cref"))
      if (const VarDecl *var = local_variable(args[0])) local(var).shared = true;
  } else if (auto *construct = dyn_cast<CXXConstructExpr>(e)) {
    fn = construct->getConstructor();
    args = llvm::ArrayRef(construct->getArgs(), construct->getNumArgs());
  }
  if (!fn) return;
  // Library templates take their arguments by forwarding references and leave them alone, but for a few.
  llvm::StringRef name = simple_name(fn);
  if (unit_.is_system(fn->getLocation()) && fn->getOverloadedOperator() != OO_GreaterGreater &&
      !(name == "swap" || name == "exchange" || name == "advance" || name == "getline" || name == "iter_swap" ||
        name == "tie"))
    return;
  for (unsigned i = 0; i < fn->getNumParams() && i + first < args.size(); ++i) {
    QualType type = fn->getParamDecl(i)->getType();
    if (type->isLValueReferenceType() && !type->getPointeeType().isConstQualified()) changed(args[i + first]);
  }
}

void Body::scan(const Stmt *s, unsigned depth) {
  if (!s) return;
  if (depth > kMaxNesting) {
    bounded_ = true;
    return;
  }
  if (try_) in_try_[s] = try_;
  if (isa<UnaryExprOrTypeTraitExpr, CXXNoexceptExpr, RequiresExpr>(s)) return;
  if (auto *id = dyn_cast<CXXTypeidExpr>(s); id && !id->isPotentiallyEvaluated()) return;
  if (auto *declaration = dyn_cast<DeclStmt>(s)) {
    for (const clang::Decl *d : declaration->decls())
      if (auto *var = dyn_cast<VarDecl>(d))
        scan_declaration(var);
      else if (auto *record = dyn_cast<CXXRecordDecl>(d);
               record && !in_lambda_ && record->isThisDeclarationADefinition())
        for (const CXXMethodDecl *method : record->methods())
          if (!method->isImplicit()) unit_.function(method);
  } else if (auto *lambda = dyn_cast<LambdaExpr>(s)) {
    interesting_ = true;
    for (const LambdaCapture &capture : lambda->captures()) {
      if (!capture.capturesVariable()) continue;
      auto *var = dyn_cast<VarDecl>(capture.getCapturedVar());
      if (var && !var->isInitCapture() && capture.getCaptureKind() == LCK_ByRef && !in_lambda_)
        captured_.push_back(var->getCanonicalDecl());
    }
    for (const Expr *init : lambda->capture_inits()) scan(init, depth + 1);
    bool before = in_lambda_;
    in_lambda_ = true;
    auto *try_before = try_;
    try_ = nullptr;
    scan(lambda->getBody(), depth + 1);
    in_lambda_ = before;
    try_ = try_before;
    return;
  } else if (auto *binary = dyn_cast<BinaryOperator>(s)) {
    if (binary->isAssignmentOp()) {
      changed(binary->getLHS());
      if (const VarDecl *var = local_variable(binary->getLHS()))
        assigned_[var].push_back(binary->getOpcode() == BO_Assign && !in_lambda_ ? binary->getRHS() : nullptr);
    }
  } else if (auto *unary = dyn_cast<UnaryOperator>(s)) {
    if (unary->isIncrementDecrementOp()) {
      changed(unary->getSubExpr());
      if (const VarDecl *var = local_variable(unary->getSubExpr())) assigned_[var].push_back(nullptr);
    }
    if (unary->getOpcode() == UO_AddrOf)
      if (const VarDecl *var = local_variable(unary->getSubExpr())) {
        if (var->getType()->isReferenceType()) return scan(unary->getSubExpr(), depth + 1);
        LocalInfo &info = local(var);
        info.shared = true;
        if (unit_.pointer_like(var->getType())) info.reassigned = true;
        written_.insert(var);
      }
    if (unary->getOpcode() == UO_Deref) interesting_ = true;
  } else if (isa<CallExpr>(s) || isa<CXXConstructExpr>(s)) {
    scan_call(cast<Expr>(s), depth);
  } else if (isa<MemberExpr, ArraySubscriptExpr, CXXNewExpr, CXXDeleteExpr, AtomicExpr, CXXThrowExpr>(s)) {
    interesting_ = true;
  } else if (auto *ref = dyn_cast<DeclRefExpr>(s)) {
    auto *var = dyn_cast<VarDecl>(ref->getDecl());
    if (var && (var->hasGlobalStorage() || frame_)) interesting_ = true;
  } else if (auto *block = dyn_cast<CompoundStmt>(s)) {
    suspect_guards(block);
  } else if (auto *ret = dyn_cast<ReturnStmt>(s)) {
    if (ret->getRetValue() && !in_lambda_) returned_.push_back(ret->getRetValue());
  } else if (auto *wait = dyn_cast<CoroutineSuspendExpr>(s)) {
    interesting_ = true;
    silence(wait->getReadyExpr());
    silence(wait->getSuspendExpr());
    silence(wait->getResumeExpr());
    if (auto *await = dyn_cast<CoawaitExpr>(wait)) awaited_.insert(maker(await->getOperand()));
    scan(wait->getCommonExpr(), depth + 1);
    return;
  } else if (auto *ret = dyn_cast<CoreturnStmt>(s)) {
    // The promise's return_value() is not of interest; what is returned is.
    for (const Expr *e = ret->getPromiseCall(); e; e = isa<FullExpr>(e) ? cast<FullExpr>(e)->getSubExpr() : nullptr)
      silent_.insert(e);
  } else if (auto *handler = dyn_cast<CXXCatchStmt>(s)) {
    if (handler->getExceptionDecl()) scan_declaration(handler->getExceptionDecl());
  } else if (auto *loop = dyn_cast<CXXForRangeStmt>(s)) {
    interesting_ = true;
    scan_range(loop);
  } else if (auto *block = dyn_cast<CXXTryStmt>(s)) {
    auto *before = try_;
    try_ = block;
    scan(block->getTryBlock(), depth + 1);
    try_ = before;
    for (unsigned i = 0; i < block->getNumHandlers(); ++i) scan(block->getHandler(i), depth + 1);
    return;
  }
  if (auto *choice = dyn_cast<IfStmt>(s);
      choice && !choice->getElse() && !choice->getInit() && !choice->getConditionVariable() && !choice->isConstexpr()) {
    const Stmt *then = choice->getThen();
    if (auto *scope = dyn_cast<CompoundStmt>(then); scope && scope->size() == 1) then = scope->body_front();
    if (auto *e = dyn_cast<Expr>(then))
      if (auto *call = dyn_cast<CallExpr>(strip(e))) only_if_[call] = choice;
  }
  auto *outer_test = loop_test_;
  if (auto *loop = dyn_cast<WhileStmt>(s)) loop_test_ = loop->getCond();
  if (auto *loop = dyn_cast<DoStmt>(s)) loop_test_ = loop->getCond();
  if (auto *loop = dyn_cast<ForStmt>(s)) loop_test_ = loop->getInc() ? nullptr : loop->getCond();
  auto restore = llvm::make_scope_exit([&] { loop_test_ = outer_test; });
  if (auto *arg = dyn_cast<CXXDefaultArgExpr>(s)) return scan(arg->getExpr(), depth + 1);
  if (auto *init = dyn_cast<CXXDefaultInitExpr>(s)) return scan(init->getExpr(), depth + 1);
  for (const Stmt *child : s->children()) scan(child, depth + 1);
}

bool Body::path_by_model(const CallExpr *call) {
  Callee c = callee(call);
  if (!c.decl) return false;
  if (const CallModel *model = unit_.call_model(c.decl, c.receiver_class))
    if (model->kind == CallKind::Forward || model->kind == CallKind::Exchange) return model->kind == CallKind::Forward;
  if (!c.receiver) return false;
  const TypeModel *type = unit_.type_model(c.receiver_type);
  return type &&
         (type->kind == TypeKind::Pointer || type->kind == TypeKind::WeakPointer || type->kind == TypeKind::Iterator ||
          type->kind == TypeKind::Container || type->kind == TypeKind::Atomic);
}

void Body::place(const Expr *made, const Path &where) {
  const Expr *m = maker(made);
  if (auto *choice = dyn_cast<AbstractConditionalOperator>(m)) {
    place(choice->getTrueExpr(), where);
    place(choice->getFalseExpr(), where);
    return;
  }
  if (isa<CallExpr, CXXConstructExpr, CXXNewExpr, InitListExpr, CoroutineSuspendExpr, LambdaExpr>(m))
    places_.try_emplace(m, where);
}

void Body::place_objects() {
  for (const ValueDecl *decl : written_)
    if (isa<FieldDecl>(decl)) written_fields_.insert(unit_.usr(decl));
  for (const VarDecl *var : captured_) {
    LocalInfo &info = local(var);
    if (!unit_.pointer_like(var->getType()) || (info.reassigned && !var->getType()->isReferenceType()))
      info.shared = true;
  }
  for (auto [init, var] : made_for_) {
    const Expr *m = maker(init);
    auto *call = dyn_cast<CallExpr>(m);
    QualType type = var->getType();
    if (unit_.pointer_like(type)) {
      if (call ? path_by_model(call) : !isa<CXXNewExpr, CoroutineSuspendExpr, CXXConstructExpr>(m)) continue;
      if (auto *construct = dyn_cast<CXXConstructExpr>(m);
          construct && construct->getNumArgs() && unit_.pointer_like(construct->getType()) && !holds_guard(construct))
        continue;
      place(init, local(var).shared && !type->isReferenceType() ? variable(var) : local_path(var));
    } else if (type->isRecordType() && !range_of_.count(var)) {
      place(init, variable(var));
    }
  }
  for (auto [made, target] : made_into_) {
    const Expr *m = maker(made);
    if (!isa<CXXConstructExpr, CallExpr>(m)) continue;
    Path where = path(target);
    if (!where.known()) continue;
    place(made, where);
    for (const Expr *e = made; e;) { // the temporary is moved from before it ends
      silent_.insert(e);
      if (auto *temporary = dyn_cast<MaterializeTemporaryExpr>(e))
        e = temporary->getSubExpr();
      else if (auto *cast = dyn_cast<CastExpr>(e))
        e = cast->getSubExpr();
      else if (auto *bind = dyn_cast<CXXBindTemporaryExpr>(e)) {
        e = bind->getSubExpr();
      } else {
        silent_.erase(e);
        e = nullptr;
      }
    }
  }
  for (const Expr *e : returned_) {
    const Expr *m = maker(e);
    if (!e->getType()->isRecordType() && !isa<CXXNewExpr>(m)) continue;
    if (unit_.pointer_like(e->getType()) && isa<CallExpr>(m) && path_by_model(cast<CallExpr>(m))) continue;
    Path where;
    where.root = Root::Return;
    place(e, where);
  }
}

} // namespace snarl
