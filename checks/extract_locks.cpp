// Locks and guards: what acquires, releases, adopts, and through which method of a lock type the user wrote.
#include "extract_body.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclTemplate.h"

namespace snarl {

using namespace clang;

/// A lock, or a guard that has locks, as the argument of an operation. Fills in the operation's traits and `via`.
Value Body::lock_value(const Expr *e, Op &op) {
  Value v = value(e);
  v.path = without_deref(std::move(v.path));
  if (!v.path.known()) v.path = new_local("lock", strip(e)->getType()); // one of several: a lock of its own
  QualType type = strip(e)->getType().getNonReferenceType();
  if (type->isPointerType()) type = type->getPointeeType();
  if (auto *unary = dyn_cast<UnaryOperator>(strip(e)); unary && unary->getOpcode() == UO_AddrOf)
    type = unary->getSubExpr()->getType();
  const TypeModel *model = unit_.type_model(type);
  if (!model) {
    LockTraits traits = unit_.lock_traits(type);
    if (traits.is_lock) op.traits = traits;
    llvm::StringRef method = op.kind == OpKind::Release ? (op.mode == Mode::Shared ? "unlock_shared" : "unlock")
                                                        : (op.mode == Mode::Shared ? "lock_shared" : "lock");
    if (op.how == How::Try) method = op.mode == Mode::Shared ? "try_lock_shared" : "try_lock";
    if (const CXXMethodDecl *via = unit_.lock_function(type, method); via && unit_.has_body(via))
      op.via = unit_.usr(via);
  } else if (model->kind == TypeKind::Lock) {
    op.traits = model->traits;
  }
  if (Symbol named = v.path.last_field(); named && unit_.recursive(named)) op.traits.recursive = true;
  return v;
}

bool Body::lock_call(const Expr *call, const Callee &c, LockMethod method, LockTraits traits) {
  if (method.kind == LockMethod::Assert) {
    Value v;
    v.path = without_deref(path(c.receiver));
    Op &op = add(OpKind::AssertHeld, call->getExprLoc());
    op.args.push_back(v);
    op.mode = method.mode;
    return true;
  }
  bool release = method.kind == LockMethod::Release;
  if (unit_.has_body(c.decl) && !unit_.type_model(c.receiver_type)) {
    // try_lock with arguments and the like are the user's own business.
    if (c.decl->getNumParams() && method.how != How::Timed) return false;
    if (isa<CXXMethodDecl>(c.decl) && cast<CXXMethodDecl>(c.decl)->isVirtual() && c.decl->isPureVirtual()) return false;
  }
  Value v;
  v.path = without_deref(path(c.receiver));
  if (simple_name(c.decl) == "tryLock" && !c.args.empty()) method.how = How::Timed; // Qt: milliseconds
  bool user = unit_.has_body(c.decl) && !unit_.type_model(c.receiver_type);
  Op &op = add(release ? OpKind::Release : OpKind::Acquire, call->getExprLoc());
  op.args.push_back(v);
  op.how = method.how;
  op.mode = method.mode;
  op.traits = traits;
  op.awaited = awaited_.contains(call);
  if (user) op.via = unit_.usr(c.decl);
  if (!release) results_[call] = op.id;
  if (release || user) return true;
  if (simple_name(c.decl).starts_with("with")) { // runs its argument under the lock
    callables(c, unit_.name(c.decl), call->getExprLoc());
    Op &end = add(OpKind::Release, call->getExprLoc());
    end.args.push_back(v);
    end.mode = method.mode;
  } else if (call->getType()->isRecordType()) { // returns a guard
    auto placed = places_.find(call);
    Path guard = placed == places_.end() ? fresh_local(call) : placed->second;
    ops_->back().dest = guard;
  }
  return true;
}

/// Construction of a guard (or assignment of locks to one).
bool Body::guard(const Expr *at, llvm::ArrayRef<const Expr *> args, const TypeModel &type, const Path &dest) {
  How how = How::Lock;
  std::vector<const Expr *> locks;
  bool is_write = true;
  for (const Expr *arg : args) {
    if (isa<CXXDefaultArgExpr>(arg)) continue;
    QualType t = arg->getType().getNonReferenceType();
    const CXXRecordDecl *record = t->getAsCXXRecordDecl();
    llvm::StringRef tag = record ? unit_.name(record).str() : "";
    if (tag.ends_with("::defer_lock_t"))
      how = How::Defer;
    else if (tag.ends_with("::adopt_lock_t"))
      how = How::Adopt;
    else if (tag.ends_with("::try_to_lock_t"))
      how = How::Try;
    else if (tag.starts_with("std::chrono::"))
      how = How::Timed;
    else if (t->isBooleanType())
      is_write = truth(arg) != Value::Zero; // TBB's reader-writer scoped_lock
    else
      locks.push_back(arg);
  }
  if (locks.empty()) return true;
  Op op;
  op.kind = OpKind::Acquire;
  op.how = how;
  op.mode = is_write ? type.mode : Mode::Shared;
  for (const Expr *lock : locks) op.args.push_back(lock_value(lock, op));
  op.dest = dest;
  Op &added = add(OpKind::Acquire, at->getExprLoc());
  op.id = added.id;
  op.site = added.site;
  op.in_macro_of_system = added.in_macro_of_system;
  added = std::move(op);
  results_[at] = added.id;
  return true;
}

bool Body::guard_call(const Expr *call, const Callee &c, const TypeModel &type) {
  Path self = without_deref(path(c.receiver));
  llvm::StringRef name = simple_name(c.decl);
  SourceLocation at = call->getExprLoc();
  if (c.decl->getOverloadedOperator() == OO_Equal && c.args.size() == 1) {
    Path from = without_deref(path(c.args[0]));
    if (from == self) return true; // made in place
    Op &op = add(OpKind::Move, at);
    op.path = from;
    op.dest = self;
    return true;
  }
  if (name == "swap" && c.args.size() == 1) {
    Path other = without_deref(path(c.args[0]));
    Op &op = add(OpKind::Move, at);
    op.path = other;
    op.dest = self;
    op.all = true; // both ways
    return true;
  }
  if (name == "release" && !c.decl->getReturnType()->isVoidType()) {
    add(OpKind::Disown, at).dest = self;
    return true;
  }
  if (name == "unlock" || name == "Release" || name == "release") {
    Op &op = add(OpKind::Release, at);
    op.dest = self;
    op.mode = type.mode;
    return true;
  }
  if (name == "relock") name = "lock";
  if (name == "acquire" && !c.args.empty()) return guard(call, c.args, type, self); // TBB
  if (auto method = lock_method(name); method && method->kind == LockMethod::Acquire) {
    Op &op = add(OpKind::Acquire, at);
    op.dest = self;
    op.how = method->how;
    op.mode = type.mode;
    op.traits.is_lock = true;
    if (auto *spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(c.receiver_class))
      for (const TemplateArgument &arg : spec->getTemplateArgs().asArray())
        if (arg.getKind() == TemplateArgument::Type)
          if (LockTraits traits = unit_.lock_traits(arg.getAsType()); traits.is_lock) op.traits = traits;
    results_[call] = op.id;
    return true;
  }
  return true; // owns_lock, mutex, operator bool
}

} // namespace snarl
