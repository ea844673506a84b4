// What expressions name: access paths and values. Nothing is emitted here.
#include "extract_body.h"
#include "clang/AST/DeclTemplate.h"

namespace snarl {

using namespace clang;

static constexpr unsigned kMaxDepth = 40; ///< of nested expressions looked through

const Expr *strip(const Expr *e) {
  while (e) {
    const Expr *before = e;
    e = e->IgnoreParens();
    if (auto *cast = dyn_cast<CastExpr>(e)) {
      if (cast->getCastKind() == CK_UserDefinedConversion || cast->getCastKind() == CK_ConstructorConversion) {
        if (!isa<ImplicitCastExpr>(cast) && !isa<CXXFunctionalCastExpr>(cast) && !isa<CXXStaticCastExpr>(cast))
          return e;
      }
      e = cast->getSubExpr();
    } else if (auto *full = dyn_cast<FullExpr>(e)) {
      e = full->getSubExpr();
    } else if (auto *temporary = dyn_cast<MaterializeTemporaryExpr>(e)) {
      e = temporary->getSubExpr();
    } else if (auto *bind = dyn_cast<CXXBindTemporaryExpr>(e)) {
      e = bind->getSubExpr();
    } else if (auto *arg = dyn_cast<CXXDefaultArgExpr>(e)) {
      e = arg->getExpr();
    } else if (auto *init = dyn_cast<CXXDefaultInitExpr>(e)) {
      e = init->getExpr();
    } else if (auto *opaque = dyn_cast<OpaqueValueExpr>(e)) {
      if (!opaque->getSourceExpr()) return e;
      e = opaque->getSourceExpr();
    } else if (auto *subst = dyn_cast<SubstNonTypeTemplateParmExpr>(e)) {
      e = subst->getReplacement();
    } else if (auto *generic = dyn_cast<GenericSelectionExpr>(e)) {
      if (generic->isResultDependent()) return e;
      e = generic->getResultExpr();
    } else if (auto *rewritten = dyn_cast<CXXRewrittenBinaryOperator>(e)) {
      e = rewritten->getSemanticForm();
    }
    if (e == before) return e;
  }
  return e;
}

const Expr *maker(const Expr *e) {
  e = strip(e);
  // A copy that is not made: the object is made by the inner expression.
  while (auto *construct = dyn_cast_or_null<CXXConstructExpr>(e)) {
    if (!construct->isElidable() || construct->getNumArgs() == 0) break;
    e = strip(construct->getArg(0));
  }
  if (auto *list = dyn_cast_or_null<InitListExpr>(e); list && list->isTransparent()) return maker(list->getInit(0));
  return e;
}

static bool is_copy(const CXXConstructExpr *e) {
  return e->getNumArgs() >= 1 && e->getConstructor()->isCopyOrMoveConstructor();
}

Path without_deref(Path path) {
  if (!path.steps.empty() && path.steps.back().kind == PathStep::Deref) path.steps.pop_back();
  return path;
}

llvm::StringRef simple_name(const FunctionDecl *fn) {
  return fn->getDeclName().isIdentifier() ? fn->getName() : llvm::StringRef();
}

std::string Body::text(const Expr *e) const {
  std::string out;
  llvm::raw_string_ostream stream(out);
  strip(e)->printPretty(stream, nullptr, context_.getPrintingPolicy());
  if (out.size() > 60) out.resize(60);
  return out;
}

Path Body::field(Path base, const ValueDecl *member) {
  base = without_deref(std::move(base));
  if (!base.known()) return base;
  auto *fd = dyn_cast<FieldDecl>(member);
  if (fd && fd->isAnonymousStructOrUnion()) return base;
  if (unit_.is_system(member->getLocation())) return base; // pair::first and the like: part of the object
  base = extended(std::move(base), PathStep::Field, unit_.note(member));
  if (!base.known()) bounded_ = true;
  return base;
}

Path Body::index(Path base, const Expr *subscript) {
  base = without_deref(std::move(base));
  if (!base.known()) return base;
  return extended(std::move(base), PathStep::Index, Symbol(subscript ? text(subscript) : "*"));
}

Path Body::new_local(llvm::StringRef name, QualType type) {
  Path path;
  path.root = Root::Local;
  path.index = out_.locals.size();
  snarl::Local entry;
  entry.name = Symbol(name);
  entry.type = unit_.type_text(type);
  entry.by_value = !type->isReferenceType() && !type->isPointerType();
  if (const TypeModel *model = unit_.type_model(type); model && entry.by_value)
    entry.by_value = !(model->kind == TypeKind::Iterator || (model->kind == TypeKind::Pointer && !model->owner));
  entry.record = unit_.record_of(type);
  out_.locals.push_back(entry);
  return path;
}

Path Body::local_path(const VarDecl *var) {
  int index = local(var).local;
  if (index < 0) {
    Path path = new_local(var->getName(), var->getType());
    local(var).local = path.index;
    out_.locals.back().outermost = outermost_.contains(var);
    return path;
  }
  Path path;
  path.root = Root::Local;
  path.index = index;
  return path;
}

Path Body::fresh_local(const Expr *temporary) {
  auto it = places_.find(temporary);
  if (it != places_.end()) return it->second;
  Path path = new_local("temporary", temporary->getType());
  places_[temporary] = path;
  return path;
}

Path Body::variable(const ValueDecl *decl, unsigned depth) {
  Path path;
  if (depth > kMaxDepth) {
    bounded_ = true;
    return path;
  }
  if (auto *binding = dyn_cast<BindingDecl>(decl)) {
    if (const VarDecl *holder = binding->getHoldingVar()) return variable(holder, depth + 1);
    return binding->getBinding() ? this->path(binding->getBinding(), depth + 1) : path;
  }
  auto *var = dyn_cast<VarDecl>(decl);
  if (!var) return path;
  var = var->getCanonicalDecl();
  if (frame_) {
    auto slot = frame_->slots.find(var);
    if (slot != frame_->slots.end()) {
      path.root = Root::Capture;
      path.index = slot->second;
      return path;
    }
  }
  if (var->hasGlobalStorage() && unit_.is_system(var->getLocation())) return path; // std::cout, stdin, errno
  auto as_variable = [&] {
    path.root = Root::Variable;
    path.symbol = unit_.note(var);
    return path;
  };
  if (var->hasGlobalStorage()) return as_variable();
  if (auto *param = dyn_cast<ParmVarDecl>(var)) {
    auto it = params_.find(param);
    if (it == params_.end()) return as_variable(); // of an enclosing function
    const LocalInfo &info = local(param);
    if (info.shared) return as_variable();
    if (info.reassigned && unit_.pointer_like(param->getType()) && !param->getType()->isReferenceType())
      return local_path(param);
    path.root = Root::Param;
    path.index = it->second;
    return path;
  }
  LocalInfo &info = local(var);
  if (!info.declared_here) return as_variable();
  QualType type = var->getType();
  bool pointer = unit_.pointer_like(type);
  if (pointer && !info.resolved && !info.resolving && (!info.reassigned || type->isReferenceType())) {
    info.resolving = true;
    std::optional<Path> alias;
    if (auto range = range_of_.find(var); range != range_of_.end()) {
      Path whole = this->path(range->second, depth + 1);
      if (whole.known()) alias = index(std::move(whole), nullptr);
    } else if (var->getInit()) {
      const Expr *made = maker(var->getInit());
      bool by_call = made && (isa<CallExpr>(made) || isa<CXXNewExpr>(made) || isa<CoawaitExpr>(made));
      Path bound = this->path(var->getInit(), depth + 1);
      // A call's result has this variable as its destination.
      if (by_call && bound.root == Root::Result) bound = {};
      if (bound.known() && !(bound.root == Root::Local && info.local >= 0 && bound.index == unsigned(info.local)))
        alias = type->isReferenceType() ? bound : without_deref(bound);
      // The first element of a list that is taken off it is not what the head names afterwards.
      if (alias && !type->isReferenceType())
        for (const PathStep &step : alias->steps)
          if (step.kind == PathStep::Field && written_fields_.contains(step.symbol)) {
            alias.reset();
            break;
          }
    }
    LocalInfo &again = local(var); // the map may have grown
    again.resolving = false;
    again.resolved = true;
    again.alias = alias;
  }
  LocalInfo &final_info = local(var);
  if (final_info.alias) return *final_info.alias;
  if (final_info.shared && !type->isReferenceType()) return as_variable();
  return local_path(var);
}

Path Body::path(const Expr *e, unsigned depth) {
  Path none;
  if (!e || depth > kMaxDepth) return none;
  // Temporaries with a place of their own.
  for (const Expr *inner = e; inner; inner = nullptr) {
    auto it = places_.find(maker(inner));
    if (it != places_.end()) return it->second;
  }
  e = strip(e);
  if (auto *ref = dyn_cast<DeclRefExpr>(e)) return variable(ref->getDecl(), depth + 1);
  if (isa<CXXThisExpr>(e)) {
    none.root = Root::This;
    return none;
  }
  if (auto *member = dyn_cast<MemberExpr>(e)) {
    if (isa<VarDecl>(member->getMemberDecl())) return variable(member->getMemberDecl(), depth + 1);
    if (!isa<FieldDecl>(member->getMemberDecl())) return none;
    return field(path(member->getBase(), depth + 1), member->getMemberDecl());
  }
  if (auto *unary = dyn_cast<UnaryOperator>(e)) {
    switch (unary->getOpcode()) {
    case UO_Deref: {
      Path base = path(unary->getSubExpr(), depth + 1);
      if (!base.known() || base.root == Root::This) return base;
      return extended(without_deref(std::move(base)), PathStep::Deref);
    }
    case UO_AddrOf: return without_deref(path(unary->getSubExpr(), depth + 1));
    case UO_PreInc:
    case UO_PreDec:
    case UO_PostInc:
    case UO_PostDec:
    case UO_Extension:
    case UO_Plus: return path(unary->getSubExpr(), depth + 1);
    default: return none;
    }
  }
  if (auto *subscript = dyn_cast<ArraySubscriptExpr>(e))
    return index(path(subscript->getBase(), depth + 1), subscript->getIdx());
  if (auto *binary = dyn_cast<BinaryOperator>(e)) {
    if (binary->getOpcode() == BO_Comma) return path(binary->getRHS(), depth + 1);
    if (binary->isAssignmentOp()) return path(binary->getLHS(), depth + 1);
    if (binary->isAdditiveOp() && binary->getType()->isPointerType())
      return path(binary->getLHS()->getType()->isPointerType() ? binary->getLHS() : binary->getRHS(), depth + 1);
    return none;
  }
  if (auto *choice = dyn_cast<AbstractConditionalOperator>(e)) {
    Path yes = path(choice->getTrueExpr(), depth + 1), no = path(choice->getFalseExpr(), depth + 1);
    if (yes == no || truth(choice->getFalseExpr()) == Value::Zero) return yes;
    return truth(choice->getTrueExpr()) == Value::Zero ? no : none;
  }
  if (auto *call = dyn_cast<CallExpr>(e)) return call_path(call, depth + 1);
  if (auto *construct = dyn_cast<CXXConstructExpr>(e)) {
    if (construct->getNumArgs() == 1 && (is_copy(construct) || unit_.pointer_like(construct->getType())) &&
        !holds_guard(construct))
      return path(construct->getArg(0), depth + 1);
    return none;
  }
  if (auto *list = dyn_cast<InitListExpr>(e))
    return list->getNumInits() == 1 ? path(list->getInit(0), depth + 1) : none;
  if (auto *atomic = dyn_cast<AtomicExpr>(e)) return path(atomic->getPtr(), depth + 1);
  if (auto *wait = dyn_cast<CoroutineSuspendExpr>(e))
    return wait->getResumeExpr() ? path(wait->getResumeExpr(), depth + 1) : none;
  return none;
}

Path Body::call_path(const CallExpr *call, unsigned depth) {
  Path none;
  Callee c = callee(call);
  auto result = [&] {
    auto it = results_.find(call);
    if (it == results_.end()) return none;
    Path path;
    path.root = Root::Result;
    path.index = it->second;
    return path;
  };
  if (!c.decl) return result();
  if (const CallModel *model = unit_.call_model(c.decl, c.receiver_class))
    if (model->kind == CallKind::Forward && !c.args.empty()) {
      Path path = this->path(c.args[0], depth + 1);
      return path;
    }
  if (!c.receiver) return result();
  auto *conversion = dyn_cast<CXXConversionDecl>(c.decl);
  const TypeModel *type = unit_.type_model(c.receiver_type);
  if (!type) return result();
  llvm::StringRef method = c.decl->getDeclName().isIdentifier() ? c.decl->getName() : "";
  OverloadedOperatorKind op = c.decl->getOverloadedOperator();
  auto receiver = [&] { return path(c.receiver, depth + 1); };
  switch (type->kind) {
  case TypeKind::Pointer:
  case TypeKind::WeakPointer:
  case TypeKind::Iterator:
    if (op == OO_Star) {
      Path p = receiver();
      return p.known() && !p.steps.empty() && p.steps.back().kind == PathStep::Index ? p : extended(p, PathStep::Deref);
    }
    if (op == OO_Subscript && !c.args.empty()) return index(receiver(), c.args[0]);
    if (op == OO_Arrow || op == OO_PlusPlus || op == OO_MinusMinus || op == OO_Plus || op == OO_Equal ||
        method == "get" || method == "value" || method == "lock" || method == "release" || method == "base" ||
        conversion || op == OO_Minus)
      return receiver();
    if (method == "begin" || method == "end" || method == "front" || method == "back")
      return index(receiver(), nullptr);
    return none;
  case TypeKind::Atomic:
    if (method == "load" || method == "exchange" || conversion) return receiver();
    return none;
  case TypeKind::Container:
    if ((op == OO_Subscript || method == "at") && !c.args.empty()) return index(receiver(), c.args[0]);
    if (method == "find" && !c.args.empty()) return index(receiver(), c.args[0]);
    if (method == "front" || method == "back" || method == "top" || method == "begin" || method == "end" ||
        method == "data" || method == "cbegin" || method == "rbegin" || method == "lower_bound" ||
        method == "upper_bound" || method == "c_str" || method == "emplace_back" || method == "emplace_front" ||
        method == "emplace" || method == "try_emplace" || method == "insert" || method == "equal_range" ||
        method == "insert_or_assign" || method == "erase")
      return index(receiver(), nullptr);
    if (op == OO_Equal || op == OO_PlusEqual) return receiver();
    return none;
  default: return result();
  }
}

Value::Truth Body::truth(const Expr *e) {
  e = e ? strip(e) : nullptr;
  if (!e) return Value::Unknown;
  if (isa<CXXNullPtrLiteralExpr>(e) || isa<GNUNullExpr>(e)) return Value::Zero;
  if (auto *boolean = dyn_cast<CXXBoolLiteralExpr>(e)) return boolean->getValue() ? Value::NonZero : Value::Zero;
  if (auto *number = dyn_cast<IntegerLiteral>(e)) return number->getValue() == 0 ? Value::Zero : Value::NonZero;
  if (auto *ref = dyn_cast<DeclRefExpr>(e); ref && isa<EnumConstantDecl>(ref->getDecl()))
    return cast<EnumConstantDecl>(ref->getDecl())->getInitVal() == 0 ? Value::Zero : Value::NonZero;
  if (auto *unary = dyn_cast<UnaryOperator>(e); unary && unary->getOpcode() == UO_Minus)
    return truth(unary->getSubExpr());
  if (auto *unary = dyn_cast<UnaryOperator>(e); unary && unary->getOpcode() == UO_LNot) {
    Value::Truth inner = truth(unary->getSubExpr());
    return inner == Value::Unknown ? inner : inner == Value::Zero ? Value::NonZero : Value::Zero;
  }
  if (isa<CXXNewExpr>(e)) return Value::NonZero;
  return Value::Unknown;
}

/// The function that runs when a closure is called.
static const FunctionDecl *closure_function(const CXXRecordDecl *closure) {
  const CXXMethodDecl *op = closure->getLambdaCallOperator();
  if (!op) return nullptr;
  if (const FunctionTemplateDecl *generic = op->getDescribedFunctionTemplate()) {
    for (const FunctionDecl *spec : generic->specializations())
      if (spec->hasBody()) return spec;
    return op->hasBody() ? op : nullptr; // handed to a library function whose body is not there: the pattern
  }
  return op;
}

Value Body::value(const Expr *e, unsigned depth) {
  Value v;
  if (!e || depth > kMaxDepth) return v;
  const Expr *inner = maker(e);
  if (inner->getType().isNull()) return v; // (a, b) in a pattern: not known yet what it makes
  v.truth = truth(inner);
  v.moved = inner->isXValue();
  if (auto *construct = dyn_cast<CXXConstructExpr>(inner)) {
    bool holder = unit_.callable(construct->getType()) || unit_.pointer_like(construct->getType());
    if (construct->getNumArgs() >= 1 && (is_copy(construct) || holder)) {
      Value from = value(construct->getArg(0), depth + 1);
      from.moved |= construct->getConstructor()->isMoveConstructor() || strip(construct->getArg(0))->isXValue();
      auto place = places_.find(construct);
      if (place != places_.end() && !unit_.pointer_like(construct->getType()) && !from.function)
        from.path = place->second;
      return from;
    }
    if (construct->getNumArgs() == 0 && unit_.pointer_like(construct->getType())) v.truth = Value::Zero;
  }
  if (auto *call = dyn_cast<CallExpr>(inner)) {
    Callee c = callee(call);
    const CallModel *model = c.decl ? unit_.call_model(c.decl, c.receiver_class) : nullptr;
    if (model && model->kind == CallKind::Forward && !c.args.empty()) {
      Value from = value(c.args[0], depth + 1);
      from.moved |= c.decl->getDeclName().isIdentifier() && c.decl->getName() == "move";
      return from;
    }
    if (model && model->kind == CallKind::MakeNew) v.fresh = true;
    if (model && model->kind == CallKind::Bind && !c.args.empty()) {
      v = value(c.args[0], depth + 1);
      for (const Expr *arg : llvm::ArrayRef(c.args).drop_front()) {
        QualType type = arg->getType().getNonReferenceType();
        if (const CXXRecordDecl *record = type->getAsCXXRecordDecl();
            record && unit_.name(record).str().contains("_Placeholder"))
          continue;
        v.bound.push_back(without_deref(path(arg, depth + 1)));
      }
      v.path = {};
      return v;
    }
    if (model && model->kind == CallKind::Exchange && c.args.size() >= 1) {
      v = value(c.args[0], depth + 1);
      v.truth = Value::Unknown;
      v.moved = true;
      return v;
    }
    // A closure turned into a function pointer.
    if (c.receiver && isa_and_nonnull<CXXConversionDecl>(c.decl) && c.receiver_class && c.receiver_class->isLambda())
      return value(c.receiver, depth + 1);
  }
  if (isa<CXXNewExpr>(inner)) v.fresh = true;
  if (auto *unary = dyn_cast<UnaryOperator>(inner)) {
    if (unary->getOpcode() == UO_LNot) {
      Value from = value(unary->getSubExpr(), depth + 1);
      from.negated = !from.negated;
      if (from.path.root != Root::Result || !from.path.steps.empty()) {
        from = {};
        from.truth = v.truth;
      }
      return from;
    }
    if (unary->getOpcode() == UO_AddrOf || unary->getOpcode() == UO_Plus || unary->getOpcode() == UO_Deref)
      if (auto *ref = dyn_cast<DeclRefExpr>(strip(unary->getSubExpr())); ref && isa<FunctionDecl>(ref->getDecl()))
        inner = ref;
  }
  if (auto *binary = dyn_cast<BinaryOperator>(inner); binary && binary->isEqualityOp()) {
    // rc == 0, rc != thrd_success
    const Expr *left = binary->getLHS(), *right = binary->getRHS();
    if (truth(left) != Value::Unknown) std::swap(left, right);
    if (truth(right) == Value::Zero) {
      Value from = value(left, depth + 1);
      if (from.path.root == Root::Result && from.path.steps.empty()) {
        if (binary->getOpcode() == BO_EQ) from.negated = !from.negated;
        return from;
      }
    }
    return v;
  }
  if (auto *ref = dyn_cast<DeclRefExpr>(inner))
    if (auto *fn = dyn_cast<FunctionDecl>(ref->getDecl())) {
      v.function = unit_.usr(fn);
      return v;
    }
  if (auto *member = dyn_cast<MemberExpr>(inner))
    if (auto *fn = dyn_cast<FunctionDecl>(member->getMemberDecl())) {
      v.function = unit_.usr(fn);
      v.bound.push_back(without_deref(path(member->getBase(), depth + 1)));
      return v;
    }
  if (const CXXRecordDecl *record = inner->getType().getNonReferenceType()->getAsCXXRecordDecl();
      record && record->isLambda())
    if (const FunctionDecl *op = closure_function(record)) v.function = unit_.usr(op);
  if (!inner->getType()->isRecordType() && !inner->getType()->isPointerType())
    if (auto op = tested_operation(inner)) { // rc, where rc holds what a call returned
      v.path.root = Root::Result;
      v.path.index = *op;
      v.negated = zero_is_success_.contains(*op);
      return v;
    }
  v.path = path(e, depth + 1);
  bool scalar = inner->isGLValue() && inner->getType()->isScalarType();
  if (!scalar || !e->isGLValue()) v.path = without_deref(std::move(v.path));
  if (v.path.root == Root::Result && v.path.steps.empty() && zero_is_success_.contains(v.path.index))
    v.negated = !v.negated;
  return v;
}

} // namespace snarl
