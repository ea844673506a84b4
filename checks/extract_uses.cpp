// Data dependence inside one function: on the results of which operations a value, a condition or a written value
// depends. Expressions are followed down to the operations they made, locals to whatever was put into them so far. The
// blocks are visited in reverse post-order, so what a variable gets later in a loop is not seen: dependence over the
// back edge is of no interest to the rules. A constant that is assigned in one arm of a branch depends on its
// condition.
#include "extract_body.h"

namespace snarl {

using namespace clang;

static constexpr unsigned kMaxUses = 12;   ///< of one value
static constexpr unsigned kMaxNodes = 400; ///< of one expression looked at

static void add_use(Body::Uses &uses, uint32_t id) {
  auto at = llvm::lower_bound(uses, id);
  if ((at == uses.end() || *at != id) && uses.size() < kMaxUses) uses.insert(at, id);
}

static void add_uses(Body::Uses &uses, llvm::ArrayRef<uint32_t> others) {
  for (uint32_t id : others) add_use(uses, id);
}

/// The local variable that an expression is, or is a part of.
static const VarDecl *whole_local(const Expr *e) {
  for (e = e ? strip(e) : nullptr; e;) {
    if (auto *member = dyn_cast<MemberExpr>(e)) {
      if (member->isArrow()) return nullptr;
      e = strip(member->getBase());
    } else if (auto *subscript = dyn_cast<ArraySubscriptExpr>(e)) {
      e = strip(subscript->getBase());
      if (!e->getType()->isArrayType()) return nullptr;
    } else {
      break;
    }
  }
  auto *ref = dyn_cast_or_null<DeclRefExpr>(e);
  auto *var = ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr;
  return var && !var->hasGlobalStorage() ? var->getCanonicalDecl() : nullptr;
}

bool Body::has_result(uint32_t id) const {
  return id < results_of_.size() && results_of_[id];
}

void Body::collect_uses(const Stmt *s, Uses &uses, unsigned &budget) const {
  if (!s || budget == 0 || uses.size() >= kMaxUses || isa<LambdaExpr, UnaryExprOrTypeTraitExpr>(s)) return;
  --budget;
  if (auto made = made_.find(s); made != made_.end())
    for (uint32_t id = made->second.first; id < made->second.second; ++id)
      if (has_result(id)) add_use(uses, id);
  if (auto *ref = dyn_cast<DeclRefExpr>(s)) {
    const ValueDecl *named = ref->getDecl();
    if (auto *binding = dyn_cast<BindingDecl>(named)) named = cast<ValueDecl>(binding->getDecomposedDecl());
    if (auto *var = dyn_cast_or_null<VarDecl>(named))
      if (auto known = depends_.find(var->getCanonicalDecl()); known != depends_.end()) add_uses(uses, known->second);
    return;
  }
  if (auto *opaque = dyn_cast<OpaqueValueExpr>(s)) return collect_uses(opaque->getSourceExpr(), uses, budget);
  for (const Stmt *child : s->children()) collect_uses(child, uses, budget);
}

Body::Uses Body::uses(const Stmt *s) const {
  Uses uses;
  unsigned budget = kMaxNodes;
  if (!made_.empty() || !depends_.empty()) collect_uses(s, uses, budget);
  return uses;
}

void Body::depend(const VarDecl *var, const Uses &on, bool also) {
  Uses all = on;
  add_uses(all, control_);
  Uses &known = depends_[var];
  // A second value in the same block replaces the first.
  if (also || assigned_in_[var] != cfg_block_) add_uses(all, known);
  assigned_in_[var] = cfg_block_;
  known = std::move(all);
}

void Body::depends_by_assignment(const BinaryOperator *assignment, uint32_t first) {
  Uses on = uses(assignment->getRHS());
  if (const VarDecl *var = whole_local(assignment->getLHS()))
    depend(var, on, assignment->isCompoundAssignmentOp() || !isa<DeclRefExpr>(strip(assignment->getLHS())));
  if (next_id_ != first && ops_->back().kind == OpKind::Access && ops_->back().write) ops_->back().uses = on;
}

/// After a statement has been evaluated: its operations are those from number `first`.
void Body::made(const Stmt *s, uint32_t first) {
  bool value = isa<CallExpr, CXXConstructExpr, AtomicExpr, CoroutineSuspendExpr, CompoundAssignOperator>(s);
  if (auto *cast = dyn_cast<CastExpr>(s)) value = cast->getCastKind() == CK_LValueToRValue;
  if (auto *unary = dyn_cast<UnaryOperator>(s)) value = unary->isIncrementDecrementOp();
  if (value && next_id_ != first) made_[s] = {first, next_id_};
  // What a call is given.
  llvm::SmallVector<const Expr *, 6> args;
  const FunctionDecl *fn = nullptr;
  const Expr *assigned = nullptr;
  unsigned skipped = 0;
  if (auto *call = dyn_cast<CallExpr>(s)) {
    args.append(call->arg_begin(), call->arg_end());
    fn = call->getDirectCallee();
    auto *op = dyn_cast<CXXOperatorCallExpr>(call);
    if (op && isa_and_nonnull<CXXMethodDecl>(fn)) skipped = 1;
    if (op && op->isAssignmentOp() && !args.empty()) assigned = args[0];
  } else if (auto *construct = dyn_cast<CXXConstructExpr>(s)) {
    args.append(construct->arg_begin(), construct->arg_end());
    fn = construct->getConstructor();
  } else if (auto *atomic = dyn_cast<AtomicExpr>(s)) {
    auto parts = atomic->children();
    for (const Stmt *part : parts)
      if (auto *e = dyn_cast_or_null<Expr>(part); e && e != atomic->getPtr()) args.push_back(e);
  } else {
    return;
  }
  Uses given;
  for (const Expr *arg : llvm::ArrayRef(args).drop_front(std::min<size_t>(skipped, args.size())))
    add_uses(given, uses(arg));
  if (assigned && args.size() > 1)
    if (const VarDecl *var = whole_local(assigned))
      depend(var, given, cast<CXXOperatorCallExpr>(s)->getOperator() != OO_Equal);
  if (next_id_ == first) return;
  Uses receiver;
  if (auto *member = dyn_cast<CXXMemberCallExpr>(s)) receiver = uses(member->getImplicitObjectArgument());
  for (Op &op : *ops_) {
    if (op.id < first || !((op.kind == OpKind::Access && op.write) || op.kind == OpKind::Call)) continue;
    for (uint32_t id : given)
      if (id < op.id) add_use(op.uses, id);
    if (op.kind != OpKind::Call) continue;
    for (uint32_t id : receiver)
      if (id < op.id) add_use(op.uses, id);
  }
  // What is filled in through a pointer or reference: lookup(key, &found).
  if (!fn) return;
  for (unsigned i = 0; i + skipped < args.size() && i < fn->getNumParams(); ++i) {
    const Expr *arg = strip(args[i + skipped]);
    QualType type = fn->getParamDecl(i)->getType();
    const VarDecl *filled = nullptr;
    if (auto *address = dyn_cast<UnaryOperator>(arg);
        address && address->getOpcode() == UO_AddrOf && type->isPointerType())
      filled = type->getPointeeType().isConstQualified() ? nullptr : whole_local(address->getSubExpr());
    else if (type->isLValueReferenceType() && !type->getPointeeType().isConstQualified())
      filled = whole_local(arg);
    if (!filled) continue;
    Uses on;
    for (uint32_t id = first; id < next_id_; ++id)
      if (has_result(id)) add_use(on, id);
    depend(filled, on, true);
  }
}

void Body::enter_block(const CFGBlock &block) {
  cfg_block_ = block.getBlockID();
  control_.clear();
  if (block.pred_size() != 1) return;
  const CFGBlock *before = block.pred_begin()->getReachableBlock();
  if (!before) return;
  auto known = before->succ_size() == 2 ? tested_.find(before->getBlockID()) : controls_.find(before->getBlockID());
  auto end = before->succ_size() == 2 ? tested_.end() : controls_.end();
  if (known == end) return;
  control_ = known->second;
  controls_[cfg_block_] = control_;
}

} // namespace snarl
