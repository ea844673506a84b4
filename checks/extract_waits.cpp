// What a wait on a condition variable waits for, as text: the parts of its predicate, or of the condition of the loop
// around it turned round. Two waits that share no part wait for different things.
#include "extract_body.h"
#include "llvm/ADT/StringExtras.h"
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

} // namespace snarl
