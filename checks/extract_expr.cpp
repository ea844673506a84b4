// Operations of expressions other than calls: reads and writes, assignments, lambdas, co_await, new and delete.
#include "extract_body.h"
#include "clang/AST/ExprConcepts.h"

namespace snarl {

using namespace clang;

static constexpr unsigned kMaxDepth = 200;

void Body::emit(const Stmt *s, unsigned depth) {
  if (!s || elements_.contains(s) || silent_.contains(s)) return;
  evaluate(s, depth);
}

void Body::evaluate(const Stmt *s, unsigned depth) {
  uint32_t first = next_id_;
  evaluate_parts(s, depth);
  made(s, first);
  note_unsafe(s);
}

void Body::evaluate_parts(const Stmt *s, unsigned depth) {
  if (depth > kMaxDepth) {
    bounded_ = true;
    return;
  }
  ++depth;
  if (isa<UnaryExprOrTypeTraitExpr, CXXNoexceptExpr, RequiresExpr, TypeTraitExpr>(s)) return;
  if (auto *id = dyn_cast<CXXTypeidExpr>(s); id && !id->isPotentiallyEvaluated()) return;
  // Parts of these stand in blocks of their own.
  if (auto *binary = dyn_cast<BinaryOperator>(s); binary && binary->isLogicalOp()) return;
  if (isa<AbstractConditionalOperator>(s)) return;

  if (auto *cast = dyn_cast<CastExpr>(s)) {
    emit(cast->getSubExpr(), depth);
    if (cast->getCastKind() == CK_LValueToRValue) access(cast->getSubExpr(), false, cast->getExprLoc());
    return;
  }
  if (auto *binary = dyn_cast<BinaryOperator>(s); binary && binary->isAssignmentOp()) {
    emit(binary->getRHS(), depth);
    emit(binary->getLHS(), depth);
    uint32_t first = next_id_;
    access(binary->getLHS(), true, binary->getLHS()->getExprLoc());
    depends_by_assignment(binary, first);
    if (next_id_ != first && binary->getOpcode() == BO_Assign) ops_->back().value.truth = truth(binary->getRHS());
    if (binary->getOpcode() != BO_Assign && next_id_ != first) ops_->back().update = Update::Rmw;
    if (binary->getOpcode() == BO_Assign) assign(binary->getLHS(), binary->getRHS(), binary->getLHS()->getExprLoc());
    return;
  }
  if (auto *binary = dyn_cast<BinaryOperator>(s); binary && binary->isTypeDependent()) {
    for (const Expr *operand : {binary->getLHS(), binary->getRHS()}) {
      emit(operand, depth);
      reads_operand(operand);
    }
    return;
  }
  if (auto *unary = dyn_cast<UnaryOperator>(s)) {
    emit(unary->getSubExpr(), depth);
    if (!unary->isIncrementDecrementOp()) return;
    uint32_t first = next_id_;
    access(unary->getSubExpr(), true, unary->getSubExpr()->getExprLoc());
    if (next_id_ != first) ops_->back().update = Update::Rmw;
    return;
  }
  if (auto *call = dyn_cast<CallExpr>(s)) {
    this->call(call);
    return;
  }
  if (auto *construct = dyn_cast<CXXConstructExpr>(s)) {
    this->construct(construct);
    return;
  }
  if (auto *declaration = dyn_cast<DeclStmt>(s)) {
    for (const clang::Decl *d : declaration->decls())
      if (auto *var = dyn_cast<VarDecl>(d)) declare(var);
    return;
  }
  if (auto *lambda = dyn_cast<LambdaExpr>(s)) {
    for (const Expr *init : lambda->capture_inits()) emit(init, depth);
    this->lambda(lambda);
    return;
  }
  if (auto *wait = dyn_cast<CoroutineSuspendExpr>(s)) {
    emit(wait->getCommonExpr(), depth);
    await(wait);
    return;
  }
  if (auto *ret = dyn_cast<ReturnStmt>(s)) {
    const Expr *result = ret->getRetValue();
    if (!result) return;
    emit(result, depth);
    Path returned;
    returned.root = Root::Return;
    if (isa<InitListExpr>(maker(result))) store(returned, result, ret->getReturnLoc());
    Value v = value(result);
    const Expr *from = strip(result);
    while (auto *construct = dyn_cast<CXXConstructExpr>(from)) {
      if (construct->getNumArgs() != 1 || !construct->getConstructor()->isCopyOrMoveConstructor()) break;
      from = strip(construct->getArg(0));
    }
    // A local object that is returned is moved out, whether or not the move is elided.
    if (result->getType()->isRecordType() && !unit_.pointer_like(result->getType()))
      if (auto *ref = dyn_cast<DeclRefExpr>(from); ref && isa<VarDecl>(ref->getDecl())) {
        Path source = variable(ref->getDecl());
        if ((source.root == Root::Local ||
             (source.root == Root::Variable && !cast<VarDecl>(ref->getDecl())->hasGlobalStorage())) &&
            source.steps.empty()) {
          bool moved =
              !ops_->empty() && ops_->back().kind == OpKind::Move && ops_->back().path == source; // by its constructor
          if (moved) ops_->pop_back();
          Op &op = add(OpKind::Move, ret->getReturnLoc());
          op.path = source;
          op.dest = returned;
          v.path = source;
          v.moved = true;
        }
      }
    Uses on = uses(result);
    Op &op = add(OpKind::Return, ret->getReturnLoc());
    op.value = v;
    op.uses = std::move(on);
    for (uint32_t id : control_)
      if (!llvm::is_contained(op.uses, id)) op.uses.push_back(id);
    llvm::sort(op.uses);
    return;
  }
  if (auto *ret = dyn_cast<CoreturnStmt>(s)) {
    if (ret->getOperand()) emit(ret->getOperand(), depth);
    Value v;
    if (ret->getOperand()) v = value(ret->getOperand());
    add(OpKind::Return, ret->getKeywordLoc()).value = v;
    return;
  }
  if (auto *fresh = dyn_cast<CXXNewExpr>(s)) {
    make_new(fresh);
    return;
  }
  if (auto *thrown = dyn_cast<CXXThrowExpr>(s)) {
    emit(thrown->getSubExpr(), depth);
    add(OpKind::Throw, thrown->getThrowLoc()).api = Symbol("throw");
    return;
  }
  if (auto *gone = dyn_cast<CXXDeleteExpr>(s)) {
    emit(gone->getArgument(), depth);
    QualType type = gone->getDestroyedType();
    if (!type.isNull()) destroy(path(gone->getArgument()), type, gone->getBeginLoc());
    return;
  }
  if (auto *arg = dyn_cast<CXXDefaultArgExpr>(s)) {
    SourceLocation before = at_;
    if (at_.isInvalid()) at_ = arg->getUsedLocation();
    emit(arg->getExpr(), depth);
    at_ = before;
    return;
  }
  if (auto *init = dyn_cast<CXXDefaultInitExpr>(s)) {
    emit(init->getExpr(), depth);
    return;
  }
  if (auto *atomic = dyn_cast<AtomicExpr>(s)) {
    for (const Stmt *child : atomic->children()) emit(child, depth);
    bool load = atomic->getOp() == AtomicExpr::AO__c11_atomic_load || atomic->getOp() == AtomicExpr::AO__atomic_load ||
                atomic->getOp() == AtomicExpr::AO__atomic_load_n;
    llvm::StringRef name = atomic->getOpAsString();
    Update update = name.contains("compare_exchange")                           ? Update::Cas
                    : load || name.contains("_store") || name.contains("_init") ? Update::None
                                                                                : Update::Rmw;
    atomic_access(path(atomic->getPtr()), atomic->getPtr()->getType()->getPointeeType(), !load, update,
                  atomic->getBeginLoc());
    return;
  }
  if (isa<OpaqueValueExpr>(s)) return; // evaluated where its source stands
  if (auto *choice = dyn_cast<GenericSelectionExpr>(s)) {
    if (!choice->isResultDependent()) emit(choice->getResultExpr(), depth);
    return;
  }
  if (isa<CXXForRangeStmt, IfStmt, WhileStmt, DoStmt, ForStmt, SwitchStmt, CXXTryStmt, CXXCatchStmt, CompoundStmt,
          LabelStmt>(s))
    return; // terminators; their parts are elements
  for (const Stmt *child : s->children()) emit(child, depth);
}

// ---- Reads and writes

bool Body::data(const Path &path, QualType type) const {
  // An object of this function's own leads to shared data through a pointer or reference in it.
  auto leads_away = [&] {
    for (size_t i = 0; i < path.steps.size(); ++i)
      if (path.steps[i].kind == PathStep::Field && unit_.refers(path.steps[i].symbol))
        return i + 1 < path.steps.size() || i > 0 || !type->isPointerType();
    return false;
  };
  switch (path.root) {
  case Root::None:
  case Root::Return: return false;
  case Root::This: return !path.steps.empty();
  case Root::Variable: return true;
  case Root::Param:
    if (path.index < out_.params.size() && out_.params[path.index].by_value) return leads_away();
    if (path.steps.empty()) { // the parameter itself: only what a reference refers to
      auto *fn = dyn_cast<FunctionDecl>(decl_);
      return fn && path.index < fn->getNumParams() && fn->getParamDecl(path.index)->getType()->isReferenceType();
    }
    return true;
  case Root::Local:
    if (path.index < out_.locals.size() && out_.locals[path.index].by_value) return leads_away();
    return !path.steps.empty();
  case Root::Capture:
    return !path.steps.empty() ||
           (frame_ && path.index < frame_->captures.size() && frame_->captures[path.index].root == Root::Variable);
  case Root::Result: return !path.steps.empty();
  }
  return false;
}

/// A pointer, smart pointer or iterator of our own that is named by what it was bound to: reading it reads the copy,
/// and what it was copied from may be anything by now.
bool Body::own_copy(const Expr *e) {
  auto *ref = e ? dyn_cast<DeclRefExpr>(strip(e)) : nullptr;
  auto *var = ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr;
  if (!var || !var->isLocalVarDecl() || var->hasGlobalStorage()) return false;
  if (var->getType()->isReferenceType() || !unit_.pointer_like(var->getType())) return false;
  variable(var); // finds out what it is bound to
  const LocalInfo &info = local(var->getCanonicalDecl());
  return info.declared_here && info.alias;
}

void Body::access(const Expr *object, bool write, SourceLocation at) {
  if (own_copy(object)) return;
  const Expr *e = strip(object);
  QualType type = e->getType();
  if (type.isNull()) return;
  if (isa<BinaryOperator>(e) && cast<BinaryOperator>(e)->isAssignmentOp()) return; // accessed there
  if (auto *ref = dyn_cast<DeclRefExpr>(e);
      ref && isa<EnumConstantDecl, FunctionDecl, NonTypeTemplateParmDecl>(ref->getDecl()))
    return;
  if (auto *ref = dyn_cast<DeclRefExpr>(e))
    if (auto *var = dyn_cast<VarDecl>(ref->getDecl());
        var && (var->isConstexpr() || (var->getType().isConstQualified() && !write)))
      return;
  if (auto *member = dyn_cast<MemberExpr>(e); member && !write) // set once, in the constructor
    if (auto *field = dyn_cast<FieldDecl>(member->getMemberDecl()); field && field->getType().isConstQualified())
      return;
  if (SourceLocation precise = e->getExprLoc(); precise.isValid()) at = precise;
  Path where = type->isRecordType() ? without_deref(path(e)) : path(e);
  // What a call returned a reference to, or a reference is bound to.
  auto *ref = dyn_cast<DeclRefExpr>(e);
  bool referent =
      where.steps.empty() && ((where.root == Root::Result && e->isGLValue()) ||
                              (where.root == Root::Local && ref && ref->getDecl()->getType()->isReferenceType()));
  access(std::move(where), type, write, type->isAtomicType(), at, referent);
}

void Body::access(Path where, QualType type, bool write, bool atomic, SourceLocation at, bool referent) {
  if (!referent && !data(where, type)) return;
  const TypeModel *model = unit_.type_model(type);
  if (!atomic && model && model->kind == TypeKind::Atomic) atomic = true;
  if (!atomic && unit_.is_sync(type)) return;
  if (type->isFunctionType()) return;
  Op &op = add(OpKind::Access, at);
  op.path = std::move(where);
  op.write = write;
  op.atomic = atomic;
}

void Body::atomic_access(Path where, QualType type, bool write, Update update, SourceLocation at) {
  uint32_t first = next_id_;
  access(std::move(where), type, write, true, at);
  if (next_id_ != first) ops_->back().update = update;
}

/// The constant that the atomic operation just added stores, and its memory order where one is named.
void Body::describe_atomic(const Expr *e, const Expr *stored) {
  if (ops_->empty() || ops_->back().kind != OpKind::Access || !ops_->back().atomic) return;
  if (stored) ops_->back().value.truth = truth(stored);
  auto *call = dyn_cast<CallExpr>(e);
  if (!call) return;
  for (const Expr *arg : call->arguments()) {
    if (isa<CXXDefaultArgExpr>(arg)) continue;
    auto *named = dyn_cast<DeclRefExpr>(strip(arg));
    llvm::StringRef order = named && named->getDecl()->getDeclName().isIdentifier() ? named->getDecl()->getName() : "";
    if (order.consume_front("memory_order_")) ops_->back().api = Symbol(order);
  }
}

/// An operand of an expression whose type is not known yet.
void Body::reads_operand(const Expr *operand) {
  const Expr *e = strip(operand);
  if (!e->getType().isNull() && e->isGLValue() && !e->isTypeDependent() &&
      isa<MemberExpr, DeclRefExpr, ArraySubscriptExpr>(e) && !e->getType()->isFunctionType())
    access(e, false, e->getExprLoc());
}

void Body::assign(const Expr *left, const Expr *right, SourceLocation at) {
  QualType type = left->getType();
  bool pointer = unit_.pointer_like(type), callable = unit_.callable(type);
  if (!pointer && !callable) {
    if (auto op = tested_operation(right))
      if (auto *ref = dyn_cast<DeclRefExpr>(strip(left)))
        if (auto *var = dyn_cast<VarDecl>(ref->getDecl())) last_call_[var->getCanonicalDecl()] = *op;
    if (auto *ref = dyn_cast<DeclRefExpr>(strip(left)))
      if (auto *var = dyn_cast<VarDecl>(ref->getDecl()); var && !tested_operation(right))
        last_call_.erase(var->getCanonicalDecl());
    auto *ref = dyn_cast<DeclRefExpr>(strip(left));
    auto *var = ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr;
    bool is_switch = locks_by_hand_ && var && constant_switch(var->getCanonicalDecl());
    if (!type->isBooleanType() && !type->isRecordType() && !is_switch) return;
    if (type->isRecordType()) {
      store(path(left), right, at);
      return;
    }
  }
  Path dest = path(left);
  if (!dest.known() || dest.root == Root::None) return;
  Value v = value(right);
  Op &op = add(OpKind::Assign, at);
  op.dest = std::move(dest);
  op.value = std::move(v);
}

/// `dest` starts its life as `init` says. Aggregates are taken apart.
void Body::store(const Path &dest, const Expr *init, SourceLocation at, unsigned depth) {
  if (!init || !dest.known() || depth > 6) return;
  const Expr *e = maker(init);
  if (e->getType().isNull() || init->getType().isNull() || stored_.contains(e)) return;
  if (auto *list = dyn_cast<InitListExpr>(e)) {
    QualType type = list->getType();
    if (const RecordDecl *record = type->getAsRecordDecl()) {
      unsigned i = 0;
      if (auto *cxx = dyn_cast<CXXRecordDecl>(record)) i = cxx->getNumBases();
      if (record->isUnion()) {
        if (const FieldDecl *member = list->getInitializedFieldInUnion(); member && list->getNumInits())
          store(field(dest, member), list->getInit(0), at, depth + 1);
        return;
      }
      for (const FieldDecl *member : record->fields()) {
        if (i >= list->getNumInits()) break;
        if (member->isUnnamedBitField()) continue;
        const Expr *value = list->getInit(i++);
        store(field(dest, member), value, value->getExprLoc(), depth + 1);
      }
      return;
    }
    if (type->isArrayType())
      for (unsigned i = 0; i < list->getNumInits() && i < 256; ++i)
        store(extended(dest, PathStep::Index, Symbol(std::to_string(i))), list->getInit(i),
              list->getInit(i)->getExprLoc(), depth + 1);
    return;
  }
  if (isa<ImplicitValueInitExpr>(e)) return;
  QualType type = init->getType();
  bool pointer = unit_.pointer_like(type) || type->isPointerType(), callable = unit_.callable(type);
  if (!pointer && !callable && !type->isBooleanType() && !(locks_by_hand_ && type->isIntegerType() && truth(init)))
    return;
  Value v = value(init);
  if (!v.path.known() && !v.function && !v.fresh && v.truth == Value::Unknown) return;
  if (v.path == dest) { // made in place
    if (!v.function && !v.fresh) return;
    v.path = {};
  }
  if (at.isInvalid()) at = init->getExprLoc();
  Op &op = add(OpKind::Assign, at);
  op.dest = dest;
  op.value = std::move(v);
}

void Body::declare(const VarDecl *var) {
  if (var->isStaticLocal() || var->hasGlobalStorage()) {
    if (var->isConstexpr() || !var->hasInit()) return;
    emit(var->getInit());
    Path dest;
    dest.root = Root::Variable;
    dest.symbol = unit_.note(var);
    store(dest, var->getInit(), var->getLocation());
    return;
  }
  const VarDecl *canonical = var->getCanonicalDecl();
  if (auto range = range_of_.find(canonical); range != range_of_.end()) {
    // Each round reads the range.
    const Expr *whole = range->second;
    access(path(whole), whole->getType(), false, false, whole->getExprLoc());
    QualType type = var->getType();
    if (!type->isReferenceType() && !isa<DecompositionDecl>(var)) {
      Path element = index(path(whole), nullptr);
      if (element.known()) access(element, type, false, false, var->getLocation());
    }
    return;
  }
  if (!var->getInit()) return;
  emit(var->getInit());
  if (Uses on = uses(var->getInit()); !on.empty()) depend(canonical, on, false);
  if (auto *decomposition = dyn_cast<DecompositionDecl>(var)) {
    (void)decomposition;
    return;
  }
  if (auto op = tested_operation(var->getInit())) last_call_[canonical] = *op;
  const LocalInfo &info = local(canonical);
  Path dest = variable(canonical);
  if (local(canonical).alias) return; // named by what it is bound to
  (void)info;
  if (!(dest.root == Root::Local || dest.root == Root::Variable)) return;
  // A call's Call operation already has this as its destination.
  const Expr *m = maker(var->getInit());
  if (isa<CallExpr>(m) && places_.count(m) && (results_.count(m) || stored_.contains(m))) return;
  store(dest, var->getInit(), var->getLocation());
}

void Body::make_new(const CXXNewExpr *e) {
  for (const Expr *arg : e->placement_arguments()) emit(arg);
  if (const Expr *init = e->getInitializer()) {
    auto it = places_.find(e);
    if (it != places_.end()) place(init, it->second);
    emit(init);
  }
}

// ---- Lambdas: the closure's body is a function of its own; this one only says what it captures.

void Body::lambda(const LambdaExpr *e) {
  unsigned depth = frame_ ? frame_->depth : 0;
  if (depth >= unit_.options.max_lambda_depth) {
    bounded_ = true;
    return;
  }
  LambdaFrame frame;
  frame.depth = depth + 1;
  frame.enclosing = out_.usr;
  frame.enclosing_name = out_.name;
  frame.record = out_.record;
  unsigned slot = 0;
  auto init = e->capture_init_begin();
  for (const LambdaCapture &capture : e->captures()) {
    const Expr *value_of = *init++;
    Path named;
    if (capture.capturesThis()) {
      named.root = Root::This;
    } else if (capture.capturesVariable()) {
      auto *var = dyn_cast<VarDecl>(capture.getCapturedVar());
      const VarDecl *canonical = var ? var->getCanonicalDecl() : nullptr;
      if (var && var->isInitCapture()) {
        named = value(value_of).path;
        frame.slots[canonical] = slot;
      } else if (capture.getCaptureKind() == LCK_ByCopy) {
        named = var ? variable(var) : path(value_of);
        if (canonical) frame.slots[canonical] = slot;
      } else {
        named = variable(capture.getCapturedVar());
        // References and unchanging pointers captured by reference name what they refer to; other variables are shared.
        if (canonical && named.root != Root::Variable) frame.slots[canonical] = slot;
        if (canonical && named.root == Root::Variable && !named.steps.empty()) frame.slots[canonical] = slot;
      }
    }
    frame.captures.push_back(named);
    // By reference; or a pointer to an object of this function.
    const VarDecl *var = capture.capturesVariable() ? dyn_cast<VarDecl>(capture.getCapturedVar()) : nullptr;
    if (var) var = var->getCanonicalDecl(); // else a structured binding
    if (capture.getCaptureKind() == LCK_This) frame.borrowed.push_back(named);
    if (var && var->isInitCapture()) {
      const Expr *init = strip(value_of);
      auto *unary = dyn_cast<UnaryOperator>(init);
      bool address = unary && unary->getOpcode() == UO_AddrOf;
      bool reference = capture.getCaptureKind() == LCK_ByRef;
      auto *ref = dyn_cast<DeclRefExpr>(address ? strip(unary->getSubExpr()) : init);
      var = (address || reference) && ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr;
    } else if (capture.getCaptureKind() != LCK_ByRef) {
      var = nullptr;
    }
    if (var && var->hasLocalStorage() && !var->getType()->isReferenceType() && locals_.count(var->getCanonicalDecl()))
      frame.borrowed.push_back(variable(var));
    ++slot;
  }
  const CXXMethodDecl *op = e->getCallOperator();
  if (const FunctionTemplateDecl *generic = op->getDescribedFunctionTemplate()) {
    bool made = false;
    for (const FunctionDecl *spec : generic->specializations()) {
      unit_.function(spec, &frame);
      made |= spec->hasBody();
    }
    if (!made) unit_.function(op, &frame);
  } else {
    unit_.function(op, &frame);
  }
}

// ---- co_await, co_yield

/// Whether a function of the awaiter returns this constant always.
static bool returns_always(const Expr *call, bool constant) {
  auto *member = dyn_cast_or_null<CallExpr>(call ? strip(call) : nullptr);
  const FunctionDecl *fn = member ? member->getDirectCallee() : nullptr;
  const FunctionDecl *definition = nullptr;
  if (!fn || !fn->hasBody(definition) || definition->hasSkippedBody()) return false;
  auto *body = dyn_cast_or_null<CompoundStmt>(definition->getBody());
  if (!body || body->size() != 1) return false;
  auto *ret = dyn_cast<ReturnStmt>(body->body_front());
  auto *value = ret && ret->getRetValue() ? dyn_cast<CXXBoolLiteralExpr>(strip(ret->getRetValue())) : nullptr;
  return value && value->getValue() == constant;
}

void Body::await(const CoroutineSuspendExpr *e) {
  const Expr *operand = e->getCommonExpr();
  if (auto *await = dyn_cast<CoawaitExpr>(e)) operand = await->getOperand();
  if (auto *await = dyn_cast<CoawaitExpr>(e); await && await->isImplicit()) return; // initial and final suspension
  const CXXRecordDecl *awaiter = e->getCommonExpr()->getType().getNonReferenceType()->getAsCXXRecordDecl();
  bool never = returns_always(e->getReadyExpr(), true) || returns_always(e->getSuspendExpr(), false) ||
               (awaiter && unit_.name(awaiter).str() == "std::suspend_never");
  Symbol what;
  if (auto *call = dyn_cast<CallExpr>(maker(operand)))
    if (const FunctionDecl *fn = call->getDirectCallee()) what = unit_.name(fn);
  if (!what) what = unit_.type_text(operand->getType().getNonReferenceType().getUnqualifiedType());
  Path awaiter_path = path(e->getCommonExpr());
  auto step = [&](const Expr *call_expr) {
    auto *call = dyn_cast_or_null<CallExpr>(call_expr ? maker(call_expr) : nullptr);
    if (!call) return;
    Callee c = callee(call);
    if (!c.decl || !unit_.has_body(c.decl)) return;
    auto place = places_.find(e);
    if (call == maker(e->getResumeExpr()) && place != places_.end()) places_[call] = place->second;
    Op &op = add(OpKind::Call, e->getKeywordLoc());
    op.callee = unit_.usr(c.decl);
    op.callee_name = unit_.name(c.decl);
    op.path = awaiter_path;
    op.dest = result(call, op);
    for (unsigned i = 0; i < c.args.size(); ++i) op.args.emplace_back();
  };
  step(e->getReadyExpr());
  if (!never) {
    step(e->getSuspendExpr());
    Op &op = add(OpKind::Suspend, e->getKeywordLoc());
    op.callee_name = what;
    op.callee = what;
    op.path = awaiter_path;
  }
  step(e->getResumeExpr());
}

} // namespace snarl
