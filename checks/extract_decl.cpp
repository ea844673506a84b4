// Types and declarations: what models and attributes say of them, functions' heads, fields, classes, contracts.
#include "extract_body.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"

namespace snarl {

using namespace clang;

// ---- Types

const TypeModel *Unit::type_model(const CXXRecordDecl *record) {
  auto [it, fresh] = type_models_.try_emplace(record->getCanonicalDecl());
  if (fresh) {
    const TypeModel *model = models.type(name(record).str());
    if (!model && record->getDefinition() && is_system(record->getLocation())) // std's implementation bases
      for (const CXXBaseSpecifier &base : record->getDefinition()->bases())
        if (const CXXRecordDecl *b = base.getType()->getAsCXXRecordDecl())
          if (!model) model = type_model(b);
    type_models_[record->getCanonicalDecl()] = {true, model};
    return model;
  }
  return it->second.second;
}

const TypeModel *Unit::type_model(QualType type) {
  if (type.isNull()) return nullptr;
  type = type.getNonReferenceType();
  while (const ArrayType *array = type->getAsArrayTypeUnsafe()) type = array->getElementType();
  // C types are known by the names of typedefs.
  for (QualType sugar = type;;) {
    if (auto *alias = sugar->getAs<TypedefType>(); alias && sugar.getTypePtr() == static_cast<const Type *>(alias)) {
      const TypedefNameDecl *decl = alias->getDecl();
      auto [it, fresh] = type_models_.try_emplace(decl->getCanonicalDecl());
      if (fresh) it->second = {true, models.type(qualified(decl->getDeclContext(), decl->getName()).str())};
      if (it->second.second) return it->second.second;
    }
    QualType next = sugar.getSingleStepDesugaredType(context);
    if (next == sugar) break;
    sugar = next;
  }
  if (type->isAtomicType()) {
    static const TypeModel atomic{TypeKind::Atomic};
    return &atomic;
  }
  const CXXRecordDecl *record = type->getAsCXXRecordDecl();
  return record ? type_model(record) : nullptr;
}

const CallModel *Unit::call_model(const FunctionDecl *callee, const CXXRecordDecl *receiver) {
  auto [it, fresh] = call_models_.try_emplace(callee->getCanonicalDecl());
  if (!fresh) return it->second;
  const CallModel *model = nullptr;
  if (callee->getDeclName().isIdentifier() || callee->getOverloadedOperator() != OO_None) {
    model = models.call(name(callee).str());
    if (!model && receiver && receiver != callee->getParent())
      model = models.call((name(receiver).str() + "::" + callee->getNameAsString()).str());
  }
  if (!model && callee->getBuiltinID()) { // __sync_fetch_and_add_4
    llvm::StringRef text = callee->getName();
    if ((text.consume_front("__sync_") || text.consume_front("__atomic_")) && text.contains('_'))
      model = models.call(callee->getName().rsplit('_').first);
  }
  call_models_[callee->getCanonicalDecl()] = model;
  return model;
}

bool Unit::is_user(const CXXRecordDecl *record) {
  return record && !is_system(record->getLocation());
}

bool Unit::has_body(const FunctionDecl *function) {
  if (is_system(function->getLocation()) || function->isDeleted()) return false;
  if (!function->isImplicit() && !function->isDefaulted()) return true;
  auto *constructor = dyn_cast<CXXConstructorDecl>(function);
  return constructor && constructor->isDefaultConstructor() && initialises(constructor->getParent());
}

/// Whether the default constructor that the compiler writes does more than set plain values.
bool Unit::initialises(const CXXRecordDecl *record, unsigned depth) {
  record = record->getDefinition();
  if (!record || depth > 6) return false;
  auto runs = [&](QualType type) {
    const CXXRecordDecl *inner = type->getAsCXXRecordDecl();
    if (!inner || !inner->getDefinition() || is_system(inner->getLocation())) return false;
    for (const CXXConstructorDecl *ctor : inner->getDefinition()->ctors())
      if (ctor->isDefaultConstructor() && !ctor->isImplicit() && !ctor->isDefaulted()) return true;
    return initialises(inner, depth + 1);
  };
  for (const FieldDecl *field : record->fields()) {
    if (runs(field->getType())) return true;
    if (!field->hasInClassInitializer() || !field->getInClassInitializer()) continue;
    const Expr *init = maker(field->getInClassInitializer());
    if (isa<InitListExpr>(init) && cast<InitListExpr>(init)->getNumInits() == 0) continue;
    if (isa<CallExpr, CXXNewExpr, LambdaExpr, InitListExpr>(init)) return true;
    if (auto *construct = dyn_cast<CXXConstructExpr>(init);
        construct && construct->getNumArgs() && type_model(construct->getType())) {
      TypeKind kind = type_model(construct->getType())->kind;
      if (kind == TypeKind::Thread || kind == TypeKind::JThread || kind == TypeKind::Guard ||
          kind == TypeKind::Callable)
        return true;
    }
  }
  for (const CXXBaseSpecifier &base : record->bases())
    if (runs(base.getType())) return true;
  return false;
}

const CXXMethodDecl *Unit::lock_function(QualType type, llvm::StringRef wanted) {
  const CXXRecordDecl *record = type.getNonReferenceType()->getAsCXXRecordDecl();
  if (!record || !(record = record->getDefinition()) || record->isLambda()) return nullptr;
  for (const CXXMethodDecl *method : record->methods())
    if (method->getDeclName().isIdentifier() && method->getName() == wanted && method->getNumParams() == 0 &&
        !method->isStatic())
      return method;
  for (const CXXBaseSpecifier &base : record->bases())
    if (const CXXMethodDecl *found = lock_function(base.getType(), wanted)) return found;
  return nullptr;
}

/// acquire() and release() of a class that has nothing but an atomic flag: a spin lock by another name.
bool Unit::spins(const CXXRecordDecl *record) {
  unsigned flags = 0, fields = 0;
  for (const FieldDecl *field : record->fields()) {
    ++fields;
    std::string type = field->getType().getCanonicalType().getUnqualifiedType().getAsString();
    flags += type.find("atomic_flag") != std::string::npos || type.find("atomic<bool>") != std::string::npos;
  }
  if (flags != 1 || fields != 1) return false;
  auto has = [&](llvm::StringRef a, llvm::StringRef b) {
    QualType type = context.getRecordType(record);
    return lock_function(type, a) && lock_function(type, b);
  };
  return has("acquire", "release") || has("Acquire", "Release") || has("enter", "leave") || has("Lock", "Unlock");
}

LockTraits Unit::lock_traits(QualType type) {
  if (const TypeModel *model = type_model(type)) return model->kind == TypeKind::Lock ? model->traits : LockTraits();
  LockTraits traits;
  type = type.getNonReferenceType();
  while (const ArrayType *array = type->getAsArrayTypeUnsafe()) type = array->getElementType();
  const CXXRecordDecl *record = type->getAsCXXRecordDecl();
  if (!record || !record->getDefinition() || is_system(record->getLocation())) return traits;
  record = record->getDefinition();
  if (record->hasAttr<ScopedLockableAttr>()) return traits;
  if (record->hasAttr<CapabilityAttr>()) traits.is_lock = true;
  if (lock_function(type, "lock") && lock_function(type, "unlock")) traits.is_lock = true;
  if (spins(record)) traits.is_lock = traits.spin = true;
  if (traits.is_lock) traits.shared = lock_function(type, "lock_shared") != nullptr;
  return traits;
}

bool Unit::is_sync(QualType type) {
  if (const TypeModel *model = type_model(type)) switch (model->kind) {
    case TypeKind::Lock:
    case TypeKind::Guard:
    case TypeKind::CondVar:
    case TypeKind::Thread:
    case TypeKind::JThread:
    case TypeKind::Future:
    case TypeKind::Promise:
    case TypeKind::Semaphore:
    case TypeKind::Once:
    case TypeKind::Atomic:
    case TypeKind::Executor:
    case TypeKind::Pool: return true;
    case TypeKind::Container: { // of threads and the like is still data: the container itself can race
      return false;
    }
    default: return false;
    }
  return lock_traits(type).is_lock;
}

bool Unit::pointer_like(QualType type) {
  if (type->isReferenceType() || type->isPointerType()) return true;
  const TypeModel *model = type_model(type);
  return model && (model->kind == TypeKind::Pointer || model->kind == TypeKind::Iterator);
}

bool Unit::callable(QualType type) {
  type = type.getNonReferenceType();
  if (type->isFunctionType() || type->isFunctionPointerType() || type->isMemberFunctionPointerType()) return true;
  const CXXRecordDecl *record = type->getAsCXXRecordDecl();
  if (!record) return false;
  if (record->isLambda()) return true;
  if (const TypeModel *model = type_model(record)) return model->kind == TypeKind::Callable;
  return false;
}

bool Unit::ends_loudly(QualType type, unsigned depth) {
  if (depth > 6 || type.isNull() || type->isReferenceType()) return false;
  while (const ArrayType *array = type->getAsArrayTypeUnsafe()) type = array->getElementType();
  const CXXRecordDecl *record = type->getAsCXXRecordDecl();
  if (!record || !(record = record->getDefinition())) return false;
  auto it = loud_.find(record);
  if (it != loud_.end()) return it->second;
  loud_[record] = false;
  bool loud = false;
  const TypeModel *model = type_model(record);
  if (model && (model->kind == TypeKind::Guard || model->kind == TypeKind::JThread || model->kind == TypeKind::Future ||
                model->kind == TypeKind::Thread)) {
    loud = true;
  } else if (model && (model->kind == TypeKind::Container || model->owner)) {
    if (auto *spec = dyn_cast<ClassTemplateSpecializationDecl>(record))
      for (const TemplateArgument &arg : spec->getTemplateArgs().asArray().take_front(2))
        if (arg.getKind() == TemplateArgument::Type) loud |= ends_loudly(arg.getAsType(), depth + 1);
  } else if (!is_system(record->getLocation())) {
    if (const CXXDestructorDecl *dtor = record->getDestructor(); dtor && has_body(dtor)) loud = true;
    if (record->hasAttr<ScopedLockableAttr>()) loud = true;
    for (const FieldDecl *field : record->fields()) loud |= ends_loudly(field->getType(), depth + 1);
    for (const CXXBaseSpecifier &base : record->bases()) loud |= ends_loudly(base.getType(), depth + 1);
    if (record->isLambda())
      for (const FieldDecl *field : record->fields()) loud |= ends_loudly(field->getType(), depth + 1);
  }
  return loud_[record] = loud;
}

// ---- Fields, variables, classes

static const Expr *first_arg(const GuardedByAttr *attr) {
  return attr ? attr->getArg() : nullptr;
}

/// The lock an attribute names, in the frame of a method of the class (or of the function with these parameters).
static Path lock_of(Unit &unit, const Expr *expression, const FunctionDecl *function) {
  expression = expression ? strip(expression) : nullptr;
  if (!expression) return {};
  Path path;
  if (isa<CXXThisExpr>(expression)) {
    path.root = Root::This;
    return path;
  }
  if (auto *unary = dyn_cast<UnaryOperator>(expression)) {
    if (unary->getOpcode() == UO_AddrOf || unary->getOpcode() == UO_Deref)
      return lock_of(unit, unary->getSubExpr(), function);
    return {};
  }
  if (auto *member = dyn_cast<MemberExpr>(expression)) {
    path = lock_of(unit, member->getBase(), function);
    if (isa<VarDecl>(member->getMemberDecl())) {
      path = {};
      path.root = Root::Variable;
      path.symbol = unit.note(member->getMemberDecl());
      return path;
    }
    if (!path.known()) return {};
    return extended(path, PathStep::Field, unit.note(member->getMemberDecl()));
  }
  if (auto *ref = dyn_cast<DeclRefExpr>(expression)) {
    if (auto *param = dyn_cast<ParmVarDecl>(ref->getDecl())) {
      if (function && param->getFunctionScopeIndex() < function->getNumParams()) {
        path.root = Root::Param;
        path.index = param->getFunctionScopeIndex();
      }
    } else if (isa<FieldDecl>(ref->getDecl())) { // late-parsed: no implicit this
      path.root = Root::This;
      path.steps.push_back({PathStep::Field, unit.note(ref->getDecl())});
    } else if (isa<VarDecl>(ref->getDecl())) {
      path.root = Root::Variable;
      path.symbol = unit.note(ref->getDecl());
    }
    return path;
  }
  if (auto *call = dyn_cast<CXXMemberCallExpr>(expression)) // mutex() with lock_returned
    if (const CXXMethodDecl *method = call->getMethodDecl())
      if (auto *attr = method->getAttr<LockReturnedAttr>()) {
        Path base = lock_of(unit, call->getImplicitObjectArgument(), function);
        Path rest = lock_of(unit, attr->getArg(), method);
        if (base.known() && rest.root == Root::This) {
          for (const PathStep &step : rest.steps) base = extended(base, step.kind, step.symbol);
          return base;
        }
        return rest.root == Root::Variable ? rest : Path();
      }
  return {};
}

Symbol Unit::record_of(QualType type) {
  type = type.getNonReferenceType();
  if (type->isPointerType()) type = type->getPointeeType();
  if (const TypeModel *model = type_model(type); model && model->kind == TypeKind::Pointer)
    if (auto *smart = dyn_cast_or_null<ClassTemplateSpecializationDecl>(type->getAsCXXRecordDecl());
        smart && smart->getTemplateArgs().size() && smart->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
      type = smart->getTemplateArgs()[0].getAsType();
  const RecordDecl *record = type->getAsRecordDecl();
  return record && !is_system(record->getLocation()) ? usr(record) : Symbol();
}

Symbol Unit::note(const ValueDecl *decl) {
  decl = cast<ValueDecl>(decl->getCanonicalDecl());
  Symbol symbol = usr(decl);
  if (!noted_.insert(decl).second) return symbol;
  snarl::Decl entry;
  entry.usr = symbol;
  entry.name = name(decl);
  QualType type = decl->getType();
  entry.site = site(decl->getLocation());
  entry.type = type_text(type);
  entry.lock = lock_traits(type);
  entry.by_value = !type->isReferenceType() && !type->isPointerType();
  const TypeModel *model = type_model(type);
  if (model && model->kind == TypeKind::Pointer && !model->owner) entry.by_value = false;
  QualType element = type;
  while (const ArrayType *array = element->getAsArrayTypeUnsafe()) element = array->getElementType();
  if (!entry.by_value || (model && model->kind == TypeKind::Pointer)) pointers_.insert(symbol);
  entry.constant = element.isConstQualified() || type->isReferenceType();
  entry.atomic = model && model->kind == TypeKind::Atomic;
  entry.is_volatile = element.isVolatileQualified();
  entry.sync_object = is_sync(type);
  if (auto *field = dyn_cast<FieldDecl>(decl)) {
    entry.is_field = true;
    if (auto *record = dyn_cast<CXXRecordDecl>(field->getParent())) {
      note(record);
      entry.record = usr(record);
    } else {
      entry.record = usr(field->getParent());
    }
    if (field->isMutable()) entry.constant = false;
  }
  if (auto *var = dyn_cast<VarDecl>(decl)) {
    entry.is_static = var->hasGlobalStorage();
    entry.thread_local_ = var->getTLSKind() != VarDecl::TLS_None;
    if (const DeclContext *fn = var->getParentFunctionOrMethod())
      entry.function = usr(clang::Decl::castFromDeclContext(fn));
    else if (auto *record = dyn_cast<CXXRecordDecl>(var->getDeclContext())) {
      note(record);
      entry.record = usr(record);
    }
  }
  for (const clang::Decl *redecl : decl->redecls()) {
    if (const Expr *lock = first_arg(redecl->getAttr<GuardedByAttr>()))
      entry.guarded_by = lock_of(*this, lock, nullptr);
    if (auto *attr = redecl->getAttr<PtGuardedByAttr>(); attr && !entry.guarded_by.known())
      entry.guarded_by = lock_of(*this, attr->getArg(), nullptr);
  }
  // = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP
  if (auto *var = dyn_cast<VarDecl>(decl); var && entry.lock.is_lock)
    if (const VarDecl *initialised = var->getInitializingDeclaration())
      if (const Expr *init = initialised->getInit())
        for (SourceLocation at = init->getBeginLoc(); at.isMacroID(); at = sources.getImmediateMacroCallerLoc(at))
          if (Lexer::getImmediateMacroName(at, sources, context.getLangOpts()).contains("RECURSIVE"))
            entry.lock.recursive = true;
  if (entry.lock.recursive) recursive_.insert(symbol);
  facts.decls.push_back(std::move(entry));
  return symbol;
}

void Unit::note(const CXXRecordDecl *record) {
  record = record->getCanonicalDecl();
  if (!noted_.insert(record).second) return;
  const CXXRecordDecl *definition = record->getDefinition();
  if (!definition || definition->isLambda()) return;
  Record entry;
  entry.usr = usr(record);
  entry.name = name(record);
  bool user = is_user(definition);
  for (const CXXBaseSpecifier &base : definition->bases())
    if (const CXXRecordDecl *b = base.getType()->getAsCXXRecordDecl(); b && !is_system(b->getLocation())) {
      note(b);
      entry.bases.push_back(usr(b));
    }
  QualType type = context.getRecordType(definition);
  if (user && !type_model(definition)) {
    if (const CXXMethodDecl *lock = lock_function(type, "lock"))
      if (const CXXMethodDecl *unlock = lock_function(type, "unlock")) {
        entry.lock_fn = usr(lock);
        entry.unlock_fn = usr(unlock);
      }
  }
  entry.scoped_capability = definition->hasAttr<ScopedLockableAttr>();
  entry.capability = definition->hasAttr<CapabilityAttr>();
  facts.records.push_back(std::move(entry));
}

// ---- Functions

static void overridden(Unit &unit, const CXXMethodDecl *method, std::vector<Symbol> &out, unsigned depth = 0) {
  if (depth > 20) return;
  for (const CXXMethodDecl *base : method->overridden_methods()) {
    Symbol usr = unit.usr(base);
    if (llvm::is_contained(out, usr)) continue;
    out.push_back(usr);
    overridden(unit, base, out, depth + 1);
  }
}

static const FunctionDecl *pattern_of(const FunctionDecl *decl) {
  const FunctionDecl *pattern = decl->getTemplateInstantiationPattern();
  return pattern ? pattern : decl;
}

void Unit::describe(const FunctionDecl *decl, Function &out) {
  out.usr = usr(decl);
  out.name = name(decl);
  const FunctionDecl *placed = pattern_of(decl);
  if (const FunctionDecl *definition = placed->getDefinition()) placed = definition;
  out.site = site(placed->getLocation());
  out.in_system_header = is_system(decl->getLocation());
  out.internal = !decl->isExternallyVisible() || decl->getAccess() == AS_private;
  out.is_main = decl->isMain();
  out.is_static = decl->getStorageClass() == SC_Static;
  if (auto *proto = decl->getType()->getAs<FunctionProtoType>()) out.signature = signature(proto);
  for (const ParmVarDecl *param : decl->parameters()) {
    QualType type = param->getType();
    Param p;
    p.name = Symbol(param->getName());
    p.by_value = !type->isReferenceType() && !type->isPointerType();
    if (type->isPointerType() || type->isReferenceType())
      p.pointer_to_const = type->getPointeeType().isConstQualified();
    if (const TypeModel *model = type_model(type);
        p.by_value && model && model->kind == TypeKind::Pointer && !model->owner)
      p.by_value = false; // the pointee is shared with the caller
    p.reference = type->isReferenceType();
    p.view = is_view(type);
    p.record = record_of(type);
    out.params.push_back(p);
  }
  if (auto *method = dyn_cast<CXXMethodDecl>(decl)) {
    const CXXRecordDecl *record = method->getParent();
    out.is_method = !method->isStatic();
    out.is_static = method->isStatic();
    out.is_virtual = method->isVirtual();
    out.is_constructor = isa<CXXConstructorDecl>(method);
    out.is_destructor = isa<CXXDestructorDecl>(method);
    if (!record->isLambda()) {
      out.record = usr(record);
      note(record);
    } else {
      out.is_lambda = out.internal = true;
    }
    overridden(*this, method, out.overrides);
    llvm::sort(out.overrides, [](Symbol a, Symbol b) { return a.str() < b.str(); });
    if (record->isLocalClass())
      if (const FunctionDecl *around = record->isLocalClass()) out.enclosing = usr(around);
  }
  contracts(decl, out);
}

void Unit::contracts(const FunctionDecl *decl, Function &out) {
  auto add = [&](Contract::Kind kind, Mode mode, const Expr *lock) {
    Contract c{kind, mode, {}};
    if (lock)
      c.lock = lock_of(*this, lock, decl);
    else if (isa<CXXMethodDecl>(decl))
      c.lock.root = Root::This;
    if (!llvm::any_of(out.contracts,
                      [&](const Contract &o) { return o.kind == c.kind && o.mode == mode && o.lock == c.lock; }))
      out.contracts.push_back(c);
  };
  auto each = [&](Contract::Kind kind, Mode mode, auto *attr) {
    if (attr->args_size() == 0) add(kind, mode, nullptr);
    for (const Expr *arg : attr->args()) add(kind, mode, arg);
  };
  for (const FunctionDecl *redecl : decl->redecls())
    for (const Attr *attr : redecl->attrs()) {
      if (auto *a = dyn_cast<RequiresCapabilityAttr>(attr))
        each(Contract::Requires, a->isShared() ? Mode::Shared : Mode::Exclusive, a);
      else if (auto *a = dyn_cast<AcquireCapabilityAttr>(attr))
        each(Contract::Acquires, a->isShared() ? Mode::Shared : Mode::Exclusive, a);
      else if (auto *a = dyn_cast<TryAcquireCapabilityAttr>(attr))
        each(Contract::TryAcquires, a->isShared() ? Mode::Shared : Mode::Exclusive, a);
      else if (auto *a = dyn_cast<ReleaseCapabilityAttr>(attr))
        each(Contract::Releases, a->isShared() ? Mode::Shared : Mode::Exclusive, a);
      else if (auto *a = dyn_cast<LocksExcludedAttr>(attr))
        each(Contract::Excludes, Mode::Exclusive, a);
      else if (auto *a = dyn_cast<LockReturnedAttr>(attr))
        add(Contract::ReturnsLock, Mode::Exclusive, a->getArg());
      else if (isa<NoThreadSafetyAnalysisAttr>(attr))
        out.contracts.push_back({Contract::NoAnalysis, Mode::Exclusive, {}});
    }
}

/// The naming convention: a method called with the lock held. Evident only if the class has one lock.
bool Unit::contract_by_name(const FunctionDecl *decl, Function &out) {
  auto *method = dyn_cast<CXXMethodDecl>(decl);
  if (!method || !out.contracts.empty() || method->isStatic() || !method->getDeclName().isIdentifier()) return false;
  llvm::StringRef text = method->getName();
  if (!(text.ends_with("_locked") || text.ends_with("Locked") || text.ends_with("LockHeld") ||
        text.ends_with("_lock_held") || text.ends_with("WithLock") || text.ends_with("_with_lock")))
    return false;
  if (text.starts_with("is") || text.starts_with("try") || text.starts_with("set"))
    return false; // questions and states
  const FieldDecl *lock = nullptr;
  unsigned count = 0;
  for (const FieldDecl *field : method->getParent()->fields())
    if (lock_traits(field->getType()).is_lock) lock = field, ++count;
  if (count != 1) return false;
  Contract c{Contract::Requires, Mode::Exclusive, {}};
  c.lock.root = Root::This;
  c.lock.steps.push_back({PathStep::Field, note(lock)});
  out.contracts.push_back(c);
  return true;
}

void Unit::function(const FunctionDecl *decl, const LambdaFrame *frame) {
  if (decl->isInvalidDecl() || decl->isDeleted()) return;
  // Patterns are left to their instantiations, but for a generic lambda that nobody in sight instantiates.
  if (!frame && (decl->isDependentContext() || decl->getDescribedFunctionTemplate())) return;
  const FunctionDecl *definition = nullptr;
  bool has_body = decl->hasBody(definition) && definition && !definition->hasSkippedBody();
  if (has_body && is_system(definition->getLocation())) return;
  if (has_body && definition->isDefaulted() && !definition->isUserProvided() && !this->has_body(definition)) return;
  if (!done_.insert(decl->getCanonicalDecl()).second) return;
  Function out;
  describe(decl, out);
  if (!has_body) {
    if (!out.contracts.empty() || !out.overrides.empty()) facts.functions.push_back(std::move(out));
    return;
  }
  if (frame) {
    out.enclosing = frame->enclosing;
    out.record = frame->record;
    out.captures = frame->captures;
    out.borrowed = frame->borrowed;
  }
  out.end = site(definition->getBody()->getEndLoc());
  if (auto *proto = definition->getType()->getAs<FunctionProtoType>()) {
    ExceptionSpecificationType promise = proto->getExceptionSpecType();
    out.nothrow = promise == EST_BasicNoexcept || promise == EST_NoexceptTrue || promise == EST_NoThrow ||
                  promise == EST_DynamicNone || isa<CXXDestructorDecl>(definition);
  }
  bool named = contract_by_name(definition, out);
  Body(*this, out, definition, frame, named).run(definition->getBody());
  facts.functions.push_back(std::move(out));
}

} // namespace snarl
