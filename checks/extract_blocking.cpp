// Calls that can block: durations, descriptors known not to block, printing.
#include "extract_body.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/Lex/Lexer.h"
#include <cmath>

namespace snarl {

using namespace clang;

/// A duration in milliseconds if it is a constant; kForever otherwise.
/// Rounded up: 0 is for what does not wait at all.
int64_t Body::milliseconds(const Expr *e, CallModel::Unit unit) {
  e = strip(e);
  for (unsigned depth = 0; depth < 8; ++depth) {
    auto *construct = dyn_cast<CXXConstructExpr>(e);
    if (!construct || construct->getNumArgs() != 1) break;
    // milliseconds(5): the ratio is in the constructed type
    const Expr *arg = strip(construct->getArg(0));
    if (auto *spec = dyn_cast<ClassTemplateSpecializationDecl>(construct->getConstructor()->getParent());
        spec && spec->getName() == "duration" && arg->getType()->isIntegerType() &&
        spec->getTemplateArgs().size() == 2) {
      Expr::EvalResult number;
      if (arg->isValueDependent() || !arg->EvaluateAsInt(number, context_)) return kForever;
      auto *ratio = dyn_cast_or_null<ClassTemplateSpecializationDecl>(
          spec->getTemplateArgs()[1].getAsType()->getAsCXXRecordDecl());
      if (!ratio || ratio->getTemplateArgs().size() != 2) return kForever;
      double seconds = double(ratio->getTemplateArgs()[0].getAsIntegral().getExtValue()) /
                       double(ratio->getTemplateArgs()[1].getAsIntegral().getExtValue());
      return std::ceil(double(number.Val.getInt().getExtValue()) * seconds * 1000);
    }
    e = arg;
  }
  if (e->getType()->isRecordType() && !e->isValueDependent()) { // 5ms, constants
    Expr::EvalResult result;
    const CXXRecordDecl *record = e->getType()->getAsCXXRecordDecl();
    auto *spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(record);
    if (spec && spec->getName() == "duration" && spec->getTemplateArgs().size() == 2 &&
        e->EvaluateAsRValue(result, context_) && result.Val.isStruct() && result.Val.getStructNumFields() == 1 &&
        result.Val.getStructField(0).isInt()) {
      auto *ratio = dyn_cast_or_null<ClassTemplateSpecializationDecl>(
          spec->getTemplateArgs()[1].getAsType()->getAsCXXRecordDecl());
      if (ratio && ratio->getTemplateArgs().size() == 2)
        return std::ceil(double(result.Val.getStructField(0).getInt().getExtValue()) *
                         double(ratio->getTemplateArgs()[0].getAsIntegral().getExtValue()) * 1000 /
                         double(ratio->getTemplateArgs()[1].getAsIntegral().getExtValue()));
    }
    // A literal operator whose body was skipped: take it from the text.
    if (auto *literal = dyn_cast<UserDefinedLiteral>(e); literal && literal->getUDSuffix()) {
      llvm::StringRef suffix = literal->getUDSuffix()->getName();
      llvm::StringRef spelled = Lexer::getSourceText(CharSourceRange::getTokenRange(e->getSourceRange()),
                                                     context_.getSourceManager(), context_.getLangOpts());
      long long number = 0;
      if (spelled.consumeInteger(10, number)) return kForever;
      if (suffix == "h") return number * 3600000;
      if (suffix == "min") return number * 60000;
      if (suffix == "s") return number * 1000;
      if (suffix == "ms") return number;
      if (suffix == "us") return (number + 999) / 1000;
      if (suffix == "ns") return (number + 999999) / 1000000;
    }
    return kForever;
  }
  Expr::EvalResult number;
  if (!e->getType()->isIntegerType() || e->isValueDependent() || !e->EvaluateAsInt(number, context_)) return kForever;
  int64_t n = number.Val.getInt().getExtValue();
  if (n < 0) return kForever;
  switch (unit) {
  case CallModel::Seconds: return n * 1000;
  case CallModel::Micros: return (n + 999) / 1000;
  case CallModel::Nanos: return (n + 999999) / 1000000;
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
        (number.Val.getInt().getExtValue() & m.nonblock_bits))
      return true;
  }
  if (on && (m.nonblock_flags != -1)) {
    const Expr *fd = strip(on);
    if (auto *ref = dyn_cast<DeclRefExpr>(fd); ref && nonblocking_.contains(ref->getDecl()->getCanonicalDecl()))
      return true;
    if (auto *member = dyn_cast<MemberExpr>(fd);
        member && nonblocking_.contains(member->getMemberDecl()->getCanonicalDecl()))
      return true;
  }
  int64_t timeout = kForever;
  if (m.unit != CallModel::None && m.arg2 >= 0 && unsigned(m.arg2) < c.args.size())
    timeout = milliseconds(c.args[m.arg2], m.unit);
  if (kind == BlockKind::Poll && timeout == 0) return true;
  Symbol api = unit_.name(c.decl);
  Op &op = add(OpKind::Block, call->getExprLoc());
  op.block = kind;
  op.path = object;
  op.api = api;
  op.timeout_ms = timeout;
  return false; // arguments are still read and written
}

// ---- Descriptors that were told not to block in this function

/// O_NONBLOCK, SOCK_NONBLOCK and the like have one value on Linux.
bool Body::nonblocking_flag(const Stmt *flags, unsigned depth) {
  if (!flags || depth > 10) return false;
  if (auto *number = dyn_cast<IntegerLiteral>(flags)) return number->getValue().getLimitedValue() & 04000;
  if (auto *ref = dyn_cast<DeclRefExpr>(flags))
    if (auto *constant = dyn_cast<EnumConstantDecl>(ref->getDecl()))
      return constant->getInitVal().getExtValue() & 04000;
  if (isa<CallExpr>(flags)) return false;
  for (const Stmt *child : flags->children())
    if (nonblocking_flag(child, depth + 1)) return true;
  return false;
}

static const clang::Decl *named_object(const Expr *e) {
  e = strip(e);
  if (auto *unary = dyn_cast<UnaryOperator>(e); unary && unary->getOpcode() == UO_AddrOf)
    e = strip(unary->getSubExpr());
  if (auto *ref = dyn_cast<DeclRefExpr>(e)) return ref->getDecl()->getCanonicalDecl();
  if (auto *member = dyn_cast<MemberExpr>(e)) return member->getMemberDecl()->getCanonicalDecl();
  return nullptr;
}

void Body::scan_nonblocking(const CallExpr *call) {
  const FunctionDecl *fn = call->getDirectCallee();
  llvm::StringRef name = fn ? simple_name(fn) : llvm::StringRef();
  if (name.empty()) return;
  const Expr *object = nullptr;
  if (name == "fcntl" && call->getNumArgs() == 3 && nonblocking_flag(call->getArg(2)))
    object = call->getArg(0);
  else if (name == "pthread_mutexattr_settype" && call->getNumArgs() == 2) {
    Expr::EvalResult kind;
    if (call->getArg(1)->EvaluateAsInt(kind, context_) && kind.Val.getInt() == 1)
      if (const clang::Decl *attr = named_object(call->getArg(0))) recursive_.insert(attr);
    return;
  } else if (name.contains_insensitive("nonblock") || name.contains_insensitive("non_block")) {
    if (auto *member = dyn_cast<CXXMemberCallExpr>(call)) { // asio: socket.non_blocking(true)
      if (call->getNumArgs() && truth(call->getArg(0)) == Value::NonZero) object = member->getImplicitObjectArgument();
    } else if (call->getNumArgs()) {
      object = call->getArg(0);
    }
  }
  if (!object) return;
  if (const clang::Decl *decl = named_object(object)) nonblocking_.insert(decl);
}

} // namespace snarl
