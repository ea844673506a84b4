// What one look at a guard shows: it has no name, is a variable by mistake, guards nothing, or nothing is done under
// it. The statements are noted while the body is scanned and become Remark operations when all paths are known.
#include "extract_body.h"
#include "clang/Basic/SourceManager.h"

namespace snarl {

using namespace clang;

/// The call that a statement consists of, as the name of what is called; empty if it is none.
static llvm::StringRef called(const Stmt *s) {
  auto *e = dyn_cast_or_null<Expr>(s);
  auto *call = e ? dyn_cast<CallExpr>(strip(e)) : nullptr;
  const FunctionDecl *fn = call ? call->getDirectCallee() : nullptr;
  return fn ? simple_name(fn) : llvm::StringRef();
}

static bool wakes(llvm::StringRef name) {
  for (llvm::StringRef part : {"notify", "signal", "broadcast", "wake", "Signal", "Notify"})
    if (name.contains(part)) return true;
  return false;
}

/// Somebody explained it: a comment from the line above to the end of the last line.
static bool explained(const SourceManager &sources, SourceLocation from, SourceLocation to) {
  from = sources.getExpansionLoc(from);
  to = sources.getExpansionLoc(to);
  auto [file, begin] = sources.getDecomposedLoc(from);
  auto [last_file, end] = sources.getDecomposedLoc(to);
  if (file != last_file || end < begin) return true;
  llvm::StringRef text = sources.getBufferData(file);
  llvm::StringRef before = text.take_front(begin);
  before = before.take_front(std::min(before.rfind('\n'), before.size()));
  llvm::StringRef above = before.rsplit('\n').second;
  if (above.trim().starts_with("//") || above.trim().ends_with("*/")) return true;
  llvm::StringRef lines = text.slice(before.size(), text.find('\n', end));
  return lines.contains("//") || lines.contains("/*");
}

const TypeModel *Body::guard_model(QualType type) {
  if (type.isNull() || type->isDependentType()) return nullptr;
  const TypeModel *model = unit_.type_model(type);
  return model && model->kind == TypeKind::Guard ? model : nullptr;
}

static bool has_tag(Unit &unit, const CXXConstructExpr *made, llvm::StringRef tag) {
  for (const Expr *arg : made->arguments())
    if (const CXXRecordDecl *record = arg->getType().getNonReferenceType()->getAsCXXRecordDecl();
        record && unit.name(record).str().ends_with(tag))
      return true;
  return false;
}

void Body::suspect_guard(const VarDecl *var) {
  if (in_lambda_ || var->hasGlobalStorage() || !var->getType()->isRecordType() || !guard_model(var->getType())) return;
  if (const TypeSourceInfo *written = var->getTypeSourceInfo())
    if (written->getTypeLoc().getAs<ParenTypeLoc>()) {
      suspects_.push_back({var, nullptr, Remark::GuardIsVariable});
      return;
    }
  auto *made = dyn_cast_or_null<CXXConstructExpr>(var->getInit() ? maker(var->getInit()) : nullptr);
  if (!made || made->isElidable()) return;
  const CXXRecordDecl *record = var->getType()->getAsCXXRecordDecl();
  auto *fn = dyn_cast<FunctionDecl>(decl_);
  if (made->getNumArgs() == 0 && record->getName() == "scoped_lock" && !(fn && fn->isTemplateInstantiation()))
    suspects_.push_back({var, nullptr, Remark::EmptyGuard});
  if (made->getNumArgs() && !has_tag(unit_, made, "::defer_lock_t"))
    if (auto *ref = dyn_cast<DeclRefExpr>(strip(made->getArg(0))))
      if (auto *mutex = dyn_cast<VarDecl>(ref->getDecl());
          mutex && mutex->isLocalVarDecl() && !mutex->hasGlobalStorage() && !mutex->getType()->isReferenceType())
        if (const TypeModel *lock = unit_.type_model(mutex->getType()); lock && lock->kind == TypeKind::Lock)
          suspects_.push_back({var, mutex, Remark::LocalMutex});
}

/// `{ std::lock_guard g(mu); }`
static const VarDecl *only_guard(const CompoundStmt *block) {
  if (block->size() != 1) return nullptr;
  auto *declaration = dyn_cast<DeclStmt>(block->body_front());
  return declaration && declaration->isSingleDecl() ? dyn_cast<VarDecl>(declaration->getSingleDecl()) : nullptr;
}

void Body::suspect_guards(const CompoundStmt *block) {
  if (in_lambda_ || block->body_empty()) return;
  std::vector<const Stmt *> body(block->body_begin(), block->body_end());
  auto wakes_after = [&](size_t i) {
    for (; i < body.size(); ++i)
      if (wakes(called(body[i]))) return true;
    return false;
  };
  bool quiet = isa<CXXDestructorDecl>(decl_);
  for (size_t i = 0; i < body.size(); ++i) {
    if (auto *e = dyn_cast<Expr>(body[i])) {
      const Expr *m = maker(e);
      QualType type = m->getType();
      if (type.isNull() || !type->isRecordType()) {
        llvm::StringRef first = called(e), second = i + 1 < body.size() ? called(body[i + 1]) : llvm::StringRef();
        auto pair = [&] {
          if (first == "lock" || first == "lock_shared") return second == first.str().insert(first.find("lock"), "un");
          return first.ends_with("_lock") && second == (first.drop_back(4) + "unlock").str();
        };
        if (!quiet && !first.empty() && !second.empty() && pair() && !wakes_after(i + 2))
          suspects_.push_back({e, body[i + 1], Remark::EmptySection});
        continue;
      }
      auto *made = dyn_cast<CXXConstructExpr>(m);
      bool guard = guard_model(type) && (made ? made->getNumArgs() > 0 && !has_tag(unit_, made, "::adopt_lock_t") &&
                                                    !has_tag(unit_, made, "::defer_lock_t")
                                              : isa<CallExpr>(m) && m->isPRValue());
      // A guard of the program's own: its constructor tells.
      const CXXRecordDecl *record = type->getAsCXXRecordDecl();
      bool own = made && !guard && made->getNumArgs() && unit_.has_body(made->getConstructor()) &&
                 record->getDestructor() && unit_.has_body(record->getDestructor()) &&
                 !made->getConstructor()->isCopyOrMoveConstructor();
      if (guard || own) suspects_.push_back({e, nullptr, Remark::TemporaryGuard});
      continue;
    }
    auto *inner = dyn_cast<CompoundStmt>(body[i]);
    const VarDecl *alone = inner ? only_guard(inner) : nullptr;
    if (!quiet && alone && alone->getInit() && guard_model(alone->getType()) && !wakes_after(i + 1))
      if (auto *made = dyn_cast<CXXConstructExpr>(maker(alone->getInit()));
          made && made->getNumArgs() == 1 && !made->getConstructor()->isCopyOrMoveConstructor())
        suspects_.push_back({inner, nullptr, Remark::EmptySection});
  }
}

void Body::fix_with_name(Op &op, SourceLocation before) {
  if (before.isInvalid() || before.isMacroID()) return;
  for (const char *name : {"guard", "lock"}) {
    bool used = llvm::any_of(locals_, [&](const auto &l) { return l.first->getName() == name; }) ||
                llvm::any_of(out_.params, [&](const Param &p) { return p.name.str() == name; });
    if (used) continue;
    op.fix = Symbol((" " + llvm::Twine(name)).str());
    op.fix_begin = op.fix_end = unit_.site(before);
    return;
  }
}

/// Turns what was noted into operations; they stand at the entry, for nothing depends on their order.
void Body::remarks() {
  if (suspects_.empty() || out_.blocks.empty()) return;
  ops_ = &out_.blocks[out_.entry].ops;
  for (const Suspect &s : suspects_) {
    if (auto *e = s.what.dyn_cast<const Stmt *>(); e && s.kind == Remark::TemporaryGuard) {
      const Expr *m = maker(cast<Expr>(e));
      auto *made = dyn_cast<CXXConstructExpr>(m);
      Op op = add(OpKind::Remark, m->getBeginLoc());
      ops_->pop_back();
      op.remark = s.kind;
      op.api = unit_.name(m->getType()->getAsCXXRecordDecl());
      if (made && made->getNumArgs()) op.path = without_deref(path(made->getArg(0)));
      if (made && !guard_model(m->getType())) op.callee = unit_.usr(made->getConstructor());
      SourceLocation before;
      if (auto *temporary = dyn_cast<CXXTemporaryObjectExpr>(m))
        before = temporary->getParenOrBraceRange().getBegin();
      else if (made)
        before = made->getParenOrBraceRange().getBegin();
      fix_with_name(op, before);
      ops_->push_back(std::move(op));
    } else if (e) { // an empty section
      const Stmt *last = s.other ? s.other.dyn_cast<const Stmt *>() : e;
      if (explained(unit_.sources, e->getBeginLoc(), last->getEndLoc())) continue;
      auto *block = dyn_cast<CompoundStmt>(e);
      const Expr *lock = nullptr;
      if (block)
        lock = cast<CXXConstructExpr>(maker(only_guard(block)->getInit()))->getArg(0);
      else if (auto *call = dyn_cast<CXXMemberCallExpr>(strip(cast<Expr>(e))))
        lock = call->getImplicitObjectArgument();
      else if (auto *call = dyn_cast<CallExpr>(strip(cast<Expr>(e))); call && call->getNumArgs())
        lock = call->getArg(0);
      if (!lock || e->getBeginLoc().isMacroID()) continue;
      if (!block) { // both of the same lock
        const Expr *other = nullptr;
        if (auto *call = dyn_cast<CXXMemberCallExpr>(strip(cast<Expr>(last))))
          other = call->getImplicitObjectArgument();
        else if (auto *call = dyn_cast<CallExpr>(strip(cast<Expr>(last))); call && call->getNumArgs())
          other = call->getArg(0);
        if (!other || !(path(lock) == path(other))) continue;
      }
      Path named = without_deref(path(lock));
      Op &op = add(OpKind::Remark, block ? only_guard(block)->getLocation() : e->getBeginLoc());
      op.remark = s.kind;
      op.path = named;
    } else if (auto *var = s.what.dyn_cast<const VarDecl *>()) {
      const VarDecl *mutex = s.other.dyn_cast<const VarDecl *>();
      if (mutex && local(mutex->getCanonicalDecl()).shared) continue;
      Path named = mutex ? variable(mutex) : Path();
      if (mutex && named.root != Root::Local) continue;
      Op op = add(OpKind::Remark, var->getLocation());
      ops_->pop_back();
      op.remark = s.kind;
      op.path = named;
      op.dest = local_path(var->getCanonicalDecl());
      op.api = Symbol(var->getName());
      if (s.kind == Remark::GuardIsVariable)
        fix_with_name(op, var->getTypeSourceInfo()->getTypeLoc().getAs<ParenTypeLoc>().getLParenLoc());
      ops_->push_back(std::move(op));
    }
  }
}

} // namespace snarl
