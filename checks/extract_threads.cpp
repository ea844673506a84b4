// What starts, joins and detaches threads of control.
#include "extract_body.h"
#include "clang/AST/DeclTemplate.h"

namespace snarl {

using namespace clang;

void Body::spawn(const Expr *at, llvm::ArrayRef<const Expr *> args, SpawnKind kind, llvm::StringRef api,
                 const Path &dest) {
  llvm::SmallVector<const Expr *, 6> rest;
  for (const Expr *arg : args) {
    const CXXRecordDecl *record = arg->getType().getNonReferenceType()->getAsCXXRecordDecl();
    llvm::StringRef type = record ? unit_.name(record).str() : "";
    if (isa<CXXDefaultArgExpr>(arg) || type == "std::stop_token" || type.ends_with("allocator_arg_t")) continue;
    if (arg->getType()->isEnumeralType() && rest.empty()) continue; // std::launch
    rest.push_back(arg);
  }
  if (rest.empty()) return;
  if (auto *choice = dyn_cast<AbstractConditionalOperator>(strip(rest[0]))) { // i % 2 ? writer : reader
    for (const Expr *arm : {choice->getTrueExpr(), choice->getFalseExpr()}) {
      llvm::SmallVector<const Expr *, 6> one(rest);
      one[0] = arm;
      spawn(at, one, kind, api, dest);
    }
    return;
  }
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

// ---- asio, standalone or boost's: the same names with and without a completion handler

bool Body::asio_call(const Expr *call, const Callee &c) {
  const DeclContext *outer = c.decl->getDeclContext();
  bool asio = false;
  for (; outer && !outer->isTranslationUnit(); outer = outer->getParent())
    if (auto *ns = dyn_cast<NamespaceDecl>(outer)) asio |= ns->getName() == "asio";
  llvm::StringRef name = simple_name(c.decl);
  if (!asio || name.empty()) return false;
  const Expr *handler = nullptr;
  bool awaits = false;
  for (const Expr *arg : c.args) {
    if (unit_.callable(arg->getType()) || value(arg).function) handler = arg;
    const CXXRecordDecl *record = arg->getType().getNonReferenceType()->getAsCXXRecordDecl();
    awaits |= record && unit_.name(record).str().contains("awaitable_t");
  }
  if (name.starts_with("async_") || name == "co_spawn") {
    if (!handler) return false;
    spawn(call, handler, SpawnKind::EventLoop, unit_.name(c.decl).str(), Path());
    return true;
  }
  static constexpr llvm::StringLiteral kBlocking[] = {
      "connect", "accept", "receive", "receive_from", "send",       "send_to", "read_some", "write_some",  "handshake",
      "resolve", "wait",   "read",    "write",        "read_until", "read_at", "write_at",  "read_some_at"};
  if (handler || awaits || !llvm::is_contained(kBlocking, name)) return false;
  const Expr *object = c.receiver ? c.receiver : c.args.empty() ? nullptr : c.args[0];
  if (!object) return false;
  const Expr *named = strip(object);
  const clang::Decl *decl = nullptr;
  if (auto *ref = dyn_cast<DeclRefExpr>(named)) decl = ref->getDecl();
  if (auto *member = dyn_cast<MemberExpr>(named)) decl = member->getMemberDecl();
  if (decl && nonblocking_.contains(decl->getCanonicalDecl())) return false;
  const CXXRecordDecl *record = named->getType().getNonReferenceType()->getAsCXXRecordDecl();
  bool timer = record && record->getName().contains("timer");
  Path where = without_deref(path(object));
  Op &op = add(OpKind::Block, call->getExprLoc());
  op.block = name == "resolve" ? BlockKind::NameLookup : timer ? BlockKind::Sleep : BlockKind::Socket;
  op.api = unit_.name(c.decl);
  op.path = where;
  return false;
}

} // namespace snarl
