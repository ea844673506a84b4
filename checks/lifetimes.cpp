#include "lifetimes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace snarl {

/// Blocks that can be reached from the end of `from`.
static std::vector<bool> reachable(const Function &f, uint32_t from) {
  std::vector<bool> seen(f.blocks.size());
  llvm::SmallVector<uint32_t, 16> work(f.blocks[from].successors.begin(), f.blocks[from].successors.end());
  while (!work.empty()) {
    uint32_t at = work.pop_back_val();
    if (seen[at]) continue;
    seen[at] = true;
    work.append(f.blocks[at].successors.begin(), f.blocks[at].successors.end());
  }
  return seen;
}

bool comes_after(const Function &f, OpPlace from, OpPlace to) {
  return (from.block == to.block && from.op < to.op) || reachable(f, from.block)[to.block];
}

std::vector<bool> in_loops(const Function &f) {
  std::vector<bool> out(f.blocks.size());
  for (uint32_t b = 0; b < f.blocks.size(); ++b) out[b] = reachable(f, b)[b];
  return out;
}

/// Names that functions have that come back when others are done.
static bool named_like_a_wait(Symbol qualified) {
  llvm::StringRef name = qualified.str();
  name = name.substr(name.rfind(':') == llvm::StringRef::npos ? 0 : name.rfind(':') + 1);
  if (name.starts_with("await_")) return false; // an awaiter's parts
  std::string lower = name.lower();
  for (llvm::StringRef word : {"wait", "join", "drain", "flush", "finish", "stop", "shutdown", "sync"})
    if (llvm::StringRef(lower).contains(word)) return true;
  return lower == "run" || lower == "exec" || lower == "get" || lower == "loop" || lower == "acquire" ||
         lower == "take" || lower == "pop" || lower == "recv" || lower == "receive" || lower == "poll";
}

static bool waits(const Program &program, const Op &op, bool loops, unsigned depth) {
  switch (op.kind) {
  case OpKind::Wait:
  case OpKind::Join: return true;
  case OpKind::Block: return op.block == BlockKind::ThreadWait || op.block == BlockKind::SyncBridge;
  case OpKind::Acquire: return !op.traits.thread_bound;
  case OpKind::Access: return loops && op.atomic && !op.write;
  case OpKind::Suspend: return named_like_a_wait(op.callee_name);
  case OpKind::Call:
  case OpKind::Destroy: {
    auto callee = program.by_usr.find(op.callee);
    bool known = op.callee && callee != program.by_usr.end();
    // A coroutine comes back as soon as it suspends.
    if (known && program.functions[callee->second].is_coroutine) return false;
    if (op.kind == OpKind::Call && named_like_a_wait(op.callee_name)) return true;
    return known && waits(program, callee->second, depth + 1);
  }
  default: return false;
  }
}

bool waits(const Program &program, FunctionId id, unsigned depth) {
  const Function &f = program.functions[id];
  if (depth > 3) return false;
  std::vector<bool> loops = in_loops(f);
  for (uint32_t b = 0; b < f.blocks.size(); ++b)
    for (const Op &op : f.blocks[b].ops)
      if (waits(program, op, loops[b], depth)) return true;
  return false;
}

bool waits_after(const Program &program, FunctionId id, OpPlace from) {
  const Function &f = program.functions[id];
  std::vector<bool> loops = in_loops(f), after = reachable(f, from.block);
  for (uint32_t b = 0; b < f.blocks.size(); ++b) {
    if (!after[b] && b != from.block) continue;
    for (uint32_t i = after[b] ? 0 : from.op + 1; i < f.blocks[b].ops.size(); ++i)
      if (waits(program, f.blocks[b].ops[i], loops[b], 0)) return true;
  }
  return false;
}

bool own_object(const Program &program, const Function &f, const Path &path) {
  if (!path.steps.empty() && llvm::any_of(path.steps, [](const PathStep &s) { return s.kind == PathStep::Deref; }))
    return false;
  switch (path.root) {
  case Root::Local: return path.index < f.locals.size() && f.locals[path.index].by_value;
  case Root::Param: return path.index < f.params.size() && f.params[path.index].by_value;
  case Root::Variable: {
    const Decl *decl = program.decl(path.symbol);
    return decl && decl->function == f.usr && !decl->is_static && !decl->thread_local_ && decl->by_value;
  }
  default: return false;
  }
}

} // namespace snarl
