// From Clang's CFG to blocks: elements in order, destructors, conditions.
#include "extract_body.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclTemplate.h"
#include "llvm/ADT/PostOrderIterator.h"

namespace snarl {

using namespace clang;

Body::Body(Unit &unit, Function &out, const clang::Decl *decl, const LambdaFrame *frame, bool named_contract)
    : unit_(unit), out_(out), context_(unit.context), decl_(decl), frame_(frame), named_contract_(named_contract) {
  if (auto *fn = dyn_cast<FunctionDecl>(decl)) {
    unsigned index = 0;
    for (const ParmVarDecl *param : fn->parameters()) {
      // References to a parameter go to the canonical declaration's or the definition's.
      params_[param] = index;
      params_[cast<ParmVarDecl>(param->getCanonicalDecl())] = index;
      ++index;
    }
  }
}

Op &Body::add(OpKind kind, SourceLocation at) {
  if (at_.isValid()) at = at_;
  Op &op = ops_->emplace_back();
  op.kind = kind;
  op.id = next_id_++;
  op.site = unit_.site(at);
  op.in_macro_of_system = unit_.in_system_macro(at);
  if (kind == OpKind::Access || kind == OpKind::Call || kind == OpKind::Acquire || kind == OpKind::Wait) {
    if (results_of_.size() <= op.id) results_of_.resize(op.id + 64);
    results_of_[op.id] = true;
  }
  op.in_try = handled_ && (kind == OpKind::Call || kind == OpKind::Throw);
  return op;
}

void Body::run(Stmt *body) {
  auto *fn = dyn_cast<FunctionDecl>(decl_);
  if (auto *coroutine = dyn_cast_or_null<CoroutineBodyStmt>(body)) {
    out_.is_coroutine = true;
    interesting_ = true;
    body = coroutine->getBody();
  }
  auto *constructor = dyn_cast<CXXConstructorDecl>(decl_);
  if (constructor)
    for (const CXXCtorInitializer *init : constructor->inits()) scan(init->getInit());
  scan(body);
  if (isa<CXXDestructorDecl>(decl_)) interesting_ = true;
  if (!interesting_) {
    out_.blocks.resize(1);
    return;
  }
  lifetimes(body);
  place_objects();
  if (constructor)
    for (const CXXCtorInitializer *init : constructor->inits()) {
      Path where;
      where.root = Root::This;
      if (const FieldDecl *member = init->getAnyMember()) where = field(where, member);
      place(init->getInit(), where);
    }
  blocks(body);
  forget_flags();
  // A parameter that changes is a local that starts as the parameter.
  if (fn && !out_.blocks.empty())
    for (const ParmVarDecl *param : fn->parameters()) {
      LocalInfo &info = local(param->getCanonicalDecl() ? cast<ParmVarDecl>(param->getCanonicalDecl()) : param);
      if (info.local < 0) continue;
      Op op;
      op.kind = OpKind::Assign;
      op.id = next_id_++;
      op.site = unit_.site(param->getLocation());
      op.dest.root = Root::Local;
      op.dest.index = info.local;
      op.value.path.root = Root::Param;
      op.value.path.index = params_[param];
      auto &ops = out_.blocks[out_.entry].ops;
      ops.insert(ops.begin(), op);
    }
  remarks();
  if (bounded_) ++unit_.facts.bounded;
  // A name like addLocked() promises that the caller holds the lock, unless the function takes it itself.
  auto takes = [&](const Path &lock) {
    for (const Block &block : out_.blocks)
      for (const Op &op : block.ops)
        if (op.kind == OpKind::Acquire && llvm::any_of(op.args, [&](const Value &v) { return v.path == lock; }))
          return true;
    return false;
  };
  if (out_.contracts.size() == 1 && named_contract_ && takes(out_.contracts[0].lock)) out_.contracts.clear();
}

void Body::run_initialiser(const VarDecl *var) {
  scan(var->getInit());
  ops_ = &out_.blocks[0].ops;
  next_id_ = ops_->size() + 1;
  Path where;
  where.root = Root::Variable;
  if (var->getType()->isRecordType()) {
    where.symbol = unit_.note(var);
    place(var->getInit(), where);
  }
  emit(var->getInit());
  where.symbol = unit_.usr(var);
  if (!var->getType()->isBooleanType() && !unit_.is_sync(var->getType()))
    store(where, var->getInit(), var->getLocation());
}

/// Ends in a call that does not return or in a throw. Unwinding runs the destructors that stand between here and the
/// handler, which the CFG does not show, so handlers are entered from the start of their try block instead.
static bool leaves_abnormally(const CFGBlock &block) {
  if (block.hasNoReturnElement()) return true;
  for (const CFGElement &e : block)
    if (auto statement = e.getAs<CFGStmt>(); statement && isa<CXXThrowExpr>(statement->getStmt())) return true;
  return false;
}

void Body::blocks(Stmt *body) {
  CFG::BuildOptions options;
  options.AddImplicitDtors = true;
  options.AddTemporaryDtors = true;
  options.AddInitializers = true;
  options.AddCXXDefaultInitExprInCtors = true;
  options.setAlwaysAdd(Stmt::CoawaitExprClass).setAlwaysAdd(Stmt::CoyieldExprClass);
  std::unique_ptr<CFG> cfg = CFG::buildCFG(decl_, body, &context_, options);
  if (!cfg && cast<DeclContext>(decl_)->isDependentContext()) {
    out_.blocks.resize(1);
    ops_ = &out_.blocks[0].ops;
    pattern(body);
    return;
  }
  if (!cfg || cfg->getNumBlockIDs() > unit_.options.max_blocks) {
    bounded_ = true;
    out_.blocks.resize(1);
    return;
  }
  for (const CFGBlock *block : *cfg)
    for (const CFGElement &e : *block)
      if (auto statement = e.getAs<CFGStmt>()) elements_.insert(statement->getStmt());

  // What cannot be reached is left out, but for handlers: a try block is left for them from its start.
  llvm::DenseMap<const CFGBlock *, unsigned> first, last;
  llvm::DenseMap<const Stmt *, const CFGBlock *> dispatch;
  std::vector<const CFGBlock *> order;
  llvm::DenseSet<const CFGBlock *> seen;
  auto reach = [&](const CFGBlock *start) {
    llvm::SmallVector<std::pair<const CFGBlock *, CFGBlock::const_succ_reverse_iterator>, 16> stack;
    std::vector<const CFGBlock *> post;
    if (!seen.insert(start).second) return;
    stack.push_back({start, start->succ_rbegin()}); // so that a loop's body comes before what follows the loop
    while (!stack.empty()) {
      auto &[block, it] = stack.back();
      if (it == block->succ_rend()) {
        post.push_back(block);
        stack.pop_back();
        continue;
      }
      const CFGBlock *next = (it++)->getReachableBlock();
      if (next && seen.insert(next).second) stack.push_back({next, next->succ_rbegin()});
    }
    order.insert(order.end(), post.rbegin(), post.rend());
  };
  reach(&cfg->getEntry());
  for (const CFGBlock *block : cfg->try_blocks()) {
    if (const Stmt *terminator = block->getTerminatorStmt()) dispatch[terminator] = block;
    reach(block);
  }
  if (seen.insert(&cfg->getExit()).second) order.push_back(&cfg->getExit());

  llvm::DenseMap<unsigned, const CXXTryStmt *> leaves; // output block -> try it enters at its end
  llvm::DenseSet<const CXXTryStmt *> entered;
  for (const CFGBlock *block : order) {
    first[block] = out_.blocks.size();
    out_.blocks.emplace_back();
    ops_ = &out_.blocks.back().ops;
    last_call_.clear();
    destroyed_.clear();
    enter_block(*block);
    for (const CFGElement &e : *block) {
      if (auto statement = e.getAs<CFGStmt>())
        if (const CXXTryStmt *now = in_try_.lookup(statement->getStmt()); now && entered.insert(now).second) {
          // The start of a try block: a new output block, and an edge to the handlers before it.
          leaves[out_.blocks.size() - 1] = now;
          out_.blocks.emplace_back();
          ops_ = &out_.blocks.back().ops;
        }
      if (auto statement = e.getAs<CFGStmt>()) handled_ = in_try_.lookup(statement->getStmt());
      element(e);
      if (next_id_ > unit_.options.max_ops) {
        bounded_ = true;
        out_.blocks.clear();
        out_.blocks.resize(1);
        return;
      }
    }
    last[block] = out_.blocks.size() - 1;
    branch(*block, out_.blocks.back());
  }
  for (const CFGBlock *block : order) {
    for (unsigned i = first[block]; i < last[block]; ++i) {
      out_.blocks[i].successors.push_back(i + 1);
      if (const CFGBlock *handlers = dispatch.lookup(leaves.lookup(i)))
        out_.blocks[i].successors.push_back(first[handlers]);
    }
    Block &end = out_.blocks[last[block]];
    if (leaves_abnormally(*block)) continue;
    for (const CFGBlock::AdjacentBlock &next : block->succs())
      if (const CFGBlock *reachable = next.getReachableBlock()) {
        // An exception that no handler matches leaves the function as one that nobody tried to catch.
        if (reachable == &cfg->getExit() && dispatch.count(block->getTerminatorStmt())) continue;
        end.successors.push_back(first[reachable]);
      }
    if (end.successors.size() != 2) end.branch = {};
  }
  out_.entry = first[&cfg->getEntry()];
  out_.exit = first[&cfg->getExit()];
  compact();
}

/// The body of a generic lambda that Clang makes no CFG of: one block, in the order in which it is written.
void Body::pattern(const Stmt *s, unsigned depth) {
  if (!s || depth > 100) return;
  if (isa<Expr, DeclStmt, ReturnStmt>(s)) {
    if (auto *binary = dyn_cast<BinaryOperator>(s);
        (binary && binary->isLogicalOp()) || isa<AbstractConditionalOperator>(s))
      for (const Stmt *child : s->children()) pattern(child, depth + 1);
    else
      emit(s);
    return;
  }
  for (const Stmt *child : s->children()) pattern(child, depth + 1);
  auto *scope = dyn_cast<CompoundStmt>(s);
  if (!scope) return;
  for (const Stmt *child : llvm::reverse(scope->body()))
    if (auto *declaration = dyn_cast<DeclStmt>(child))
      for (const clang::Decl *d : declaration->decls())
        if (auto *var = dyn_cast<VarDecl>(d); var && var->hasLocalStorage() && !var->getType()->isDependentType())
          destroy(local_path(var->getCanonicalDecl()), var->getType(), s->getEndLoc());
}

/// A test that leaves a loop waits for someone to change what is tested, so fields and variables tested there are no
/// flags anywhere in the function: taken as unchanging they would make the loop endless.
void Body::forget_flags() {
  std::vector<Block> &all = out_.blocks;
  auto others_may_change = [](const Branch &b) {
    return b.kind == Branch::Flag && (!b.path.steps.empty() || b.path.root == Root::Variable);
  };
  auto reaches = [&](uint32_t from, uint32_t to) {
    llvm::SmallVector<uint32_t, 16> stack{from};
    std::vector<bool> seen(all.size());
    while (!stack.empty()) {
      uint32_t at = stack.pop_back_val();
      if (at == to) return true;
      if (seen[at]) continue;
      seen[at] = true;
      stack.append(all[at].successors.begin(), all[at].successors.end());
    }
    return false;
  };
  std::vector<Path> awaited;
  unsigned searched = 0;
  for (uint32_t i = 0; i < all.size(); ++i) {
    if (!others_may_change(all[i].branch)) continue;
    bool leaves = ++searched > 100; // enough is enough: take them all for loop tests
    if (!leaves) leaves = reaches(all[i].successors[0], i) != reaches(all[i].successors[1], i);
    if (leaves) awaited.push_back(all[i].branch.path);
  }
  for (Block &block : all)
    if (others_may_change(block.branch) && llvm::is_contained(awaited, block.branch.path)) {
      Uses kept = std::move(block.branch.uses);
      block.branch = {};
      block.branch.uses = std::move(kept);
    }
}

/// Empty blocks with one successor carry nothing.
void Body::compact() {
  std::vector<Block> &all = out_.blocks;
  std::vector<uint32_t> target(all.size());
  for (uint32_t i = 0; i < all.size(); ++i) {
    uint32_t to = i;
    for (unsigned steps = 0; steps < 100 && to != out_.exit && all[to].ops.empty() && all[to].successors.size() == 1;
         ++steps)
      to = all[to].successors[0];
    target[i] = to;
  }
  std::vector<int64_t> renumbered(all.size(), -1);
  std::vector<uint32_t> kept;
  auto keep = [&](uint32_t i) {
    if (renumbered[i] >= 0) return;
    renumbered[i] = kept.size();
    kept.push_back(i);
  };
  keep(target[out_.entry]);
  for (size_t at = 0; at < kept.size(); ++at)
    for (uint32_t &to : all[kept[at]].successors) keep(to = target[to]);
  keep(out_.exit);
  std::vector<Block> blocks;
  for (uint32_t i : kept) {
    Block &block = blocks.emplace_back(std::move(all[i]));
    for (uint32_t &to : block.successors) to = renumbered[to];
    if (block.successors.size() == 2 && block.successors[0] == block.successors[1]) {
      block.successors.pop_back();
      block.branch = {};
    }
  }
  out_.entry = renumbered[target[out_.entry]];
  out_.exit = renumbered[out_.exit];
  all = std::move(blocks);
}

// ---- Elements

void Body::element(const CFGElement &e) {
  switch (e.getKind()) {
  case CFGElement::Statement:
  case CFGElement::Constructor:
  case CFGElement::CXXRecordTypedCall: {
    const Stmt *s = e.castAs<CFGStmt>().getStmt();
    if (silent_.contains(s)) return;
    lifetimes_before(s);
    evaluate(s);
    lifetimes_after(s);
    return;
  }
  case CFGElement::Initializer: {
    const CXXCtorInitializer *init = e.castAs<CFGInitializer>().getInitializer();
    Path where;
    where.root = Root::This;
    if (const FieldDecl *member = init->getAnyMember()) where = field(where, member);
    emit(init->getInit());
    if (init->isAnyMemberInitializer()) store(where, init->getInit(), init->getSourceLocation());
    return;
  }
  case CFGElement::AutomaticObjectDtor: {
    auto dtor = e.castAs<CFGAutomaticObjDtor>();
    const VarDecl *var = dtor.getVarDecl();
    QualType type = var->getType();
    if (type->isReferenceType() && var->getInit()) {
      const Expr *extended = var->getInit();
      if (auto *full = dyn_cast<ExprWithCleanups>(extended)) extended = full->getSubExpr();
      type = extended->getType();
      if (auto *temporary = dyn_cast<MaterializeTemporaryExpr>(extended)) type = temporary->getSubExpr()->getType();
    }
    Path where = local(var->getCanonicalDecl()).shared && !var->getType()->isReferenceType()
                     ? variable(var)
                     : local_path(var->getCanonicalDecl());
    // What was returned lives on in the caller.
    for (const Op &op : llvm::reverse(*ops_))
      if (op.kind == OpKind::Move && op.dest.root == Root::Return && op.path == where) return;
    // At the closing brace, or the return, that ends the scope.
    SourceLocation at = dtor.getTriggerStmt() ? dtor.getTriggerStmt()->getEndLoc() : var->getLocation();
    destroy(where, type, at);
    return;
  }
  case CFGElement::TemporaryDtor: {
    const CXXBindTemporaryExpr *bind = e.castAs<CFGTemporaryDtor>().getBindTemporaryExpr();
    // The operand of co_await is listed twice.
    if (silent_.contains(bind) || !destroyed_.insert(bind).second) return;
    auto it = places_.find(maker(bind));
    if (it != places_.end()) destroy(it->second, bind->getType(), bind->getEndLoc());
    return;
  }
  case CFGElement::MemberDtor: {
    const FieldDecl *member = e.castAs<CFGMemberDtor>().getFieldDecl();
    Path where;
    where.root = Root::This;
    destroy(field(where, member), member->getType(), decl_->getEndLoc());
    return;
  }
  case CFGElement::BaseDtor: {
    Path where;
    where.root = Root::This;
    destroy(where, e.castAs<CFGBaseDtor>().getBaseSpecifier()->getType(), decl_->getEndLoc());
    return;
  }
  case CFGElement::CleanupFunction: {
    const VarDecl *var = e.castAs<CFGCleanupFunction>().getVarDecl();
    const FunctionDecl *fn = e.castAs<CFGCleanupFunction>().getFunctionDecl();
    Value v;
    v.path = variable(var);
    v.borrowed = true;
    Op &op = add(OpKind::Call, var->getLocation());
    op.callee = unit_.usr(fn);
    op.callee_name = unit_.name(fn);
    op.args.push_back(v);
    return;
  }
  default: return;
  }
}

void Body::destroy(const Path &path, QualType type, SourceLocation at, unsigned depth) {
  if (depth > 5 || !path.known() || !unit_.ends_loudly(type)) return;
  while (const ArrayType *array = type->getAsArrayTypeUnsafe()) type = array->getElementType();
  const CXXRecordDecl *record = type->getAsCXXRecordDecl()->getDefinition();
  const TypeModel *model = unit_.type_model(record);
  if (model && model->kind == TypeKind::JThread) {
    Op &op = add(OpKind::Join, at);
    op.path = path;
    op.api = Symbol("std::jthread::~jthread");
    op.all = true; // also the end of the handle
    return;
  }
  if (model && (model->kind == TypeKind::Container || model->owner)) {
    auto *spec = dyn_cast<ClassTemplateSpecializationDecl>(record);
    if (!spec) return;
    for (const TemplateArgument &arg : spec->getTemplateArgs().asArray().take_front(2))
      if (arg.getKind() == TemplateArgument::Type) destroy(path, arg.getAsType(), at, depth + 1);
    return;
  }
  const CXXDestructorDecl *dtor = record->getDestructor();
  if (model || (dtor && unit_.has_body(dtor)) || record->hasAttr<ScopedLockableAttr>()) {
    Op &op = add(OpKind::Destroy, at);
    op.path = path;
    if (!model && dtor) {
      op.callee = unit_.usr(dtor);
      op.callee_name = unit_.name(dtor);
    }
    return;
  }
  llvm::SmallVector<const FieldDecl *, 8> fields(record->fields());
  for (const FieldDecl *member : llvm::reverse(fields)) destroy(field(path, member), member->getType(), at, depth + 1);
  for (const CXXBaseSpecifier &base : record->bases()) destroy(path, base.getType(), at, depth + 1);
}

// ---- Conditions

std::optional<uint32_t> Body::tested_operation(const Expr *e) {
  e = strip(e);
  if (auto *binary = dyn_cast<BinaryOperator>(e); binary && binary->getOpcode() == BO_Assign)
    e = strip(binary->getRHS());
  if (auto *ref = dyn_cast<DeclRefExpr>(e))
    if (auto *var = dyn_cast<VarDecl>(ref->getDecl()); var && !var->hasGlobalStorage()) {
      var = var->getCanonicalDecl();
      auto recent = last_call_.find(var);
      if (recent != last_call_.end()) return recent->second;
      const LocalInfo &info = local(var);
      if (!info.declared_here || info.shared) return std::nullopt;
      if (info.reassigned) {
        // lock = NULL; ... lock = take(); ... if (lock) give(lock), lock = NULL: not null only by that call
        auto values = assigned_[var];
        if (info.init) values.push_back(info.init);
        std::optional<uint32_t> only;
        for (const Expr *v : values) {
          if (v && truth(v) == Value::Zero) continue;
          auto made = v ? results_.find(maker(v)) : results_.end();
          if (made == results_.end() || only || zero_is_success_.contains(made->second)) return std::nullopt;
          only = made->second;
        }
        return only;
      }
      if (!info.init) return std::nullopt;
      e = maker(info.init);
    }
  auto it = results_.find(maker(e));
  if (it == results_.end()) return std::nullopt;
  return it->second;
}

/// `bool locked = false; ... locked = true; ... if (locked)`
bool Body::constant_switch(const VarDecl *var) {
  QualType type = var->getType();
  if (var->hasGlobalStorage() || isa<ParmVarDecl>(var) || !(type->isBooleanType() || type->isIntegerType()))
    return false;
  const LocalInfo &info = local(var);
  if (!info.declared_here || info.shared || !info.reassigned) return false;
  if (info.init && truth(info.init) == Value::Unknown) return false;
  return llvm::all_of(assigned_[var], [&](const Expr *v) { return v && truth(v) != Value::Unknown; });
}

/// Made of constants and of variables and fields that this function does not write.
bool Body::unchanging(const Expr *e, unsigned depth) {
  e = strip(e);
  if (depth > 6) return false;
  if (isa<IntegerLiteral, CharacterLiteral, CXXBoolLiteralExpr, CXXNullPtrLiteralExpr, GNUNullExpr, CXXThisExpr>(e))
    return true;
  auto fixed = [&](const ValueDecl *named) {
    if (isa<EnumConstantDecl>(named)) return true;
    if (!isa<VarDecl, FieldDecl>(named) || named->getType().isVolatileQualified()) return false;
    if (const TypeModel *model = unit_.type_model(named->getType()); model && model->kind != TypeKind::Pointer)
      return false;
    if (auto *var = dyn_cast<VarDecl>(named); var && !var->hasGlobalStorage() && !isa<ParmVarDecl>(var))
      if (const LocalInfo &info = local(var->getCanonicalDecl()); info.shared || info.reassigned) return false;
    return !written_.contains(cast<ValueDecl>(named->getCanonicalDecl()));
  };
  if (auto *ref = dyn_cast<DeclRefExpr>(e)) return fixed(ref->getDecl());
  if (auto *member = dyn_cast<MemberExpr>(e))
    return fixed(member->getMemberDecl()) && unchanging(member->getBase(), depth + 1);
  if (auto *unary = dyn_cast<UnaryOperator>(e))
    return !unary->isIncrementDecrementOp() && unary->getOpcode() != UO_Deref &&
           unchanging(unary->getSubExpr(), depth + 1);
  if (auto *binary = dyn_cast<BinaryOperator>(e))
    return !binary->isAssignmentOp() && unchanging(binary->getLHS(), depth + 1) &&
           unchanging(binary->getRHS(), depth + 1);
  if (auto *cast = dyn_cast<CastExpr>(e)) return unchanging(cast->getSubExpr(), depth + 1);
  return false;
}

bool Body::condition(const Expr *test, bool positive, Branch &out) {
  test = test->IgnoreParenImpCasts();
  if (auto *full = dyn_cast<FullExpr>(test)) return condition(full->getSubExpr(), positive, out);
  if (auto *unary = dyn_cast<UnaryOperator>(test); unary && unary->getOpcode() == UO_LNot)
    return condition(unary->getSubExpr(), !positive, out);
  if (auto *rewritten = dyn_cast<CXXRewrittenBinaryOperator>(test))
    return condition(rewritten->getSemanticForm(), positive, out);
  if (auto *binary = dyn_cast<BinaryOperator>(test); binary && binary->isEqualityOp()) {
    const Expr *left = binary->getLHS(), *right = binary->getRHS();
    if (truth(left) != Value::Unknown) std::swap(left, right);
    Value::Truth constant = truth(right);
    if (constant == Value::Unknown) {
      if (!locks_by_hand_ || !unchanging(test)) return false;
      out.kind = Branch::Flag;
      out.path.root = Root::Variable;
      out.path.symbol = Symbol("?" + out_.usr.str().str() + " " + text(left) + " == " + text(right));
      out.success_on_true = positive == (binary->getOpcode() == BO_EQ);
      return true;
    }
    bool equal = binary->getOpcode() == BO_EQ;
    // x == 0 is !x; x == true is x; x == 3 says nothing of x != 3
    if (constant == Value::Zero) return condition(left, positive != equal, out);
    if (isa<CXXBoolLiteralExpr>(strip(right))) return condition(left, positive == equal, out);
    auto op = tested_operation(left); // thrd_busy, EBUSY: unlike success
    if (!op || !(zero_is_success_.contains(*op) || minus_one_is_success_.contains(*op))) {
      if (!locks_by_hand_ || !unchanging(test)) return false;
      out.kind = Branch::Flag;
      out.path.root = Root::Variable;
      out.path.symbol = Symbol("?" + out_.usr.str().str() + " " + text(left) + " == " + text(right));
      out.success_on_true = positive == equal;
      return true;
    }
    out.kind = Branch::Result;
    out.op = *op;
    out.success_on_true = (positive == equal) == minus_one_is_success_.contains(*op);
    return true;
  }
  if (auto *binary = dyn_cast<BinaryOperator>(test); binary && binary->getOpcode() == BO_Comma)
    return condition(binary->getRHS(), positive, out);
  auto by_text = [&] {
    if (!locks_by_hand_ || !unchanging(test)) return false;
    out.kind = Branch::Flag;
    out.path.root = Root::Variable;
    out.path.symbol = Symbol("?" + out_.usr.str().str() + " " + text(test));
    out.success_on_true = positive;
    return true;
  };
  if (auto *binary = dyn_cast<BinaryOperator>(test); binary && binary->isRelationalOp()) {
    // rc < 0 of a call that returns zero for success
    auto op = tested_operation(binary->getLHS());
    if (!op || !zero_is_success_.contains(*op) || truth(binary->getRHS()) != Value::Zero) return by_text();
    if (binary->getOpcode() != BO_LT && binary->getOpcode() != BO_GT) return false;
    out.kind = Branch::Result;
    out.op = *op;
    out.success_on_true = !positive;
    return true;
  }
  // if (lk), lk.owns_lock()
  if (auto *call = dyn_cast<CXXMemberCallExpr>(strip(test))) {
    const CXXMethodDecl *method = call->getMethodDecl();
    const TypeModel *type = unit_.type_model(call->getImplicitObjectArgument()->getType()->isPointerType()
                                                 ? call->getImplicitObjectArgument()->getType()->getPointeeType()
                                                 : call->getImplicitObjectArgument()->getType());
    if (method && type && type->kind == TypeKind::Guard &&
        (isa<CXXConversionDecl>(method) || (method->getDeclName().isIdentifier() &&
                                            (method->getName() == "owns_lock" || method->getName() == "isLocked")))) {
      out.kind = Branch::Owns;
      out.path = path(call->getImplicitObjectArgument());
      out.success_on_true = positive;
      return out.path.known();
    }
    if (method && type && (type->kind == TypeKind::Thread || type->kind == TypeKind::JThread) &&
        simple_name(method) == "joinable") {
      out.kind = Branch::Owns;
      out.path = without_deref(path(call->getImplicitObjectArgument()));
      out.success_on_true = positive;
      return out.path.known();
    }
    // if (ptr) on a smart pointer
    if (method && isa<CXXConversionDecl>(method) && type && type->kind == TypeKind::Pointer)
      return condition(call->getImplicitObjectArgument(), positive, out);
  }
  if (auto op = tested_operation(test)) {
    out.kind = Branch::Result;
    out.op = *op;
    out.success_on_true = positive != zero_is_success_.contains(*op);
    return true;
  }
  const Expr *e = strip(test);
  QualType type = e->getType();
  if (!(type->isBooleanType() || type->isPointerType() || type->isIntegerType() || unit_.pointer_like(type)))
    return false;
  const ValueDecl *named = nullptr;
  if (auto *ref = dyn_cast<DeclRefExpr>(e)) named = ref->getDecl();
  if (auto *member = dyn_cast<MemberExpr>(e)) named = member->getMemberDecl();
  if (!named || !isa<VarDecl, FieldDecl>(named)) return by_text();
  if (const TypeModel *model = unit_.type_model(type); model && model->kind != TypeKind::Pointer) return false;
  auto *var = dyn_cast<VarDecl>(named);
  bool is_switch = var && constant_switch(var->getCanonicalDecl());
  if (written_.contains(cast<ValueDecl>(named->getCanonicalDecl())) && !is_switch) return false;
  Path tested = path(e);
  if (!tested.known() || tested.root == Root::Result) return false;
  if (!tested.steps.empty() && tested.steps.back().kind == PathStep::Index) return false;
  if (tested.root == Root::Local && !is_switch) // of a pointer that changes
    for (const auto &[var, info] : locals_)
      if (info.local == int(tested.index) && info.reassigned) return false;
  out.kind = Branch::Flag;
  out.path = tested;
  out.success_on_true = positive;
  return true;
}

void Body::branch(const CFGBlock &block, Block &out) {
  if (block.succ_size() != 2 || !block.getTerminatorStmt() || isa<CXXForRangeStmt>(block.getTerminatorStmt())) return;
  const Expr *test = block.getLastCondition();
  if (!test) return;
  Branch found;
  if (condition(test, true, found)) out.branch = found;
  out.branch.uses = uses(test);
  if (!out.branch.uses.empty()) tested_[block.getBlockID()] = out.branch.uses;
}

} // namespace snarl
