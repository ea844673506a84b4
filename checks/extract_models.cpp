// What models say of calls and constructions, made into operations. Locks, threads and blocking calls have files of
// their own; here are the dispatch, condition variables, semaphores, atomics, containers and smart pointers.
#include "extract_body.h"
#include "clang/AST/DeclTemplate.h"

namespace snarl {

using namespace clang;

/// Of an atomic operation that writes.
static Update update_by_name(llvm::StringRef name) {
  if (name.contains("compare_exchange") || name.contains("compare_and_swap") || name.starts_with("testAndSet"))
    return Update::Cas;
  for (llvm::StringRef plain : {"store", "storeRelaxed", "storeRelease", "clear", "init", "lock_release"})
    if (name.ends_with(plain)) return Update::None;
  return name.contains("_store") || name.contains("_clear") || name.contains("_init") ? Update::None : Update::Rmw;
}

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
    if (m.traits.is_lock) {
      bool recursive = made.traits.recursive;
      made.traits = m.traits;
      made.traits.recursive |= recursive;
    }
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
    if (m.how == How::Try) minus_one_is_success_.insert(op.id);
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
      } else if (auto *ref = dyn_cast<DeclRefExpr>(inner);
                 ref && recursive_.contains(ref->getDecl()->getCanonicalDecl())) {
        made.traits.recursive = true;
      } else if (simple_name(c.decl) == "mtx_init" && inner->getType()->isIntegerType() &&
                 inner->EvaluateAsInt(number, context_)) {
        made.traits.recursive = number.Val.getInt().getExtValue() & 1;
      }
    }
    Op &op = add(OpKind::LockInit, at);
    op.args.push_back(v);
    op.traits = made.traits;
    op.traits.is_lock = true;
    return true;
  }
  case CallKind::LockDestroy: {
    if (!arg(0)) return false;
    Op made;
    Value v = lock_value(arg(0), made);
    add(OpKind::LockDestroy, at).args.push_back(v);
    return true;
  }
  case CallKind::EndThread: add(OpKind::ThreadExit, at).api = unit_.name(c.decl); return true;
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
    if (name == "sigaction" && c.args.size() > 1) return signal_handlers(call, c.args[1]);
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
    if (kind == SpawnKind::EventLoop && c.receiver) kind = runs_on(call, c, kind);
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
    op.signature = awaited_condition(call, nullptr);
    fix_wait(call, op);
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
  case CallKind::InPlace: callables(c, unit_.name(c.decl), at); return true;
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
  case CallKind::Swap: {
    if (c.args.size() != 2) return true;
    for (const Expr *a : c.args) access(path(a), a->getType(), true, false, a->getExprLoc());
    QualType type = c.args[0]->getType();
    Path one = path(c.args[0]), two = path(c.args[1]);
    if (!one.known() || !two.known()) return true;
    bool flows = unit_.pointer_like(type) || unit_.callable(type);
    if (!flows && !unit_.ends_loudly(type)) return true;
    Value first = value(c.args[0]), second = value(c.args[1]);
    Op &op = add(flows ? OpKind::Assign : OpKind::Move, at);
    op.dest = one;
    if (flows)
      op.value = second;
    else
      op.path = two, op.all = true;
    if (flows) {
      Op &back = add(OpKind::Assign, at);
      back.dest = two;
      back.value = first;
    }
    return true;
  }
  case CallKind::MakeNew: {
    // make_unique<T>(...): T's constructor runs.
    auto *args = c.decl->getTemplateSpecializationArgs();
    if (args && args->size() && args->get(0).getKind() == TemplateArgument::Type)
      if (const TypeModel *made = unit_.type_model(args->get(0).getAsType());
          made &&
          (made->kind == TypeKind::Guard || made->kind == TypeKind::Thread || made->kind == TypeKind::JThread)) {
        auto placed = places_.find(call);
        return made_in_place(call, args->get(0).getAsType(), c.args,
                             placed == places_.end() ? fresh_local(call) : placed->second);
      }
    if (args && args->size() && args->get(0).getKind() == TemplateArgument::Type)
      if (const CXXRecordDecl *record = args->get(0).getAsType()->getAsCXXRecordDecl();
          record && record->getDefinition() && unit_.is_user(record)) {
        const CXXConstructorDecl *found = nullptr;
        unsigned count = 0;
        for (const CXXConstructorDecl *ctor : record->getDefinition()->ctors())
          if (unit_.has_body(ctor) && !ctor->isCopyOrMoveConstructor() &&
              ctor->getMinRequiredArguments() <= c.args.size() && c.args.size() <= ctor->getNumParams())
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
    atomic_access(where, type, m.write, m.write ? update_by_name(unit_.name(c.decl).str()) : Update::None, at);
    describe_atomic(call, m.write ? arg(1) : nullptr);
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
  case CallKind::Pure: return true;
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
  case TypeKind::Guard: return guard_call(call, c, type);
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
      bool timed =
          name.contains("_for") || name.contains("_until") || name.contains("Timeout") || name.contains("Deadline");
      unsigned at_predicate = timed ? 2 : 1;
      // condition_variable_any with a stop token: wait(lk, token, predicate)
      if (c.args.size() > at_predicate && c.args.back() != c.args[0]) predicate = value(c.args.back());
      int64_t timeout =
          timed && c.args.size() > 1 && name.contains("for") ? milliseconds(c.args[1], CallModel::Chrono) : kForever;
      Path condition = self();
      Op &op = add(OpKind::Wait, at);
      op.path = condition;
      op.args.push_back(lock);
      op.value = predicate;
      op.signature =
          awaited_condition(call, c.args.size() > at_predicate && c.args.back() != c.args[0] ? c.args.back() : nullptr);
      op.timeout_ms = timeout;
      op.how = timed ? How::Timed : How::Lock;
      if (!timed) fix_wait(call, op);
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
  case TypeKind::Future: return thread_call(call, c, type);
  case TypeKind::Promise:
    if (op_kind == OO_Call) {
      pointer_call(call, c);
      return true;
    }
    return true;
  case TypeKind::Semaphore:
    if (name == "acquire" || name == "wait" || name == "arrive_and_wait" || name == "WaitForNotification" ||
        name == "Wait" || name == "Block")
      block_op(BlockKind::ThreadWait, name);
    else if (name == "try_acquire_for" || name == "try_acquire_until") {
      block_op(BlockKind::ThreadWait, name);
      int64_t timeout =
          name == "try_acquire_for" && !c.args.empty() ? milliseconds(c.args[0], CallModel::Chrono) : kForever;
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
    Update update = Update::None;
    if (write && op_kind != OO_Equal) update = op_kind != OO_None ? Update::Rmw : update_by_name(name);
    atomic_access(self(), receiver_type, write, update, at);
    describe_atomic(call, write && !c.args.empty() ? c.args[0] : nullptr);
    if (write && update == Update::None && !c.args.empty() && !ops_->empty() && ops_->back().atomic)
      fix_update(call, c.receiver, c.args[0], ops_->back());
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
    bool reads = method->isConst() || is_observer(container.str(), op_kind == OO_Subscript ? "operator[]"
                                                                   : op_kind == OO_Star    ? "operator*"
                                                                   : op_kind == OO_Arrow   ? "operator->"
                                                                                           : name);
    Path where = self();
    // Containers of threads: emplace_back starts one, clear() of jthreads joins.
    QualType element;
    if (auto *spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(c.receiver_class))
      if (spec->getTemplateArgs().size() && spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
        element = spec->getTemplateArgs()[0].getAsType();
    const TypeModel *inner = element.isNull() ? nullptr : unit_.type_model(element);
    uint32_t first = next_id_;
    access(where, receiver_type, !reads, false, at);
    if (next_id_ != first && !reads) ops_->back().api = op_kind == OO_Subscript ? Symbol("operator[]") : Symbol(name);
    for (unsigned i = 0; i < c.args.size() && i < method->getNumParams(); ++i) { // what is copied in is read
      const Expr *arg = c.args[i];
      if (arg->isLValue() && !isa<CXXDefaultArgExpr>(arg) && arg->getType()->isRecordType() &&
          !unit_.callable(arg->getType())) {
        bool swaps = name == "swap" || name == "splice" || name == "merge";
        access(arg, swaps, arg->getExprLoc());
      }
    }
    if (inner &&
        (inner->kind == TypeKind::Thread || inner->kind == TypeKind::JThread || inner->kind == TypeKind::Future)) {
      if (name.starts_with("emplace") && !c.args.empty() &&
          (unit_.callable(c.args[0]->getType()) || value(c.args[0]).function)) {
        spawn(call, c.args, SpawnKind::Thread, inner->kind == TypeKind::JThread ? "std::jthread" : "std::thread",
              where);
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
    if (!reads && (name.starts_with("push") || name.starts_with("emplace") || name.starts_with("insert") ||
                   name.starts_with("try_emplace") || name == "assign" || op_kind == OO_Equal))
      keep_callables(where, c, at);
    else
      callables(c, unit_.name(c.decl), at);
    return true;
  }
  case TypeKind::Pointer: {
    if (unit_.has_body(c.decl) && unit_.is_user(c.receiver_class)) return false;
    Path where = self();
    bool reads = method->isConst() || is_observer("", op_kind == OO_Star    ? "operator*"
                                                      : op_kind == OO_Arrow ? "operator->"
                                                                            : name);
    if (!type.trivial && !own_copy(c.receiver)) access(where, receiver_type, !reads, false, at);
    if (op_kind == OO_Equal || name == "reset" || name == "emplace" || name == "swap") {
      QualType pointee;
      if (auto *spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(c.receiver_class))
        if (spec->getTemplateArgs().size() && spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
          pointee = spec->getTemplateArgs()[0].getAsType();
      if (!pointee.isNull() && name == "emplace" && made_in_place(call, pointee, c.args, where)) return true;
      if (type.owner && !pointee.isNull() && name != "swap" && !isa<CXXConstructorDecl>(decl_))
        destroy(where, pointee, at);
      if (!where.known()) return true;
      Value v;
      if (c.args.empty() || name == "emplace")
        v.fresh = name == "emplace", v.truth = name == "emplace" ? Value::NonZero : Value::Zero;
      else
        v = value(c.args[0]);
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
  case TypeKind::Pool: return !unit_.has_body(c.decl);
  }
  return false;
}

// ---- Construction of known types

/// An optional that is made with a guard in it: optional<unique_lock>(in_place, m), optional<lock_guard>(m).
bool Body::holds_guard(const CXXConstructExpr *e) {
  const TypeModel *type = unit_.type_model(e->getType());
  auto *spec = dyn_cast<ClassTemplateSpecializationDecl>(e->getConstructor()->getParent());
  if (!type || !type->owner || e->getNumArgs() == 0 || !spec || spec->getTemplateArgs().size() == 0) return false;
  const TemplateArgument &inner = spec->getTemplateArgs()[0];
  const TypeModel *held = inner.getKind() == TemplateArgument::Type ? unit_.type_model(inner.getAsType()) : nullptr;
  if (!held || held->kind != TypeKind::Guard) return false;
  const CXXRecordDecl *first = e->getArg(0)->getType().getNonReferenceType()->getAsCXXRecordDecl();
  return (first && first->getName() == "in_place_t") || unit_.lock_traits(e->getArg(0)->getType()).is_lock;
}

/// A guard or thread made by emplace, make_unique or in_place from these arguments.
bool Body::made_in_place(const Expr *at, QualType type, llvm::ArrayRef<const Expr *> args, const Path &dest) {
  const TypeModel *model = unit_.type_model(type);
  if (!model || !dest.known()) return false;
  if (model->kind == TypeKind::Guard) return guard(at, args, *model, dest);
  if (model->kind != TypeKind::Thread && model->kind != TypeKind::JThread) return false;
  spawn(at, args, SpawnKind::Thread, model->kind == TypeKind::JThread ? "std::jthread" : "std::thread", dest);
  return true;
}

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
    if (type.owner && !copies && !args.empty() &&
        dest.known()) { // optional<unique_lock>(in_place, m), (unique_lock(m))
      auto *spec = dyn_cast<ClassTemplateSpecializationDecl>(constructor->getParent());
      QualType inner =
          spec && spec->getTemplateArgs().size() && spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type
              ? spec->getTemplateArgs()[0].getAsType()
              : QualType();
      const CXXRecordDecl *first = args[0]->getType()->getAsCXXRecordDecl();
      if (holds_guard(e)) stored_.insert(e);
      if (first && first->getName() == "in_place_t" && !inner.isNull()) {
        made_in_place(e, inner, args.drop_front(), dest);
      } else if (holds_guard(e)) {
        made_in_place(e, inner, args, dest);
      } else if (first && !inner.isNull() && unit_.ends_loudly(inner)) {
        Path from = without_deref(path(args[0]));
        if (from.known() && !(from == dest)) {
          Op &op = add(OpKind::Move, e->getExprLoc());
          op.path = from;
          op.dest = dest;
        }
      }
      return true;
    }
    if (copies) {
      Path from = without_deref(path(args[0]));
      bool write = constructor->isMoveConstructor() && from.root != Root::Local;
      if (!type.trivial) access(args[0], write, args[0]->getExprLoc());
    }
    return true;
  case TypeKind::Container:
    for (const Expr *arg : args) {
      if (!arg->isGLValue() || isa<CXXDefaultArgExpr>(arg) || !arg->getType()->isRecordType() ||
          unit_.callable(arg->getType()))
        continue;
      Path from = without_deref(path(arg));
      access(arg, copies && constructor->isMoveConstructor() && from.root != Root::Local, arg->getExprLoc());
    }
    return true;
  default: return true;
  }
}

} // namespace snarl
