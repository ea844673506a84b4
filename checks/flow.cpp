#include "flow.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

Flow::Flow(const Function &f) : f_(f) {
  size_t n = f.blocks.size();
  std::vector<bool> seen(n);
  std::vector<std::pair<uint32_t, size_t>> stack{{f.entry, 0}};
  seen[f.entry] = true;
  while (!stack.empty()) {
    auto &[block, next] = stack.back();
    if (next == f.blocks[block].successors.size()) {
      order_.push_back(block);
      stack.pop_back();
      continue;
    }
    uint32_t to = f.blocks[block].successors[next++];
    if (seen[to]) continue;
    seen[to] = true;
    stack.emplace_back(to, 0);
  }
  forward_.assign(n, llvm::BitVector(n));
  std::vector<uint32_t> rank(n, ~0u);
  for (size_t i = 0; i < order_.size(); ++i) rank[order_[i]] = order_.size() - i;
  for (uint32_t b : order_) { // in post-order: what comes after is known
    forward_[b].set(b);
    for (uint32_t to : f.blocks[b].successors)
      if (rank[to] > rank[b]) forward_[b] |= forward_[to];
  }
  std::vector<llvm::SmallVector<uint32_t, 4>> predecessors(n);
  for (uint32_t b : order_)
    for (uint32_t to : f.blocks[b].successors) predecessors[to].push_back(b);
  // Dominators and post-dominators as the greatest solution; functions of interest are small.
  auto solve = [&](std::vector<llvm::BitVector> &sets, uint32_t root, auto order, auto before) {
    sets.assign(n, llvm::BitVector(n, true));
    sets[root].reset();
    sets[root].set(root);
    for (bool changed = true; changed;) {
      changed = false;
      for (uint32_t b : order) {
        if (b == root) continue;
        llvm::BitVector now(n, true);
        bool any = false;
        for (uint32_t p : before(b)) now &= sets[p], any = true;
        if (!any) now.reset();
        now.set(b);
        if (now == sets[b]) continue;
        sets[b] = std::move(now);
        changed = true;
      }
    }
  };
  solve(before_, f.entry, llvm::reverse(order_), [&](uint32_t b) { return llvm::ArrayRef(predecessors[b]); });
  solve(after_, f.exit, llvm::make_range(order_.begin(), order_.end()),
        [&](uint32_t b) { return llvm::ArrayRef(f.blocks[b].successors); });
}

bool Flow::reaches(uint32_t from, uint32_t to, uint32_t without) const {
  llvm::SmallVector<uint32_t, 16> work(f_.blocks[from].successors.begin(), f_.blocks[from].successors.end());
  llvm::BitVector seen(f_.blocks.size());
  while (!work.empty()) {
    uint32_t b = work.pop_back_val();
    if (b == to) return true;
    if (b == without || seen.test(b)) continue;
    seen.set(b);
    work.append(f_.blocks[b].successors.begin(), f_.blocks[b].successors.end());
  }
  return false;
}

llvm::SmallVector<uint32_t, 4> Flow::decided_by(uint32_t block) const {
  llvm::SmallVector<uint32_t, 4> out;
  for (uint32_t b : order_) {
    const auto &to = f_.blocks[b].successors;
    if (to.size() < 2 || (postdominates(block, b) && b != block)) continue;
    if (llvm::any_of(to, [&](uint32_t s) { return postdominates(block, s); })) out.push_back(b);
  }
  return out;
}

llvm::BitVector Flow::controllers(uint32_t block) const {
  llvm::BitVector all(f_.blocks.size());
  llvm::SmallVector<uint32_t, 8> work{block};
  while (!work.empty()) {
    uint32_t at = work.pop_back_val();
    for (uint32_t b : decided_by(at))
      if (b != at && forward(b, at) && !all.test(b)) {
        all.set(b);
        work.push_back(b);
      }
  }
  return all;
}

} // namespace snarl
