// Calls and constructions: who is called, with what, and where the result goes. What models say is in
// extract_models.cpp.
#include "extract_body.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclTemplate.h"

namespace snarl {

using namespace clang;

Body::Callee Body::callee(const CallExpr *call) {
  Callee c;
  c.decl = call->getDirectCallee();
  llvm::ArrayRef<const Expr *> args(call->getArgs(), call->getNumArgs());
  auto *method = dyn_cast_or_null<CXXMethodDecl>(c.decl);
  if (auto *member = dyn_cast<CXXMemberCallExpr>(call)) {
    c.decl = member->getMethodDecl();
    if (c.decl) c.receiver = member->getImplicitObjectArgument();
  } else if (isa<CXXOperatorCallExpr>(call) && method && !args.empty()) {
    if (!method->isStatic()) c.receiver = args[0];
    args = args.drop_front();
  }
  c.args.assign(args.begin(), args.end());
  if (call->isTypeDependent()) callee_by_name(call, c);
  if (!c.decl) c.pointer = call->getCallee();
  if (c.receiver) {
    c.receiver_type = c.receiver->IgnoreParenImpCasts()->getType();
    if (c.receiver_type->isPointerType()) c.receiver_type = c.receiver_type->getPointeeType();
    c.receiver_class = c.receiver_type.getNonReferenceType()->getAsCXXRecordDecl();
  }
  return c;
}

/// In a generic lambda's pattern, overloads are not resolved yet: what is meant is clear if only one function fits, or
/// if all that fit are of one library class.
void Body::callee_by_name(const CallExpr *call, Callee &c) {
  const Expr *named = call->getCallee()->IgnoreParenImpCasts();
  if (auto *member = dyn_cast<MemberExpr>(named)) {
    if (auto *method = dyn_cast<CXXMethodDecl>(member->getMemberDecl()); method && !method->isStatic())
      c.receiver = member->getBase();
    return;
  }
  auto *overloads = dyn_cast<OverloadExpr>(named);
  if (!overloads || c.decl) return;
  const FunctionDecl *found = nullptr;
  bool library = true;
  unsigned count = 0;
  for (const NamedDecl *candidate : overloads->decls()) {
    const FunctionDecl *fn = candidate->getUnderlyingDecl()->getAsFunction();
    if (!fn || fn->getMinRequiredArguments() > c.args.size()) continue;
    if (fn->getNumParams() < c.args.size() && !fn->isVariadic()) continue;
    library &= isa<CXXMethodDecl>(fn) && unit_.is_system(fn->getLocation());
    if (!found) found = fn;
    ++count;
  }
  if (!found || (count > 1 && !library) || (!library && found->isDependentContext())) return;
  c.decl = found;
  auto *method = dyn_cast<CXXMethodDecl>(found);
  auto *member = dyn_cast<UnresolvedMemberExpr>(named);
  if (!method || method->isStatic() || !member) return;
  c.receiver = member->isImplicitAccess()
                   ? CXXThisExpr::Create(context_, call->getBeginLoc(), member->getBaseType(), true)
                   : member->getBase();
}

Path Body::result(const Expr *call, const Op &op) {
  results_[call] = op.id;
  auto it = places_.find(call);
  if (it != places_.end()) return it->second;
  QualType type = call->getType();
  if (auto *c = dyn_cast<CallExpr>(call))
    type = c->isTypeDependent() ? context_.DependentTy : c->getCallReturnType(context_);
  if (type->isVoidType()) return {};
  if (type->isRecordType() && unit_.ends_loudly(type)) return fresh_local(call);
  Path path;
  path.root = Root::Result;
  path.index = op.id;
  return path;
}

void Body::arguments(Op &op, const Callee &c) {
  op.args.reserve(c.args.size());
  for (unsigned i = 0; i < c.args.size(); ++i) {
    QualType type = c.decl && i < c.decl->getNumParams() ? c.decl->getParamDecl(i)->getType() : c.args[i]->getType();
    Value v = value(c.args[i]);
    if (!type->isReferenceType() && !type->isRecordType() && !unit_.pointer_like(type) && !unit_.callable(type)) {
      Value constant;
      constant.truth = v.truth;
      v = constant;
    }
    v.borrowed = type->isReferenceType() || type->isPointerType();
    // A temporary made for this call.
    const Expr *whole = c.args[i]->IgnoreParens();
    if (!v.path.known() && c.args[i]->getType()->isRecordType() &&
        (isa<MaterializeTemporaryExpr>(whole) || whole->isPRValue()))
      v.fresh = true;
    op.args.push_back(std::move(v));
  }
}

void Body::materialise(const Callee &c) {
  for (const Expr *arg : c.args) {
    const Expr *made = maker(arg);
    if (isa<InitListExpr>(made) && made->getType()->isRecordType() && !places_.count(made) &&
        made->getType()->getAsCXXRecordDecl())
      store(fresh_local(made), made, made->getExprLoc());
  }
}

void Body::plain_call(const Expr *call, const Callee &c) {
  Path receiver = c.receiver ? without_deref(path(c.receiver)) : Path();
  Op &op = add(OpKind::Call, call->getExprLoc());
  op.callee = unit_.usr(c.decl);
  op.callee_name = unit_.name(c.decl);
  op.path = receiver;
  if (auto *method = dyn_cast<CXXMethodDecl>(c.decl); method && method->isVirtual() && c.receiver) {
    op.is_virtual = !method->hasAttr<FinalAttr>() && !method->getParent()->hasAttr<FinalAttr>();
    if (auto *member = dyn_cast<CallExpr>(call)
                           ? dyn_cast<MemberExpr>(cast<CallExpr>(call)->getCallee()->IgnoreParens())
                           : nullptr)
      if (member->hasQualifier()) op.is_virtual = false;
    // An object by value is what it says.
    const Expr *object = c.receiver->IgnoreParenImpCasts();
    const ValueDecl *named = nullptr;
    if (auto *ref = dyn_cast<DeclRefExpr>(object)) named = ref->getDecl();
    if (auto *member = dyn_cast<MemberExpr>(object)) named = member->getMemberDecl();
    if (named && named->getType()->isRecordType()) op.is_virtual = false;
  }
  op.awaited = awaited_.contains(call);
  arguments(op, c);
  op.dest = result(call, op);
}

void Body::pointer_call(const Expr *call, const Callee &c) {
  const Expr *kept = c.pointer ? c.pointer : c.receiver;
  Path where = without_deref(path(kept));
  Value known = value(kept);
  Symbol signature = unit_.signature_of(kept->getType());
  Path object;
  if (auto *binary = dyn_cast<BinaryOperator>(strip(kept)); binary && binary->isPtrMemOp()) { // (object->*method)(...)
    object = without_deref(path(binary->getLHS()));
    where = without_deref(path(binary->getRHS()));
    signature = unit_.signature_of(binary->getRHS()->getType());
  }
  Op &op = add(OpKind::Call, call->getExprLoc());
  op.callee = known.function;
  op.path = known.function ? object : where;
  op.value.path = object;
  op.signature = signature;
  op.callee_name = Symbol(text(kept));
  op.awaited = awaited_.contains(call);
  arguments(op, c);
  op.dest = result(call, op);
}

void Body::call(const CallExpr *e) {
  if (e->isUnevaluatedBuiltinCall(context_) || isa<CXXPseudoDestructorExpr>(e->getCallee()->IgnoreParens())) return;
  Callee c = callee(e);
  if (c.receiver) emit(c.receiver);
  for (const Expr *arg : c.args) emit(arg);
  if (e->isTypeDependent()) // no conversions yet that would read them
    for (const Expr *arg : c.args) reads_operand(arg);
  materialise(c);
  if (c.decl && throws_by_design(c)) add(OpKind::Throw, e->getExprLoc()).api = unit_.name(c.decl);
  if (!c.decl) {
    emit(c.pointer);
    if (e->isTypeDependent() && !unit_.callable(c.pointer->getType())) return;
    pointer_call(e, c);
    return;
  }
  if (const CallModel *model = unit_.call_model(c.decl, c.receiver_class))
    if (apply(e, c, *model)) return;
  if (hand_over(e, c)) return;
  if (c.receiver) {
    const TypeModel *type = unit_.type_model(c.receiver_type);
    if (type && type_call(e, c, *type)) return;
    // A lock the user wrote.
    if (!type && c.decl->getDeclName().isIdentifier() && c.decl->getNumParams() <= 1)
      if (LockTraits traits = unit_.lock_traits(c.receiver_type); traits.is_lock)
        if (auto method = traits.spin ? spin_method(c.decl->getName()) : lock_method(c.decl->getName()))
          if (lock_call(e, c, *method, traits)) return;
  }
  if (asio_call(e, c)) return;
  if (unit_.has_body(c.decl))
    plain_call(e, c);
  else
    library_call(e, c);
}

/// Library functions that throw for input that a program must expect.
bool Body::throws_by_design(const Callee &c) {
  llvm::StringRef name = simple_name(c.decl);
  bool conversion = name.size() <= 6 && name.starts_with("sto");
  bool checked = name == "at" || name == "value" || name == "any_cast";
  if ((!conversion && !checked) || !unit_.is_system(c.decl->getLocation())) return false;
  llvm::StringRef qualified = unit_.name(c.decl).str();
  if (name == "value") return qualified.contains("optional::value") || qualified.contains("expected::value");
  if (name == "any_cast")
    return qualified == "std::any_cast" && !c.args.empty() && !c.args[0]->getType()->isPointerType();
  return qualified.starts_with("std::");
}

// ---- Functions whose bodies nobody will see: system headers, defaulted operators.

/// What a pointer argument points to, as an object that is read or written.
static bool opaque_pointee(QualType type) {
  if (type->isFunctionType() || type->isVoidType() || type->isIncompleteType()) return true;
  if (const RecordDecl *record = type->getAsRecordDecl())
    return record->getName() == "_IO_FILE" || record->getName() == "__dirstream" ||
           record->getName() == "basic_ostream" || record->getName() == "basic_istream";
  return false;
}

void Body::library_call(const Expr *call, const Callee &c) {
  Symbol name = unit_.name(c.decl);
  const CallModel *model = unit_.call_model(c.decl, c.receiver_class);
  bool reads = model && model->kind == CallKind::Reads;
  SourceLocation at = call->getExprLoc();
  auto *method = dyn_cast<CXXMethodDecl>(c.decl);
  auto touch = [&](const Expr *arg, QualType type) {
    QualType pointee = type->isReferenceType() || type->isPointerType() ? type->getPointeeType() : QualType();
    if (pointee.isNull()) return;
    const Expr *inner = strip(arg);
    QualType actual = inner->getType();
    bool write = !pointee.isConstQualified() && !reads;
    if (type->isReferenceType()) {
      if (type->isRValueReferenceType() && !inner->isXValue()) write = false;
      if (opaque_pointee(pointee) || unit_.callable(pointee)) return;
      access(arg, write, arg->getExprLoc());
      return;
    }
    if (unit_.callable(type)) return;
    // Without the casts: what the caller has.
    if (actual->isPointerType()) pointee = actual->getPointeeType();
    if (const ArrayType *array = actual->getAsArrayTypeUnsafe()) pointee = array->getElementType();
    if (opaque_pointee(pointee)) return;
    Path object = path(arg);
    if (!object.known()) return;
    auto *address = dyn_cast<UnaryOperator>(inner);
    if (!(address && address->getOpcode() == UO_AddrOf) && !actual->isArrayType() && object.root != Root::This)
      object = extended(without_deref(object), PathStep::Deref);
    access(object, pointee, write, false, arg->getExprLoc());
  };
  if (c.receiver && method && !isa<CXXDestructorDecl>(method) && c.receiver_class && !c.receiver_class->isLambda()) {
    bool write = !method->isConst();
    if (!own_copy(c.receiver))
      access(without_deref(path(c.receiver)), c.receiver_type.getNonReferenceType(), write, false, at);
  }
  for (unsigned i = 0; i < c.args.size(); ++i)
    if (i < c.decl->getNumParams()) touch(c.args[i], c.decl->getParamDecl(i)->getType());
  // x = y, where the class lets the compiler write it
  if (c.decl->getOverloadedOperator() == OO_Equal && c.receiver && c.args.size() == 1) {
    QualType type = c.receiver_type.getNonReferenceType();
    if (unit_.pointer_like(type) || unit_.callable(type)) {
      Path dest = path(c.receiver);
      Value v = value(c.args[0]);
      if (dest.known()) {
        Op &op = add(OpKind::Assign, at);
        op.dest = dest;
        op.value = v;
      }
    } else if (unit_.ends_loudly(type)) {
      Path from = path(c.args[0]), to = path(c.receiver);
      if (from.known() && !(from == to)) {
        Op &op = add(OpKind::Move, at);
        op.path = from;
        op.dest = to;
      }
    }
  }
  // Streams
  if (!c.receiver || c.receiver_class) {
    const Expr *stream = c.receiver ? c.receiver : c.args.empty() ? nullptr : c.args[0];
    llvm::StringRef text = name.str();
    if (stream && (text.ends_with("operator>>") || text.ends_with("operator<<") || text == "std::getline")) {
      const TypeModel *type = unit_.type_model(stream->IgnoreParenImpCasts()->getType());
      auto *ref = dyn_cast<DeclRefExpr>(strip(stream));
      bool input = ref && isa<NamedDecl>(ref->getDecl()) && unit_.name(ref->getDecl()).str() == "std::cin";
      if (input || (type && type->kind == TypeKind::Stream)) {
        Op &op = add(OpKind::Block, at);
        op.block = input ? BlockKind::Input : BlockKind::FileIo;
        op.api = name;
        return;
      }
    }
  }
  // Parallel algorithms run them on other threads.
  const CXXRecordDecl *policy =
      c.args.empty() ? nullptr : c.args[0]->getType().getNonReferenceType()->getAsCXXRecordDecl();
  if (policy && unit_.name(policy).str().contains("execution::") && policy->getName().starts_with("parallel")) {
    for (const Expr *arg : c.args)
      if (unit_.callable(arg->getType())) spawn(call, arg, SpawnKind::Pool, name.str(), Path());
    return;
  }
  callables(c, name, at);
}

/// Callables handed to a function that runs them before it returns.
void Body::callables(const Callee &c, Symbol through, SourceLocation at) {
  for (const Expr *arg : c.args) {
    QualType type = arg->getType().getNonReferenceType();
    const CXXRecordDecl *record = type->getAsCXXRecordDecl();
    bool functor = false;
    if (record && !record->isLambda() && unit_.is_user(record) && record->getDefinition())
      for (const CXXMethodDecl *method : record->getDefinition()->methods())
        functor |= method->getOverloadedOperator() == OO_Call;
    Value v = value(arg);
    if (!unit_.callable(type) && !functor && !v.function) continue;
    if (!v.function && functor)
      for (const CXXMethodDecl *method : record->getDefinition()->methods())
        if (method->getOverloadedOperator() == OO_Call) v.function = unit_.usr(method);
    if (!v.function && !v.path.known()) continue;
    Op &op = add(OpKind::Call, arg->getExprLoc().isValid() ? arg->getExprLoc() : at);
    op.callee = v.function;
    op.through = through;
    op.path = v.function && !v.bound.empty() ? v.bound[0] : v.path;
    op.callee_name = v.function ? Symbol() : Symbol(text(arg));
    if (!v.function) op.signature = unit_.signature_of(type);
    for (unsigned i = 1; i < v.bound.size(); ++i) {
      Value bound;
      bound.path = v.bound[i];
      op.args.push_back(bound);
    }
  }
}

/// Callables, pointers and objects put into a container or other keeper.
void Body::keep_callables(const Path &where, const Callee &c, SourceLocation at) {
  if (!where.known()) return;
  Path element = extended(where, PathStep::Index, Symbol("*"));
  for (const Expr *arg : c.args) {
    QualType type = arg->getType().getNonReferenceType();
    const Expr *made = maker(arg);
    if (isa<InitListExpr>(made)) {
      store(element, arg, arg->getExprLoc());
      continue;
    }
    const CXXRecordDecl *record = type->getAsCXXRecordDecl();
    Value v = value(arg);
    bool object = record && !unit_.type_model(record) && unit_.is_user(record);
    if (!v.function && !unit_.callable(type) && !unit_.pointer_like(type) && !object) continue;
    if (!v.function && !v.path.known() && !v.fresh) continue;
    Op &op = add(OpKind::Assign, at);
    op.dest = element;
    op.value = v;
  }
}

// ---- Construction

void Body::construct(const CXXConstructExpr *e) {
  Callee c;
  c.decl = e->getConstructor();
  c.args.assign(e->getArgs(), e->getArgs() + e->getNumArgs());
  for (const Expr *arg : c.args) emit(arg);
  if (e->isElidable()) return; // the object is made by its argument
  const CXXConstructorDecl *constructor = e->getConstructor();
  const CXXRecordDecl *record = constructor->getParent();
  QualType type = e->getType();
  auto placed = places_.find(e);
  Path dest = placed != places_.end() ? placed->second : Path();
  const TypeModel *model = unit_.type_model(type);
  bool copies = constructor->isCopyOrMoveConstructor() && c.args.size() >= 1;
  bool loud = unit_.ends_loudly(type);
  if (!dest.known() && (loud || (model && model->kind == TypeKind::Stream))) dest = fresh_local(e);
  if (model && construct_model(e, *model, dest)) return;
  if (!model && unit_.has_body(constructor)) {
    if (!dest.known()) dest = fresh_local(e);
    materialise(c);
    Op &op = add(OpKind::Call, e->getExprLoc());
    op.callee = unit_.usr(constructor);
    op.callee_name = unit_.name(constructor);
    op.path = dest;
    arguments(op, c);
    op.dest = dest;
    results_[e] = op.id;
    return;
  }
  if (constructor->isInheritingConstructor()) { // struct Guard : std::lock_guard<M> { using lock_guard::lock_guard; }
    const CXXConstructorDecl *inherited = constructor->getInheritedConstructor().getConstructor();
    if (const TypeModel *base = inherited ? unit_.type_model(inherited->getParent()) : nullptr) {
      if (base->kind == TypeKind::Guard) guard(e, c.args, *base, dest);
      return;
    }
  }
  if (copies) {
    const Expr *source = c.args[0];
    Path from = path(source);
    bool move = constructor->isMoveConstructor();
    access(source, move && !unit_.pointer_like(type) && from.root != Root::Local, source->getExprLoc());
    if (loud && from.known() && dest.known() && !(from == dest)) {
      Op &op = add(OpKind::Move, e->getExprLoc());
      op.path = without_deref(from);
      op.dest = dest;
    }
    return;
  }
  if (unit_.is_system(record->getLocation())) { // arguments are read; callables are kept
    for (const Expr *arg : c.args)
      if (arg->isGLValue() && !unit_.callable(arg->getType())) {
        const CXXRecordDecl *argument = arg->getType()->getAsCXXRecordDecl();
        if (argument) access(arg, false, arg->getExprLoc());
      }
    if (dest.known()) keep_callables(dest, c, e->getExprLoc());
  }
}

} // namespace snarl
