// Facts by hand, for tests of the linker: a few words per operation.
#pragma once
#include "checks/link.h"
#include "checks/path.h"
#include <initializer_list>
#include <string>

namespace snarl::test {

inline Symbol sym(llvm::StringRef text) { return Symbol(text); }

inline Path root(Root kind, uint32_t index = 0) {
  Path p;
  p.root = kind;
  p.index = index;
  return p;
}
inline Path self() { return root(Root::This); }
inline Path param(uint32_t i) { return root(Root::Param, i); }
inline Path local(uint32_t i) { return root(Root::Local, i); }
inline Path result(uint32_t op) { return root(Root::Result, op); }
inline Path returned() { return root(Root::Return); }
inline Path variable(llvm::StringRef usr) {
  Path p = root(Root::Variable);
  p.symbol = sym(usr);
  return p;
}
inline Path operator/(Path p, llvm::StringRef field) { return extended(std::move(p), PathStep::Field, sym(field)); }
inline Path at(Path p, llvm::StringRef index) { return extended(std::move(p), PathStep::Index, sym(index)); }

inline Value object(Path p) {
  Value v;
  v.path = std::move(p);
  return v;
}
inline Value function_value(llvm::StringRef usr) {
  Value v;
  v.function = sym(usr);
  return v;
}
inline Value constant(bool nonzero) {
  Value v;
  v.truth = nonzero ? Value::NonZero : Value::Zero;
  return v;
}

/// One function. Operations go to the current block; lines count up, so that every operation has a place of its own.
class Fn {
public:
  Fn(Facts &facts, llvm::StringRef name, unsigned params = 0) {
    f.usr = f.name = sym(name);
    f.site = {sym("t.cpp"), next_line_, 1};
    f.params.resize(params);
    f.blocks.resize(2);
    f.exit = 1;
    f.signature = sym("void ()");
    facts_ = &facts;
  }
  ~Fn() {
    if (!jumped_) f.blocks[block_].successors.push_back(f.exit);
    facts_->functions.push_back(f);
  }
  Fn(const Fn &) = delete;

  Op &op(OpKind kind) {
    Op o;
    o.kind = kind;
    o.id = ++ids_;
    o.site = {sym("t.cpp"), ++next_line_, 1};
    f.blocks[block_].ops.push_back(std::move(o));
    return f.blocks[block_].ops.back();
  }
  Op &lock(Path p, How how = How::Lock) {
    Op &o = op(OpKind::Acquire);
    o.args = {object(std::move(p))};
    o.how = how;
    o.traits.is_lock = true;
    return o;
  }
  Op &unlock(Path p) {
    Op &o = op(OpKind::Release);
    o.args = {object(std::move(p))};
    return o;
  }
  Op &guard(Path g, Path lock_path, How how = How::Lock) {
    Op &o = lock(std::move(lock_path), how);
    o.dest = std::move(g);
    return o;
  }
  Op &destroy(Path p, llvm::StringRef destructor = "") {
    Op &o = op(OpKind::Destroy);
    o.path = std::move(p);
    o.callee = sym(destructor);
    return o;
  }
  Op &call(llvm::StringRef callee, Path receiver = {}, std::vector<Value> args = {}) {
    Op &o = op(OpKind::Call);
    o.callee = o.callee_name = sym(callee);
    o.path = std::move(receiver);
    o.args = std::move(args);
    return o;
  }
  Op &access(Path p, bool write) {
    Op &o = op(OpKind::Access);
    o.path = std::move(p);
    o.write = write;
    return o;
  }
  Op &assign(Path to, Value v) {
    Op &o = op(OpKind::Assign);
    o.dest = std::move(to);
    o.value = std::move(v);
    return o;
  }
  Op &spawn(Path handle, llvm::StringRef entry, std::vector<Value> args = {}) {
    Op &o = op(OpKind::Spawn);
    o.dest = std::move(handle);
    o.value = function_value(entry);
    o.args = std::move(args);
    return o;
  }
  Op &join(Path handle) {
    Op &o = op(OpKind::Join);
    o.path = std::move(handle);
    return o;
  }
  Op &give(Value v) {
    Op &o = op(OpKind::Return);
    o.value = std::move(v);
    return o;
  }

  uint32_t new_block() {
    f.blocks.emplace_back();
    return f.blocks.size() - 1;
  }
  void go(uint32_t to) { // ends the block
    f.blocks[block_].successors.push_back(to);
    jumped_ = true;
  }
  void branch(uint32_t yes, uint32_t no, Branch b) {
    f.blocks[block_].successors = {yes, no};
    f.blocks[block_].branch = b;
    jumped_ = true;
  }
  void in(uint32_t block) {
    block_ = block;
    jumped_ = false;
  }

  Function f;

private:
  Facts *facts_;
  uint32_t block_ = 0, ids_ = 0;
  bool jumped_ = false;
  static inline uint32_t next_line_ = 0;
};

inline void declare(Facts &facts, llvm::StringRef usr, llvm::StringRef record = "", bool lock = false) {
  Decl d;
  d.usr = d.name = sym(usr);
  d.record = sym(record);
  d.is_field = !record.empty();
  d.lock.is_lock = d.sync_object = lock;
  d.site = {sym("t.cpp"), 1, 1};
  facts.decls.push_back(d);
}

inline Branch on_result(uint32_t op, bool success_on_true = true) {
  Branch b;
  b.kind = Branch::Result;
  b.op = op;
  b.success_on_true = success_on_true;
  return b;
}
inline Branch on_flag(Path p) {
  Branch b;
  b.kind = Branch::Flag;
  b.path = std::move(p);
  return b;
}

inline Program linked(Facts facts) {
  std::vector<Facts> units;
  units.push_back(std::move(facts));
  return link(std::move(units));
}

/// Locks held at the `n`th access of a function, as text: "T.{mu}", with ? if held on some paths only.
inline std::string held_at(const Program &program, llvm::StringRef function, size_t n = 0) {
  auto it = program.by_usr.find(sym(function));
  if (it == program.by_usr.end() || n >= program.info[it->second].accesses.size()) return "no such access";
  std::string text;
  for (const Hold &h : program.info[it->second].accesses[n].holds)
    text += (text.empty() ? "" : " ") + to_string(h.lock) + (h.must ? "" : "?");
  return text;
}

inline const FunctionInfo &info(const Program &program, llvm::StringRef function) {
  return program.info[program.by_usr.lookup(sym(function))];
}

} // namespace snarl::test
