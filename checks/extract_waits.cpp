// What a wait on a condition variable waits for, as text: the parts of its predicate, or of the condition of the loop
// around it turned round. Two waits that share no part wait for different things.
#include "extract_body.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include <functional>
#include <set>

namespace snarl {

using namespace clang;

static void parts(const Expr *e, bool positive, const std::function<std::string(const Expr *)> &text,
                  std::set<std::string> &out, unsigned depth = 0) {
  e = strip(e);
  if (depth > 20 || out.size() > 8) return;
  if (auto *unary = dyn_cast<UnaryOperator>(e); unary && unary->getOpcode() == UO_LNot)
    return parts(unary->getSubExpr(), !positive, text, out, depth + 1);
  if (auto *binary = dyn_cast<BinaryOperator>(e)) {
    if (binary->isLogicalOp()) {
      parts(binary->getLHS(), positive, text, out, depth + 1);
      parts(binary->getRHS(), positive, text, out, depth + 1);
      return;
    }
    if (binary->isComparisonOp() && binary->getOpcode() != BO_Cmp) {
      auto kind = positive ? binary->getOpcode() : BinaryOperator::negateComparisonOp(binary->getOpcode());
      out.insert(text(binary->getLHS()) + BinaryOperator::getOpcodeStr(kind).str() + text(binary->getRHS()));
      return;
    }
  }
  if (isa<IntegerLiteral, CXXBoolLiteralExpr>(e)) return; // while (1)
  out.insert((positive ? "" : "!") + text(e));
}

Symbol Body::awaited_condition(const Expr *call, const Expr *predicate) {
  std::set<std::string> out;
  auto text = [&](const Expr *e) { return this->text(e); };
  if (auto *lambda = predicate ? dyn_cast<LambdaExpr>(maker(predicate)) : nullptr) {
    auto *body = dyn_cast_or_null<CompoundStmt>(lambda->getBody());
    auto *ret = body && body->size() == 1 ? dyn_cast<ReturnStmt>(body->body_front()) : nullptr;
    if (ret && ret->getRetValue()) parts(ret->getRetValue(), true, text, out);
  } else if (const Expr *test = predicate ? nullptr : loop_test_of_.lookup(call)) {
    parts(test, false, text, out);
  }
  return Symbol(llvm::join(out, "\n"));
}

/// `if (!ready) wait(lock);` is right as a loop.
void Body::fix_wait(const Expr *call, Op &op) {
  const IfStmt *choice = only_if_.lookup(call);
  if (!choice || choice->getIfLoc().isMacroID() || call->getBeginLoc().isMacroID()) return;
  op.fix = Symbol("while");
  op.fix_begin = unit_.site(choice->getIfLoc());
  op.fix_end = unit_.site(choice->getIfLoc().getLocWithOffset(2));
}

/// `x.store(x.load() + n)` is `x.fetch_add(n)`, `x = x + n` is `x += n`, for integers.
void Body::fix_update(const Expr *call, const Expr *receiver, const Expr *stored, Op &op) {
  auto *sum = dyn_cast<BinaryOperator>(strip(stored));
  if (!sum || call->getBeginLoc().isMacroID() || call->getEndLoc().isMacroID() || !sum->getType()->isIntegerType())
    return;
  auto *loaded = dyn_cast<CXXMemberCallExpr>(strip(sum->getLHS()));
  if (!loaded || !(path(loaded->getImplicitObjectArgument()) == path(receiver)) || !path(receiver).known()) return;
  llvm::StringRef name;
  switch (sum->getOpcode()) {
  case BO_Add: name = "add"; break;
  case BO_Sub: name = "sub"; break;
  case BO_And: name = "and"; break;
  case BO_Or: name = "or"; break;
  case BO_Xor: name = "xor"; break;
  default: return;
  }
  auto source = [&](const Expr *e) {
    auto range = CharSourceRange::getTokenRange(e->IgnoreImplicit()->getSourceRange());
    return Lexer::getSourceText(range, unit_.sources, context_.getLangOpts()).str();
  };
  std::string object = source(receiver), amount = source(sum->getRHS());
  if (object.empty() || amount.empty()) return;
  auto *member = dyn_cast<CXXMemberCallExpr>(call);
  if (member && member->getNumArgs() > 1 && !isa<CXXDefaultArgExpr>(member->getArg(1))) return; // memory orders
  if (loaded->getNumArgs() && !isa<CXXDefaultArgExpr>(loaded->getArg(0))) return;
  if (member) {
    auto *callee = dyn_cast<MemberExpr>(member->getCallee()->IgnoreParens());
    op.fix = Symbol(object + (callee && callee->isArrow() ? "->" : ".") + "fetch_" + name.str() + "(" + amount + ")");
  } else {
    op.fix = Symbol(object + " " + BinaryOperator::getOpcodeStr(sum->getOpcode()).str() + "= " + amount);
  }
  op.fix_begin = unit_.site(call->getBeginLoc());
  op.fix_end = unit_.site(Lexer::getLocForEndOfToken(call->getEndLoc(), 0, unit_.sources, context_.getLangOpts()));
}

} // namespace snarl
