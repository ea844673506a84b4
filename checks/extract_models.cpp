// What models say of calls, made into operations: locks, guards, condition variables, threads, futures, containers,
// blocking calls.
#include "extract_body.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/Lex/Lexer.h"

namespace snarl {

using namespace clang;

static Path without_deref(Path path) {
  if (!path.steps.empty() && path.steps.back().kind == PathStep::Deref) path.steps.pop_back();
  return path;
}

static llvm::StringRef simple_name(const FunctionDecl *fn) {
  return fn->getDeclName().isIdentifier() ? fn->getName() : llvm::StringRef();
}

// ---- Locks and guards

/// A lock, or a guard that has locks, as the argument of an operation. Fills in the operation's traits and `via`.
Value Body::lock_value(const Expr *e, Op &op) {
  Value v = value(e);
  v.path = without_deref(std::move(v.path));
  QualType type = strip(e)->getType().getNonReferenceType();
  if (type->isPointerType()) type = type->getPointeeType();
  if (auto *unary = dyn_cast<UnaryOperator>(strip(e)); unary && unary->getOpcode() == UO_AddrOf) type = unary->getSubExpr()->getType();
  const TypeModel *model = unit_.type_model(type);
  if (!model) {
    LockTraits traits = unit_.lock_traits(type);
    if (traits.is_lock) op.traits = traits;
    llvm::StringRef method = op.kind == OpKind::Release ? (op.mode == Mode::Shared ? "unlock_shared" : "unlock")
                                                        : (op.mode == Mode::Shared ? "lock_shared" : "lock");
    if (op.how == How::Try) method = op.mode == Mode::Shared ? "try_lock_shared" : "try_lock";
    if (const CXXMethodDecl *via = unit_.lock_function(type, method); via && unit_.has_body(via)) op.via = unit_.usr(via);
  } else if (model->kind == TypeKind::Lock) {
    op.traits = model->traits;
  }
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
    if (tag.ends_with("::defer_lock_t")) how = How::Defer;
    else if (tag.ends_with("::adopt_lock_t")) how = How::Adopt;
    else if (tag.ends_with("::try_to_lock_t")) how = How::Try;
    else if (tag.starts_with("std::chrono::")) how = How::Timed;
    else if (t->isBooleanType()) is_write = truth(arg) != Value::Zero; // TBB's reader-writer scoped_lock
    else locks.push_back(arg);
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

// ---- Threads

void Body::spawn(const Expr *at, llvm::ArrayRef<const Expr *> args, SpawnKind kind, llvm::StringRef api, const Path &dest) {
  llvm::SmallVector<const Expr *, 6> rest;
  for (const Expr *arg : args) {
    const CXXRecordDecl *record = arg->getType().getNonReferenceType()->getAsCXXRecordDecl();
    llvm::StringRef type = record ? unit_.name(record).str() : "";
    if (isa<CXXDefaultArgExpr>(arg) || type == "std::stop_token" || type.ends_with("allocator_arg_t")) continue;
    if (arg->getType()->isEnumeralType() && rest.empty()) continue; // std::launch
    rest.push_back(arg);
  }
  if (rest.empty()) return;
  Value entry = value(rest[0]);
  // Member function and object, or a functor written by the user.
  unsigned used = 1;
  const Expr *first = strip(rest[0]);
  if (first->getType()->isMemberFunctionPointerType() && rest.size() > 1) {
    entry.bound.insert(entry.bound.begin(), without_deref(value(rest[1]).path));
    used = 2;
  } else if (const CXXRecordDecl *record = first->getType().getNonReferenceType()->getAsCXXRecordDecl();
             record && !entry.function && !record->isLambda() && unit_.is_user(record) && record->getDefinition()) {
    for (const CXXMethodDecl *method : record->getDefinition()->methods())
      if (method->getOverloadedOperator() == OO_Call) {
        entry.function = unit_.usr(method);
        entry.bound.insert(entry.bound.begin(), without_deref(entry.path));
      }
  }
  // A coroutine that is started there: the call makes the handle only.
  if (auto *made = dyn_cast<CallExpr>(maker(rest[0])); made && !entry.function) {
    Callee inner = callee(made);
    if (inner.decl && unit_.has_body(inner.decl) && !isa<CXXConversionDecl>(inner.decl)) {
      if (awaited_.contains(made)) {
        entry.function = unit_.usr(inner.decl);
        if (inner.receiver) entry.bound.push_back(without_deref(path(inner.receiver)));
        rest.assign(inner.args.begin(), inner.args.end());
        used = 0;
      }
    }
  }
  std::vector<Value> values;
  for (const Expr *arg : llvm::ArrayRef(rest).drop_front(used)) {
    Value v = value(arg);
    if (auto *made = dyn_cast<CallExpr>(maker(arg))) { // std::ref
      Callee inner = callee(made);
      if (inner.decl && (simple_name(inner.decl) == "ref" || simple_name(inner.decl) == "cref")) v.borrowed = true;
    }
    if (arg->getType()->isPointerType()) v.borrowed = true;
    values.push_back(std::move(v));
  }
  if (!entry.function && !entry.path.known()) return;
  Op &op = add(OpKind::Spawn, at->getExprLoc());
  op.value = std::move(entry);
  op.args = std::move(values);
  op.dest = dest;
  op.spawn = kind;
  op.api = Symbol(api);
  if (!op.value.function) op.signature = unit_.signature_of(rest.empty() ? first->getType() : rest[0]->getType());
}

bool Body::thread_call(const Expr *call, const Callee &c, const TypeModel &type) {
  llvm::StringRef name = simple_name(c.decl);
  SourceLocation at = call->getExprLoc();
  Path self = without_deref(path(c.receiver));
  if (c.decl->getOverloadedOperator() == OO_Equal && c.args.size() == 1) {
    Path from = without_deref(path(c.args[0]));
    if (!(from == self)) {
      Op &op = add(OpKind::Move, at);
      op.path = from;
      op.dest = self;
    }
    return true;
  }
  if (name == "swap" && c.args.size() == 1) {
    Op &op = add(OpKind::Move, at);
    op.path = without_deref(path(c.args[0]));
    op.dest = self;
    op.all = true;
    return true;
  }
  std::string api = (unit_.name(c.receiver_class).str() + "::" + name).str();
  if (type.kind == TypeKind::Future) {
    if (name == "get" || name == "wait" || name == "wait_for" || name == "wait_until") {
      Op &block = add(OpKind::Block, at);
      block.block = BlockKind::ThreadWait;
      block.api = Symbol(api);
      block.path = self;
      if (name == "wait_for" && !c.args.empty()) {
        int64_t timeout = milliseconds(c.args[0], CallModel::Chrono);
        ops_->back().timeout_ms = timeout;
      }
      if (name == "get" || name == "wait") {
        Op &join = add(OpKind::Join, at);
        join.path = self;
        join.api = Symbol(api);
      }
    }
    return true;
  }
  if (name == "join") {
    Op &op = add(OpKind::Block, at);
    op.block = BlockKind::ThreadWait;
    op.api = Symbol(api);
    op.path = self;
    Op &join = add(OpKind::Join, at);
    join.path = self;
    join.api = Symbol(api);
  } else if (name == "detach") {
    add(OpKind::Detach, at).path = self;
  }
  return true;
}

// ---- Time-outs and blocking calls

/// A duration in milliseconds if it is a constant; kForever otherwise.
int64_t Body::milliseconds(const Expr *e, CallModel::Unit unit) {
  e = strip(e);
  for (unsigned depth = 0; depth < 8; ++depth) {
    auto *construct = dyn_cast<CXXConstructExpr>(e);
    if (!construct || construct->getNumArgs() != 1) break;
    // milliseconds(5): the ratio is in the constructed type
    const Expr *arg = strip(construct->getArg(0));
    if (auto *spec = dyn_cast<ClassTemplateSpecializationDecl>(construct->getConstructor()->getParent());
        spec && spec->getName() == "duration" && arg->getType()->isIntegerType() && spec->getTemplateArgs().size() == 2) {
      Expr::EvalResult number;
      if (arg->isValueDependent() || !arg->EvaluateAsInt(number, context_)) return kForever;
      auto *ratio = dyn_cast_or_null<ClassTemplateSpecializationDecl>(spec->getTemplateArgs()[1].getAsType()->getAsCXXRecordDecl());
      if (!ratio || ratio->getTemplateArgs().size() != 2) return kForever;
      double seconds = double(ratio->getTemplateArgs()[0].getAsIntegral().getExtValue()) /
                       double(ratio->getTemplateArgs()[1].getAsIntegral().getExtValue());
      return int64_t(double(number.Val.getInt().getExtValue()) * seconds * 1000);
    }
    e = arg;
  }
  if (e->getType()->isRecordType() && !e->isValueDependent()) { // 5ms, constants
    Expr::EvalResult result;
    const CXXRecordDecl *record = e->getType()->getAsCXXRecordDecl();
    auto *spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(record);
    if (spec && spec->getName() == "duration" && spec->getTemplateArgs().size() == 2 && e->EvaluateAsRValue(result, context_) &&
        result.Val.isStruct() && result.Val.getStructNumFields() == 1 && result.Val.getStructField(0).isInt()) {
      auto *ratio = dyn_cast_or_null<ClassTemplateSpecializationDecl>(spec->getTemplateArgs()[1].getAsType()->getAsCXXRecordDecl());
      if (ratio && ratio->getTemplateArgs().size() == 2)
        return int64_t(double(result.Val.getStructField(0).getInt().getExtValue()) *
                       double(ratio->getTemplateArgs()[0].getAsIntegral().getExtValue()) * 1000 /
                       double(ratio->getTemplateArgs()[1].getAsIntegral().getExtValue()));
    }
    // A literal operator whose body was skipped: take it from the text.
    if (auto *literal = dyn_cast<UserDefinedLiteral>(e); literal && literal->getUDSuffix()) {
      llvm::StringRef suffix = literal->getUDSuffix()->getName();
      llvm::StringRef spelled = Lexer::getSourceText(CharSourceRange::getTokenRange(e->getSourceRange()), context_.getSourceManager(), context_.getLangOpts());
      long long number = 0;
      if (spelled.consumeInteger(10, number)) return kForever;
      if (suffix == "h") return number * 3600000;
      if (suffix == "min") return number * 60000;
      if (suffix == "s") return number * 1000;
      if (suffix == "ms") return number;
      if (suffix == "us") return number / 1000;
      if (suffix == "ns") return number / 1000000;
    }
    return kForever;
  }
  Expr::EvalResult number;
  if (!e->getType()->isIntegerType() || e->isValueDependent() || !e->EvaluateAsInt(number, context_)) return kForever;
  int64_t n = number.Val.getInt().getExtValue();
  if (n < 0) return kForever;
  switch (unit) {
  case CallModel::Seconds: return n * 1000;
  case CallModel::Micros: return n / 1000;
  case CallModel::Nanos: return n / 1000000;
  default: return n;
  }
}

bool Body::block(const Expr *call, const Callee &c, const CallModel &m) {
  // Standard output and error, descriptors 1 and 2: printing is exempt. Standard input is input.
  BlockKind kind = m.block;
  Path object;
  const Expr *on = m.arg >= 0 && unsigned(m.arg) < c.args.size() ? c.args[m.arg] : nullptr;
  if (kind == BlockKind::FileIo && on) {
    std::string text = this->text(on);
    if (text == "stdout" || text == "stderr") return true;
    Expr::EvalResult number;
    const Expr *inner = strip(on);
    if (inner->getType()->isIntegerType() && !inner->isValueDependent() && inner->EvaluateAsInt(number, context_)) {
      int64_t fd = number.Val.getInt().getExtValue();
      if (fd == 1 || fd == 2) return true;
      if (fd == 0) kind = BlockKind::Input;
    }
    if (text == "stdin") kind = BlockKind::Input;
    object = without_deref(path(on));
  } else if (on) {
    object = without_deref(path(on));
  }
  if (m.nonblock_flags >= 0 && unsigned(m.nonblock_flags) < c.args.size()) {
    const Expr *flags = strip(c.args[m.nonblock_flags]);
    Expr::EvalResult number;
    if (flags->getType()->isIntegerType() && !flags->isValueDependent() && flags->EvaluateAsInt(number, context_) &&
        (number.Val.getInt().getExtValue() & 0x40)) // MSG_DONTWAIT
      return true;
  }
  if (on && (m.nonblock_flags != -1)) {
    const Expr *fd = strip(on);
    if (auto *ref = dyn_cast<DeclRefExpr>(fd); ref && nonblocking_.contains(ref->getDecl()->getCanonicalDecl())) return true;
    if (auto *member = dyn_cast<MemberExpr>(fd); member && nonblocking_.contains(member->getMemberDecl()->getCanonicalDecl())) return true;
  }
  int64_t timeout = kForever;
  if (m.unit != CallModel::None && m.arg2 >= 0 && unsigned(m.arg2) < c.args.size()) timeout = milliseconds(c.args[m.arg2], m.unit);
  if (kind == BlockKind::Poll && timeout == 0) return true;
  Symbol api = unit_.name(c.decl);
  Op &op = add(OpKind::Block, call->getExprLoc());
  op.block = kind;
  op.path = object;
  op.api = api;
  op.timeout_ms = timeout;
  return false; // arguments are still read and written
}

// ---- Calls by name

bool Body::apply(const Expr *call, const Callee &c, const CallModel &m) {
  SourceLocation at = call->getExprLoc();
  auto arg = [&](int i) -> const Expr * { return i >= 0 && unsigned(i) < c.args.size() ? c.args[i] : nullptr; };
  switch (m.kind) {
  case CallKind::Acquire:
  case CallKind::Release: {
    const Expr *lock = m.arg < 0 ? c.receiver : arg(m.arg);
    if (!lock) return false;
    Op made;
    made.kind = m.kind == CallKind::Acquire ? OpKind::Acquire : OpKind::Release;
    made.how = m.how;
    made.mode = m.mode;
    made.traits = m.traits;
    made.args.push_back(lock_value(lock, made));
    if (m.traits.is_lock) made.traits = m.traits;
    Op &op = add(made.kind, at);
    made.id = op.id;
    made.site = op.site;
    made.in_macro_of_system = op.in_macro_of_system;
    made.via = {};
    op = std::move(made);
    if (m.kind == CallKind::Acquire) {
      results_[call] = op.id;
      if (m.zero_is_success) zero_is_success_.insert(op.id);
    }
    return true;
  }
  case CallKind::Group: {
    Op made;
    made.kind = OpKind::Acquire;
    made.how = m.how;
    for (const Expr *lock : c.args) made.args.push_back(lock_value(lock, made));
    Op &op = add(OpKind::Acquire, at);
    made.id = op.id;
    made.site = op.site;
    op = std::move(made);
    results_[call] = op.id;
    return true;
  }
  case CallKind::LockInit: {
    const Expr *lock = arg(0);
    if (!lock) return false;
    Op made;
    Value v = lock_value(lock, made);
    if (const Expr *attr = arg(1)) {
      Expr::EvalResult number;
      const Expr *inner = strip(attr);
      if (auto *unary = dyn_cast<UnaryOperator>(inner); unary && unary->getOpcode() == UO_AddrOf) {
        if (auto *ref = dyn_cast<DeclRefExpr>(strip(unary->getSubExpr())))
          made.traits.recursive = recursive_.contains(ref->getDecl()->getCanonicalDecl());
      } else if (auto *ref = dyn_cast<DeclRefExpr>(inner); ref && recursive_.contains(ref->getDecl()->getCanonicalDecl())) {
        made.traits.recursive = true;
      } else if (simple_name(c.decl) == "mtx_init" && inner->getType()->isIntegerType() && inner->EvaluateAsInt(number, context_)) {
        made.traits.recursive = number.Val.getInt().getExtValue() & 1;
      }
    }
    Op &op = add(OpKind::LockInit, at);
    op.args.push_back(v);
    op.traits = made.traits;
    op.traits.is_lock = true;
    return true;
  }
  case CallKind::Block:
    if (block(call, c, m)) return true;
    if (!unit_.has_body(c.decl)) {
      library_call(call, c);
      return true;
    }
    return false;
  case CallKind::Spawn: {
    llvm::SmallVector<const Expr *, 6> args;
    llvm::StringRef name = simple_name(c.decl);
    SpawnKind kind = m.spawn;
    if (m.arg == -2) { // whatever is callable among the arguments
      for (const Expr *a : c.args)
        if (unit_.callable(a->getType()) || value(a).function) args.push_back(a);
    } else {
      // std::async's first argument may be a policy, asio's the executor: take the callable.
      unsigned first = m.arg;
      if (c.args.size() > first && c.args[first]->getType()->isEnumeralType()) ++first;
      if (kind == SpawnKind::EventLoop && !c.args.empty()) {
        const TypeModel *executor = unit_.type_model(c.args[0]->getType());
        if (executor && executor->kind == TypeKind::Pool) kind = SpawnKind::Pool;
        if (first == 1 && c.args.size() == 1) first = 0; // post(handler)
      }
      if (const Expr *a = arg(first)) args.push_back(a);
      bool more = kind == SpawnKind::Thread || kind == SpawnKind::Async || kind == SpawnKind::Pool;
      unsigned next = std::max<unsigned>(first + 1, m.arg2 > 0 ? m.arg2 : 0);
      if (more && m.arg2 >= 0)
        for (unsigned i = next; i < c.args.size(); ++i) args.push_back(c.args[i]);
    }
    Path dest;
    auto placed = places_.find(call);
    if (placed != places_.end()) dest = placed->second;
    if (name == "pthread_create" || name == "thrd_create") dest = without_deref(path(c.args[0]));
    if (!dest.known() && call->getType()->isRecordType()) dest = fresh_local(call);
    spawn(call, args, kind, unit_.name(c.decl).str(), dest);
    if (!ops_->empty() && ops_->back().kind == OpKind::Spawn) results_[call] = ops_->back().id;
    return true;
  }
  case CallKind::Join: {
    Path handle = without_deref(path(arg(0)));
    Op &wait = add(OpKind::Block, at);
    wait.block = BlockKind::ThreadWait;
    wait.api = unit_.name(c.decl);
    wait.path = handle;
    Op &op = add(OpKind::Join, at);
    op.path = handle;
    op.api = unit_.name(c.decl);
    return true;
  }
  case CallKind::Detach:
    if (const Expr *handle = arg(0)) {
      Path p = without_deref(path(handle));
      add(OpKind::Detach, at).path = p;
    }
    return true;
  case CallKind::Wait: {
    if (!arg(0) || !arg(1)) return false;
    Op made;
    Value lock = lock_value(arg(1), made);
    Path condition = without_deref(path(arg(0)));
    Op &op = add(OpKind::Wait, at);
    op.path = condition;
    op.args.push_back(lock);
    op.api = unit_.name(c.decl);
    op.how = m.how;
    results_[call] = op.id;
    return true;
  }
  case CallKind::Notify: {
    Path condition = arg(0) ? without_deref(path(arg(0))) : Path();
    Op &op = add(OpKind::Notify, at);
    op.path = condition;
    op.all = m.write;
    return true;
  }
  case CallKind::InPlace:
    callables(c, unit_.name(c.decl), at);
    return true;
  case CallKind::Exchange:
    if (c.args.size() == 2) {
      access(path(c.args[0]), c.args[0]->getType(), true, false, at);
      QualType type = c.args[0]->getType();
      Path dest = path(c.args[0]);
      if ((unit_.pointer_like(type) || unit_.callable(type) || type->isBooleanType()) && dest.known()) {
        // First the old value goes where the result goes, then the new one replaces it.
        auto placed = places_.find(call);
        Value old, now = value(c.args[1]);
        old.path = without_deref(dest);
        old.moved = true;
        if (placed != places_.end()) {
          Op &op = add(OpKind::Assign, at);
          op.dest = placed->second;
          op.value = old;
          stored_.insert(call);
        }
        Op &op = add(OpKind::Assign, at);
        op.dest = dest;
        op.value = now;
      }
    }
    return true;
  case CallKind::MakeNew: {
    // make_unique<T>(...): T's constructor runs.
    auto *args = c.decl->getTemplateSpecializationArgs();
    if (args && args->size() && args->get(0).getKind() == TemplateArgument::Type)
      if (const CXXRecordDecl *record = args->get(0).getAsType()->getAsCXXRecordDecl(); record && record->getDefinition() && unit_.is_user(record)) {
        const CXXConstructorDecl *found = nullptr;
        unsigned count = 0;
        for (const CXXConstructorDecl *ctor : record->getDefinition()->ctors())
          if (unit_.has_body(ctor) && !ctor->isCopyOrMoveConstructor() && ctor->getMinRequiredArguments() <= c.args.size() &&
              c.args.size() <= ctor->getNumParams())
            found = ctor, ++count;
        if (found && count == 1) {
          Callee made = c;
          made.decl = found;
          Op &op = add(OpKind::Call, at);
          op.callee = unit_.usr(found);
          op.callee_name = unit_.name(found);
          arguments(op, made);
          op.dest = result(call, op);
          op.path = op.dest;
        }
      }
    return true;
  }
  case CallKind::AtomicOp: {
    const Expr *object = arg(0);
    if (!object) return false;
    QualType type = strip(object)->getType();
    Path where = path(object);
    auto *unary = dyn_cast<UnaryOperator>(strip(object));
    if (type->isPointerType()) type = type->getPointeeType();
    if (!(unary && unary->getOpcode() == UO_AddrOf) && where.known() && where.root != Root::This)
      where = extended(without_deref(where), PathStep::Deref);
    access(where, type, m.write, true, at);
    return true;
  }
  case CallKind::Reads:
    if (unit_.has_body(c.decl)) return false;
    library_call(call, c);
    return true;
  case CallKind::AssertHeld: {
    Value v;
    v.path = without_deref(path(m.arg < 0 ? c.receiver : arg(m.arg)));
    add(OpKind::AssertHeld, at).args.push_back(v);
    return true;
  }
  case CallKind::Forward:
  case CallKind::Keep:
  case CallKind::Bind:
  case CallKind::Pure:
    return true;
  }
  return false;
}

// ---- Methods of known types

bool Body::type_call(const Expr *call, const Callee &c, const TypeModel &type) {
  llvm::StringRef name = simple_name(c.decl);
  OverloadedOperatorKind op_kind = c.decl->getOverloadedOperator();
  SourceLocation at = call->getExprLoc();
  auto *method = cast<CXXMethodDecl>(c.decl);
  QualType receiver_type = c.receiver_type.getNonReferenceType();
  auto self = [&] { return without_deref(path(c.receiver)); };
  auto block_op = [&](BlockKind kind, llvm::StringRef what) {
    Path object = self();
    Op &op = add(OpKind::Block, at);
    op.block = kind;
    op.api = Symbol((unit_.name(c.receiver_class).str() + "::" + what).str());
    op.path = object;
  };
  switch (type.kind) {
  case TypeKind::Lock:
    if (auto m = lock_method(name)) return lock_call(call, c, *m, type.traits);
    return !unit_.has_body(c.decl);
  case TypeKind::Guard:
    return guard_call(call, c, type);
  case TypeKind::CondVar: {
    if (name == "notify_one" || name == "notify_all" || name == "Signal" || name == "SignalAll" || name == "wakeOne" ||
        name == "wakeAll" || name == "notifyOne") {
      Path condition = self();
      Op &op = add(OpKind::Notify, at);
      op.path = condition;
      op.all = name == "notify_all" || name == "SignalAll" || name == "wakeAll";
      return true;
    }
    if (name.starts_with("wait") || name.starts_with("Wait")) {
      if (c.args.empty()) return true;
      Op made;
      Value lock = lock_value(c.args[0], made), predicate;
      bool timed = name.contains("_for") || name.contains("_until") || name.contains("Timeout") || name.contains("Deadline");
      unsigned at_predicate = timed ? 2 : 1;
      // condition_variable_any with a stop token: wait(lk, token, predicate)
      if (c.args.size() > at_predicate && c.args.back() != c.args[0]) predicate = value(c.args.back());
      int64_t timeout = timed && c.args.size() > 1 && name.contains("for") ? milliseconds(c.args[1], CallModel::Chrono) : kForever;
      Path condition = self();
      Op &op = add(OpKind::Wait, at);
      op.path = condition;
      op.args.push_back(lock);
      op.value = predicate;
      op.timeout_ms = timeout;
      op.how = timed ? How::Timed : How::Lock;
      op.api = Symbol((unit_.name(c.receiver_class).str() + "::" + name).str());
      results_[call] = op.id;
      if (predicate.function || predicate.path.known()) {
        Callee only;
        only.args.push_back(c.args.back());
        callables(only, unit_.name(c.decl), at);
      }
      return true;
    }
    return true;
  }
  case TypeKind::Thread:
  case TypeKind::JThread:
  case TypeKind::Future:
    return thread_call(call, c, type);
  case TypeKind::Promise:
    if (op_kind == OO_Call) {
      pointer_call(call, c);
      return true;
    }
    return true;
  case TypeKind::Semaphore:
    if (name == "acquire" || name == "wait" || name == "arrive_and_wait" || name == "WaitForNotification" || name == "Wait" || name == "Block")
      block_op(BlockKind::ThreadWait, name);
    else if (name == "try_acquire_for" || name == "try_acquire_until") {
      block_op(BlockKind::ThreadWait, name);
      int64_t timeout = name == "try_acquire_for" && !c.args.empty() ? milliseconds(c.args[0], CallModel::Chrono) : kForever;
      ops_->back().timeout_ms = timeout;
    } else if (name == "release" || name == "count_down" || name == "arrive" || name == "post" || name == "Notify") {
      Path object = self();
      Op &op = add(OpKind::Notify, at);
      op.path = object;
      op.all = true;
    }
    return true;
  case TypeKind::Atomic: {
    if (name == "wait") block_op(BlockKind::ThreadWait, name);
    if (name == "notify_one" || name == "notify_all" || name == "is_lock_free") return true;
    bool write = !(name == "load" || name == "wait" || name == "test" || isa<CXXConversionDecl>(method));
    access(self(), receiver_type, write, true, at);
    if (write && !c.args.empty() && c.args.back() && (name == "store" || op_kind == OO_Equal) &&
        (unit_.pointer_like(c.args[0]->getType()) || unit_.callable(c.args[0]->getType()))) {
      Path dest = self();
      Value v = value(c.args[0]);
      Op &op = add(OpKind::Assign, at);
      op.dest = dest;
      op.value = v;
    }
    return true;
  }
  case TypeKind::Container: {
    if (unit_.has_body(c.decl) && unit_.is_user(c.receiver_class)) return false; // a project's own class of that name
    Symbol container = unit_.name(c.receiver_class);
    bool reads = method->isConst() || is_observer(container.str(), op_kind == OO_Subscript ? "operator[]" : op_kind == OO_Star ? "operator*" : op_kind == OO_Arrow ? "operator->" : name);
    Path where = self();
    // Containers of threads: emplace_back starts one, clear() of jthreads joins.
    QualType element;
    if (auto *spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(c.receiver_class))
      if (spec->getTemplateArgs().size() && spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
        element = spec->getTemplateArgs()[0].getAsType();
    const TypeModel *inner = element.isNull() ? nullptr : unit_.type_model(element);
    access(where, receiver_type, !reads, false, at);
    for (unsigned i = 0; i < c.args.size() && i < method->getNumParams(); ++i) { // what is copied in is read
      const Expr *arg = c.args[i];
      if (arg->isLValue() && !isa<CXXDefaultArgExpr>(arg) && arg->getType()->isRecordType() && !unit_.callable(arg->getType())) {
        bool swaps = name == "swap" || name == "splice" || name == "merge";
        access(without_deref(path(arg)), arg->getType(), swaps, false, arg->getExprLoc());
      }
    }
    if (inner && (inner->kind == TypeKind::Thread || inner->kind == TypeKind::JThread || inner->kind == TypeKind::Future)) {
      if (name.starts_with("emplace") && !c.args.empty() && (unit_.callable(c.args[0]->getType()) || value(c.args[0]).function)) {
        spawn(call, c.args, SpawnKind::Thread, inner->kind == TypeKind::JThread ? "std::jthread" : "std::thread", where);
        return true;
      }
      if (name == "push_back" || name == "emplace_back" || name == "push" || name == "emplace" || name == "insert") {
        for (const Expr *arg : c.args) {
          Path from = without_deref(path(arg));
          if (!from.known()) continue;
          Op &op = add(OpKind::Move, at);
          op.path = from;
          op.dest = where;
        }
        return true;
      }
      if ((name == "clear" || name == "pop_back" || name == "resize") && inner->kind == TypeKind::JThread) {
        Op &op = add(OpKind::Join, at);
        op.path = where;
        op.api = Symbol("std::jthread::~jthread");
      }
      if (name == "swap" && c.args.size() == 1) {
        Path other = without_deref(path(c.args[0]));
        Op &op = add(OpKind::Move, at);
        op.path = other;
        op.dest = where;
        op.all = true;
      }
      return true;
    }
    if (!reads && (name.starts_with("push") || name.starts_with("emplace") || name.starts_with("insert") || name.starts_with("try_emplace") ||
                   name == "assign" || op_kind == OO_Equal))
      keep_callables(where, c, at);
    else
      callables(c, unit_.name(c.decl), at);
    return true;
  }
  case TypeKind::Pointer: {
    if (unit_.has_body(c.decl) && unit_.is_user(c.receiver_class)) return false;
    Path where = self();
    bool reads = method->isConst() || is_observer("", op_kind == OO_Star ? "operator*" : op_kind == OO_Arrow ? "operator->" : name);
    if (!type.trivial) access(where, receiver_type, !reads, false, at);
    if (op_kind == OO_Equal || name == "reset" || name == "emplace" || name == "swap") {
      QualType pointee;
      if (auto *spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(c.receiver_class))
        if (spec->getTemplateArgs().size() && spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
          pointee = spec->getTemplateArgs()[0].getAsType();
      if (!pointee.isNull() && name == "emplace")
        if (const TypeModel *inner = unit_.type_model(pointee); inner && inner->kind == TypeKind::Guard) return guard(call, c.args, *inner, where);
      if (type.owner && !pointee.isNull() && name != "swap" && !isa<CXXConstructorDecl>(decl_)) destroy(where, pointee, at);
      if (!where.known()) return true;
      Value v;
      if (c.args.empty() || name == "emplace") v.fresh = name == "emplace", v.truth = name == "emplace" ? Value::NonZero : Value::Zero;
      else v = value(c.args[0]);
      Op &op = add(OpKind::Assign, at);
      op.dest = where;
      op.value = v;
    }
    return true;
  }
  case TypeKind::Callable:
    if (op_kind == OO_Call) {
      access(self(), receiver_type, false, false, at);
      pointer_call(call, c);
      return true;
    }
    access(self(), receiver_type, !method->isConst(), false, at);
    if (op_kind == OO_Equal && c.args.size() == 1) {
      Path dest = self();
      Value v = value(c.args[0]);
      if (dest.known()) {
        Op &op = add(OpKind::Assign, at);
        op.dest = dest;
        op.value = v;
      }
    }
    return true;
  case TypeKind::Stream:
    if (name == "open" || name == "read" || name == "write" || name == "getline" || name == "get" || name == "flush" ||
        name == "readAll" || name == "readLine" || op_kind == OO_GreaterGreater || op_kind == OO_LessLess)
      block_op(BlockKind::FileIo, name.empty() ? "operator" : name);
    access(self(), receiver_type, !method->isConst(), false, at);
    return true;
  case TypeKind::WeakPointer:
  case TypeKind::Iterator:
  case TypeKind::Once:
  case TypeKind::Executor:
  case TypeKind::Pool:
    return !unit_.has_body(c.decl);
  }
  return false;
}

// ---- Construction of known types

bool Body::construct_model(const CXXConstructExpr *e, const TypeModel &type, const Path &dest) {
  llvm::ArrayRef<const Expr *> args(e->getArgs(), e->getNumArgs());
  const CXXConstructorDecl *constructor = e->getConstructor();
  bool copies = constructor->isCopyOrMoveConstructor() && !args.empty();
  switch (type.kind) {
  case TypeKind::Guard:
  case TypeKind::Thread:
  case TypeKind::JThread:
  case TypeKind::Future:
    if (args.empty()) return true;
    if (copies) {
      Path from = without_deref(path(args[0]));
      if (!from.known() || from == dest) return true;
      Op &op = add(OpKind::Move, e->getExprLoc());
      op.path = from;
      op.dest = dest;
      return true;
    }
    if (type.kind == TypeKind::Guard) return guard(e, args, type, dest);
    if (type.kind == TypeKind::Future) return true;
    spawn(e, args, SpawnKind::Thread, type.kind == TypeKind::JThread ? "std::jthread" : "std::thread", dest);
    return true;
  case TypeKind::Stream:
    if (!copies && !args.empty() && !isa<CXXDefaultArgExpr>(args[0])) {
      Op &op = add(OpKind::Block, e->getExprLoc());
      op.block = BlockKind::FileIo;
      op.api = unit_.name(constructor->getParent());
      op.path = dest;
    }
    return true;
  case TypeKind::Callable:
  case TypeKind::Pointer:
  case TypeKind::WeakPointer:
    if (copies) {
      Path from = without_deref(path(args[0]));
      QualType source = args[0]->getType();
      bool write = constructor->isMoveConstructor() && from.root != Root::Local;
      if (!type.trivial) access(from, source, write, false, args[0]->getExprLoc());
    }
    return true;
  case TypeKind::Container:
    for (const Expr *arg : args) {
      if (!arg->isGLValue() || isa<CXXDefaultArgExpr>(arg) || !arg->getType()->isRecordType() || unit_.callable(arg->getType())) continue;
      Path from = without_deref(path(arg));
      access(from, arg->getType(), copies && constructor->isMoveConstructor() && from.root != Root::Local, false, arg->getExprLoc());
    }
    return true;
  default:
    return true;
  }
}

} // namespace snarl
