// Callables handed to an event loop, a pool or a future. Libraries are many and their names few: a class that is called
// a loop or a reactor runs what is posted to it on its one thread, a pool or an executor on threads of its own, and a
// future runs its continuations where they must not block. A body that is in sight has the last word: what it only
// calls is run in place, before it returns.
#include "extract_body.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "llvm/ADT/StringExtras.h"

namespace snarl {

using namespace clang;

/// "runInLoop" and "run_in_loop": run, in, loop.
static llvm::SmallVector<std::string, 4> words(llvm::StringRef name) {
  llvm::SmallVector<std::string, 4> out;
  bool upper = true; // the character before was one
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    bool starts = llvm::isUpper(c) && (!upper || (i + 1 < name.size() && llvm::isLower(name[i + 1])));
    if (c == '_' || out.empty() || starts) out.emplace_back();
    if (llvm::isAlnum(c)) out.back() += llvm::toLower(c);
    upper = llvm::isUpper(c);
  }
  llvm::erase_if(out, [](const std::string &word) { return word.empty(); });
  return out;
}

enum class Runner { None, Loop, Dispatcher, Pool, Future };

static Runner runner(llvm::StringRef type) {
  auto parts = words(type);
  if (parts.empty()) return Runner::None;
  auto has = [&](llvm::StringRef word) { return llvm::is_contained(parts, word); };
  std::string whole = llvm::join(parts, "");
  llvm::StringRef name = whole, last = parts.back();
  if (has("pool") || has("threadpool") || last == "executor" || last == "worker" || last == "workers" ||
      last == "threadpool")
    return Runner::Pool;
  if (last == "loop" || has("reactor") || has("proactor") || name.contains("eventloop") || name.contains("runloop") ||
      name.contains("ioservice") || name.contains("iocontext") || name.contains("eventbase") ||
      name.contains("mainloop"))
    return Runner::Loop;
  if (last == "dispatcher") return Runner::Dispatcher;
  if (last == "future" || last == "promise") return Runner::Future;
  return Runner::None;
}

/// Whether a method of that name keeps its callable for later.
static bool takes(Runner runner, llvm::StringRef method) {
  auto parts = words(method);
  if (parts.empty()) return false;
  std::string whole = llvm::join(parts, "");
  llvm::StringRef name = whole, first = parts[0];
  auto starts = [&](std::initializer_list<llvm::StringRef> list) {
    return llvm::any_of(list, [&](llvm::StringRef word) { return name.starts_with(word); });
  };
  static const std::initializer_list<llvm::StringRef> later = {"post",     "defer",    "dispatch",   "queue",
                                                               "enqueue",  "callsoon", "calllater",  "callat",
                                                               "schedule", "nexttick", "invokelater"};
  switch (runner) {
  case Runner::None: return false;
  case Runner::Dispatcher: return starts(later);
  case Runner::Loop:
    return starts(later) || first == "on" || first == "async" ||
           starts({"runin",       "runat",       "runafter",     "runevery",   "runonce", "runlater", "addtimer",
                   "addcallback", "addreader",   "addwriter",    "addhandler", "addfd",   "addevent", "addtask",
                   "settimeout",  "setinterval", "setimmediate", "submit",     "execute", "spawn",    "watch"});
  case Runner::Pool:
    return starts(later) || starts({"submit", "execute", "async", "spawn", "add", "push", "run", "start"});
  case Runner::Future:
    return name == "then" || name == "finally" ||
           starts({"thenvalue", "thentry", "thenerror", "thenwrapped", "handleexception", "oncomplete"});
  }
  return false;
}

namespace {

/// What a function does with one of its parameters, as far as its body says.
struct Uses : RecursiveASTVisitor<Uses> {
  const ParmVarDecl *param;
  unsigned calls = 0, others = 0;
  explicit Uses(const ParmVarDecl *param) : param(param) {}

  bool is_param(const Expr *e) const {
    e = e ? strip(e) : nullptr;
    if (auto *call = dyn_cast_or_null<CallExpr>(e); call && call->getNumArgs() == 1) // std::forward<F>(f)
      if (const FunctionDecl *fn = call->getDirectCallee(); fn && fn->isInStdNamespace()) e = strip(call->getArg(0));
    auto *ref = dyn_cast_or_null<DeclRefExpr>(e);
    return ref && ref->getDecl()->getCanonicalDecl() == param->getCanonicalDecl();
  }
  bool called(bool yes) {
    calls += yes;
    others -= yes; // its reference is counted there
    return true;
  }
  bool VisitDeclRefExpr(DeclRefExpr *e) {
    others += is_param(e);
    return true;
  }
  bool VisitCallExpr(CallExpr *e) {
    const FunctionDecl *fn = e->getDirectCallee();
    bool method = isa_and_nonnull<CXXMethodDecl>(fn);
    if (auto *op = dyn_cast<CXXOperatorCallExpr>(e))
      return called(op->getOperator() == OO_Call && is_param(e->getArg(0)));
    if (auto *member = dyn_cast<CXXMemberCallExpr>(e)) {
      const Expr *object = member->getImplicitObjectArgument();
      if (isa_and_nonnull<CXXConversionDecl>(fn) && is_param(object)) --others; // if (f)
      return true;
    }
    if (is_param(e->getCallee())) return called(true);
    // A library's algorithm or std::invoke runs it.
    llvm::StringRef name = fn ? simple_name(fn) : "";
    if (fn && !method && fn->isInStdNamespace() && name != "move" && name != "forward" && name != "bind")
      for (const Expr *arg : e->arguments())
        if (is_param(arg)) called(true);
    return true;
  }
  bool TraverseLambdaExpr(LambdaExpr *e) { // what a closure does with it is done later
    for (Expr *init : e->capture_inits()) TraverseStmt(init);
    return true;
  }
};

} // namespace

/// Whether the function is seen to call its argument and to do nothing else with it.
static bool runs_in_place(const FunctionDecl *fn, unsigned arg) {
  const FunctionDecl *definition = nullptr;
  if (!fn->hasBody(definition) || definition->hasSkippedBody() || arg >= definition->getNumParams()) return false;
  Uses uses(definition->getParamDecl(arg));
  uses.TraverseStmt(definition->getBody());
  return uses.calls && int(uses.others) <= 0;
}

/// A future's continuation runs on the executor that is named with it: then(pool, f), via(pool).then(f).
SpawnKind Body::runs_on(const Expr *call, const Callee &c, SpawnKind otherwise) {
  auto pool = [&](const Expr *e) {
    QualType type = strip(e)->getType().getNonReferenceType();
    if (type->isPointerType()) type = type->getPointeeType();
    if (auto *unary = dyn_cast<UnaryOperator>(strip(e)); unary && unary->getOpcode() == UO_AddrOf)
      type = unary->getSubExpr()->getType();
    const CXXRecordDecl *record = type->getAsCXXRecordDecl();
    if (!record) return false;
    if (const TypeModel *model = unit_.type_model(record)) return model->kind == TypeKind::Pool;
    return record->getDeclName().isIdentifier() && runner(record->getName()) == Runner::Pool;
  };
  for (const Expr *arg : c.args)
    if (pool(arg)) return SpawnKind::Pool;
  for (unsigned depth = 0; call && depth < 20; ++depth) {
    auto *member = dyn_cast<CXXMemberCallExpr>(maker(call));
    if (!member) break;
    const FunctionDecl *fn = member->getMethodDecl();
    if (fn && (simple_name(fn) == "via" || simple_name(fn) == "on" || simple_name(fn) == "schedule_on"))
      return llvm::any_of(member->arguments(), pool) ? SpawnKind::Pool : otherwise;
    call = member->getImplicitObjectArgument();
  }
  return otherwise;
}

/// True if there is nothing more to say of the call.
bool Body::hand_over(const Expr *call, const Callee &c) {
  auto *method = dyn_cast<CXXMethodDecl>(c.decl);
  llvm::StringRef name = simple_name(c.decl);
  if (name.empty()) return false;
  // The runner is the receiver, or what a free function is given first: loop.post(f), post(loop, f).
  llvm::SmallVector<const CXXRecordDecl *, 2> classes;
  if (method)
    classes = {c.receiver_class, method->getParent()};
  else if (!c.args.empty() && !c.decl->isInStdNamespace())
    classes = {strip(c.args[0])->getType().getNonReferenceType()->getAsCXXRecordDecl()};
  Runner found = Runner::None;
  for (const CXXRecordDecl *record : classes) {
    if (!record || !record->getDeclName().isIdentifier() || record->isInStdNamespace()) continue;
    llvm::StringRef whole = unit_.name(record).str();
    if (whole.starts_with("boost::") || whole.starts_with("std::") || record->getName().starts_with("Q")) continue;
    if (found == Runner::None) found = runner(record->getName());
    // What is begun asynchronously ends in a handler on the loop, whatever the class that begins it is called.
    if (found == Runner::None && method && name.starts_with("async_") && !c.decl->hasBody()) found = Runner::Loop;
  }
  if (!takes(found, name)) return false;
  SpawnKind kind = found == Runner::Pool ? SpawnKind::Pool : SpawnKind::EventLoop;
  if (found == Runner::Future) kind = runs_on(call, c, kind);
  bool handed = false;
  for (unsigned i = 0; i < c.args.size(); ++i) {
    const Expr *arg = c.args[i];
    if (isa<CXXDefaultArgExpr>(arg)) continue;
    // A callable class of the program's own, made from a closure.
    if (auto *made = dyn_cast<CXXConstructExpr>(maker(arg));
        made && made->getNumArgs() == 1 && !unit_.callable(arg->getType()))
      if (unit_.callable(maker(made->getArg(0))->getType()) || value(made->getArg(0)).function) arg = made->getArg(0);
    if (!unit_.callable(arg->getType()) && !value(arg).function) continue;
    if (runs_in_place(c.decl, i)) return false;
    llvm::SmallVector<const Expr *, 4> args{arg};
    if (strip(arg)->getType()->isMemberFunctionPointerType()) args.append(c.args.begin() + i + 1, c.args.end());
    spawn(call, args, kind, unit_.name(c.decl).str(), Path());
    handed = true;
    if (args.size() > 1) break;
  }
  return handed && !unit_.has_body(c.decl);
}

} // namespace snarl
