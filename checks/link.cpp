#include "link.h"
#include "call_graph.h"
#include "contexts.h"
#include "guarded_by.h"
#include "path.h"
#include "summary.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {
namespace {

/// Of two descriptions of one thing the better one, whatever the order they come in.
std::tuple<bool, size_t, std::string> rank(const Function &f) {
  size_t ops = 0;
  for (const Block &b : f.blocks) ops += b.ops.size();
  return {!f.blocks.empty(), ops, f.site.file.str().str() + ":" + std::to_string(f.site.line)};
}

void merge_function(Function &into, Function &&other) {
  bool internal = into.internal && other.internal;
  std::vector<Contract> contracts = into.contracts.size() >= other.contracts.size() ? into.contracts : other.contracts;
  if (rank(into) < rank(other)) into = std::move(other);
  into.internal = internal;
  into.contracts = std::move(contracts);
}

void merge_decl(Decl &into, const Decl &other) {
  LockTraits lock = into.lock;
  lock.is_lock |= other.lock.is_lock;
  lock.recursive |= other.lock.recursive;
  lock.shared |= other.lock.shared;
  lock.thread_bound &= other.lock.thread_bound;
  Path guarded_by = into.guarded_by.known() ? into.guarded_by : other.guarded_by;
  if (!into.site.line || (other.site.line && std::pair(other.site.file.str(), other.site.line) <
                                                 std::pair(into.site.file.str(), into.site.line)))
    into = other;
  into.lock = lock;
  into.guarded_by = guarded_by;
}

/// Two definitions that are not copies of one, as inline functions are.
bool differ(const Function &a, const Function &b) {
  return !a.blocks.empty() && !b.blocks.empty() && !a.is_main && rank(a) != rank(b);
}

void merge_units(Program &program, std::vector<Facts> units) {
  unsigned cut = 0;
  llvm::DenseSet<Symbol> several;
  llvm::DenseMap<Symbol, size_t> index;
  for (Facts &unit : units) {
    cut += unit.bounded;
    for (Function &f : unit.functions) {
      auto [it, fresh] = index.try_emplace(f.usr, program.functions.size());
      if (fresh) {
        program.functions.push_back(std::move(f));
        continue;
      }
      Function &known = program.functions[it->second];
      if (differ(known, f)) several.insert(f.usr);
      merge_function(known, std::move(f));
    }
    for (Decl &d : unit.decls) {
      auto [it, fresh] = program.decls.try_emplace(d.usr, d);
      if (!fresh) merge_decl(it->second, d);
    }
    for (Record &r : unit.records) {
      auto [it, fresh] = program.records.try_emplace(r.usr, r);
      if (fresh) continue;
      for (Symbol b : r.bases)
        if (!llvm::is_contained(it->second.bases, b)) it->second.bases.push_back(b);
    }
  }
  if (cut) program.bounds.push_back(std::to_string(cut) + " functions or paths cut when files were read");
  llvm::sort(program.functions, [](const Function &a, const Function &b) { return a.usr.str() < b.usr.str(); });
  for (FunctionId i = 0; i < program.functions.size(); ++i) {
    program.by_usr[program.functions[i].usr] = i;
    if (several.contains(program.functions[i].usr)) program.bounded[kSeveralBodies].insert(i);
  }
}

/// A lock initialised as recursive anywhere is recursive.
void apply_lock_inits(Program &program) {
  for (const Function &f : program.functions)
    for (const Block &b : f.blocks)
      for (const Op &op : b.ops) {
        if (op.kind != OpKind::LockInit || op.args.empty()) continue;
        auto it = program.decls.find(op.args[0].path.last_field());
        if (it != program.decls.end()) it->second.lock.recursive |= op.traits.recursive;
      }
}

void find_overriders(Program &program) {
  for (FunctionId i = 0; i < program.functions.size(); ++i) {
    const Function &f = program.functions[i];
    if (f.blocks.empty()) continue;
    for (Symbol base : f.overrides) program.overriders[base].push_back(i);
  }
}

} // namespace

Program link(std::vector<Facts> units, const LinkOptions &options) {
  Program program;
  merge_units(program, std::move(units));
  apply_lock_inits(program);
  find_overriders(program);
  program.info.resize(program.functions.size());
  CallGraph graph(program, options);
  summarize(program, graph, options);
  find_contexts(program, options);
  find_locations(program);
  for (const auto &[what, where] : program.bounded) program.bounds.push_back(std::to_string(where.size()) + " " + what);
  return program;
}

const Function *Program::find(Symbol usr) const {
  auto it = by_usr.find(usr);
  return usr && it != by_usr.end() ? &functions[it->second] : nullptr;
}

const Decl *Program::decl(Symbol usr) const {
  auto it = decls.find(usr);
  return usr && it != decls.end() ? &it->second : nullptr;
}

std::string Program::name_of(FunctionId function) const {
  return function < functions.size() ? functions[function].name.str().str() : std::string();
}

std::string Program::name_of(const Path &path) const {
  Symbol field = path.last_field();
  const Decl *d = decl(field);
  std::string name = d ? d->name.str().str() : field.str().str();
  if (name.empty()) return "a lock that has no name here";
  if (!path.steps.empty() && path.steps.back().kind == PathStep::Index) name += "[]";
  return name;
}

unsigned Program::instances_of_record_with(Symbol field) const {
  const Decl *member = decl(field);
  auto record = member ? records.find(member->record) : records.end();
  if (record == records.end()) return 0;
  llvm::StringRef type = record->second.name.str();
  auto same = [&](llvm::StringRef name) {
    name.consume_front("const ");
    name.consume_front("class ");
    name.consume_front("struct ");
    return name == type || (name.consume_front(type) && name.starts_with("["));
  };
  unsigned objects = 0, constructed = 0; // the same ones, seen from two sides
  for (const auto &[usr, d] : decls)
    if (d.by_value && same(d.type.str())) ++objects;
  for (FunctionId f = 0; f < functions.size(); ++f) {
    for (const Local &l : functions[f].locals)
      if (l.by_value && same(l.type.str())) ++objects;
    for (const CallEdge &e : info[f].edges)
      if (functions[e.callee].is_constructor && functions[e.callee].record == member->record &&
          e.receiver.root != Root::This)
        constructed += e.repeats ? 2 : 1;
  }
  return std::max(objects, constructed);
}

std::vector<bool> Program::asleep(const std::vector<Site> &begun) const {
  // Whoever nobody in sight starts or calls runs at the earliest when main has started all it starts: the callbacks of
  // event libraries and the like.
  bool all_begun = llvm::all_of(functions, [&](const Function &f) {
    return !f.is_main || llvm::all_of(info[by_usr.lookup(f.usr)].summary.begun, [&](const Site &s) {
      return llvm::any_of(begun, [&](const Site &k) { return same_site(k, s); });
    });
  });
  std::vector<bool> sleeps(agents.size());
  for (size_t i = 0; i < agents.size(); ++i) {
    const Agent &a = agents[i];
    if (a.kind == SpawnKind::Signal) continue;
    if (a.starters.empty())
      sleeps[i] = a.entry == kNoFunction && !all_begun;
    else
      sleeps[i] = llvm::none_of(begun, [&](const Site &s) { return same_site(s, a.started); });
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < agents.size(); ++i) {
      auto started_by_others = [&](uint32_t s) {
        bool main = agents[s].entry != kNoFunction && functions[agents[s].entry].is_main;
        return !main && !sleeps[s];
      };
      if (!sleeps[i] || !llvm::any_of(agents[i].starters, started_by_others)) continue;
      sleeps[i] = false;
      changed = true;
    }
  }
  return sleeps;
}

bool Program::may_overlap(const std::vector<uint32_t> &a, const std::vector<uint32_t> &b) const {
  return !overlaps(a, {}, b, {}).empty();
}

std::vector<std::pair<uint32_t, uint32_t>> Program::overlaps(const std::vector<uint32_t> &a,
                                                             const std::vector<Site> &over_for_a,
                                                             const std::vector<uint32_t> &b,
                                                             const std::vector<Site> &over_for_b) const {
  auto over = [&](uint32_t agent, const std::vector<Site> &sites) {
    return llvm::any_of(sites, [&](const Site &s) { return same_site(s, agents[agent].started); });
  };
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t x : a)
    for (uint32_t y : b)
      if ((x != y || agents[x].repeats) && !over(y, over_for_a) && !over(x, over_for_b)) pairs.emplace_back(x, y);
  return pairs;
}

} // namespace snarl
