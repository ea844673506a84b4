// A read in one critical section decides about a change in a later one. Functions that lock inside are sections of
// their own: what they return was read under the lock, what they change is changed under it again.
#include "call_frame.h"
#include "check_then_act.h"
#include "link_paths.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <set>

namespace snarl {
namespace {

/// An access in a critical section that is entered here: directly, or in a function that is called here.
struct Entry {
  const Op *op = nullptr; ///< the access, or the call
  Path location, lock;
  std::vector<Hold> around; ///< other locks held here
  Site section;
  bool write = false;
  bool returned = false; ///< a read whose value the function returns (of callees)
  bool settled = false;  ///< a write that only happens if a test in the same section says so
  bool same_section_write = false;
  bool call = false;
  bool assigned = false; ///< a write of a value as a whole: what a setter does with its argument
};

/// Is what is written what was read, or an element or part of it? What a pointer leads to is not the pointer.
bool same_data(const Program &program, const Path &read, const Path &write) {
  Path r = stripped(read);
  if (!r.known() || !r.last_field() || !starts_with(write, r)) return false;
  if (r.steps.size() == write.steps.size()) return true;
  const Decl *d = program.decl(r.last_field());
  return d && d->by_value && !d->type.str().contains("_ptr<") && !d->type.str().ends_with("*");
}

class Sections {
public:
  explicit Sections(const Program &program) : program_(program), known_(program.functions.size()) {}

  std::vector<Decision> run() {
    std::vector<Decision> out;
    for (FunctionId f = 0; f < program_.functions.size(); ++f)
      if (!program_.functions[f].in_system_header && !program_.functions[f].is_constructor &&
          !program_.functions[f].blocks.empty())
        judge(f, out);
    return out;
  }

private:
  static const Hold *own_hold(const Point &p, FunctionId f) {
    const Hold *found = nullptr;
    for (const Hold &h : p.holds)
      if (h.must && !h.assumed && h.lock.last_field() && !h.taken.empty() && h.taken.front().in == f) found = &h;
    return found;
  }

  bool is_data(const Path &path) const {
    const Decl *d = program_.decl(stripped(path).last_field());
    return d && !d->atomic && !d->sync_object && !d->constant && !d->thread_local_;
  }

  /// Sections that `f` enters, itself and through calls.
  const std::vector<Entry> &entries(FunctionId f, unsigned depth) {
    if (known_[f]) return *known_[f];
    known_[f].emplace(); // for recursion
    std::vector<Entry> all;
    for (const Point &p : program_.info[f].accesses) {
      const Hold *h = own_hold(p, f);
      if (!h || p.op->atomic || p.own || !p.path.known() || p.op->in_macro_of_system) continue;
      Entry e;
      e.op = p.op;
      e.location = p.path;
      e.lock = h->lock;
      e.section = h->taken.front().site;
      e.write = p.op->write;
      e.around = p.holds;
      e.assigned = p.op->update == Update::None && p.op->api.empty() && p.op->value.truth == Value::Unknown;
      all.push_back(e);
    }
    if (depth < 3)
      for (const CallEdge &edge : program_.info[f].edges) {
        if (edge.spawn || edge.callee == f || edge.awaited || edge.op->kind != OpKind::Call) continue;
        CallFrame frame;
        frame.callee = &program_.functions[edge.callee];
        frame.receiver = edge.receiver;
        frame.args = edge.args;
        if (edge.same_frame) frame.captures = frame.callee->captures;
        for (const Entry &inner : entries(edge.callee, depth + 1)) {
          if (!inner.returned && !inner.write) continue;
          Entry e = inner;
          e.op = edge.op;
          e.location = frame.up(inner.location);
          e.lock = frame.up(inner.lock);
          e.section = edge.op->site;
          e.call = true;
          e.around = edge.holds;
          e.returned = false;
          if (!e.location.known() || !e.lock.known()) continue;
          if (llvm::any_of(edge.holds, [&](const Hold &h) { return h.lock == e.lock; })) continue; // in our section
          all.push_back(e);
        }
      }
    finish(f, all);
    known_[f] = std::move(all);
    return *known_[f];
  }

  void finish(FunctionId f, std::vector<Entry> &all) {
    const Function &fn = program_.functions[f];
    std::set<uint32_t> returned;
    for (const Block &b : fn.blocks)
      for (const Op &op : b.ops)
        if (op.kind == OpKind::Return) {
          returned.insert(op.uses.begin(), op.uses.end());
          if (op.value.path.root == Root::Result) returned.insert(op.value.path.index);
        }
    gives_back_ = llvm::any_of(fn.blocks, [](const Block &b) {
      return llvm::any_of(b.ops, [](const Op &op) { return op.kind == OpKind::Return; });
    });
    std::optional<Flow> flow;
    for (Entry &e : all) {
      if (!e.write) {
        e.returned = returned.count(e.op->id) != 0;
        e.same_section_write = llvm::any_of(all, [&](const Entry &o) {
          return o.write && same_site(o.section, e.section) && same_data(program_, e.location, o.location);
        });
      } else if (!e.call) {
        if (!flow) flow.emplace(fn);
        e.settled = settles_itself(e) || tested_in_section(fn, *flow, e, all);
      }
    }
  }

  /// map.try_emplace() and the like keep what is there; erase(key) and clear() do the same whatever is there.
  bool settles_itself(const Entry &e) const {
    const Decl *d = program_.decl(stripped(e.location).last_field());
    llvm::StringRef type = d ? d->type.str() : "", method = e.op->api.str();
    bool unique = type.contains("map") || type.contains("set");
    return method == "try_emplace" || method == "clear" || (unique && method.starts_with("emplace")) ||
           (unique && method == "insert") || (unique && method == "erase" && e.op->uses.empty());
  }

  /// Is it tested in the same section whether to write, so that some outcome writes nothing?
  bool tested_in_section(const Function &fn, const Flow &flow, const Entry &write,
                         const std::vector<Entry> &all) const {
    auto at = spot_of(fn, write.op);
    if (!at) return false;
    llvm::BitVector controllers = flow.controllers(at->block);
    for (unsigned b : controllers.set_bits()) {
      bool again = llvm::any_of(all, [&](const Entry &e) {
        return !e.write && same_site(e.section, write.section) &&
               llvm::is_contained(fn.blocks[b].branch.uses, e.op->id);
      });
      if (!again) continue;
      for (uint32_t to : fn.blocks[b].successors) {
        bool writes = llvm::any_of(all, [&](const Entry &e) {
          if (!e.write || !same_site(e.section, write.section) || !overlaps(e.location, write.location)) return false;
          auto other = spot_of(fn, e.op);
          return other && flow.forward(to, other->block);
        });
        if (!writes && (gives_back_ || !does_something(fn, flow, b, to))) return true;
      }
    }
    return false;
  }

  /// Does an outcome of the branch lead to calls or changes of its own? A function that returns nothing and finds what
  /// it looks for there changes it instead: put(key, value).
  static bool does_something(const Function &fn, const Flow &flow, uint32_t branch, uint32_t to) {
    for (uint32_t b = 0; b < fn.blocks.size(); ++b) {
      if (!flow.forward(to, b) || flow.postdominates(b, branch)) continue;
      if (llvm::any_of(fn.blocks[b].ops,
                       [](const Op &op) { return op.kind == OpKind::Call || (op.kind == OpKind::Access && op.write); }))
        return true;
    }
    return false;
  }

  static bool overlaps(const Path &a, const Path &b) {
    return starts_with(a, stripped(b)) || starts_with(b, stripped(a));
  }

  /// Another lock, taken here or by all callers, is held from the read to the change.
  bool under_one_lock(FunctionId f, const Entry &read, const Entry &write) const {
    auto same = [](const Hold &a, const Hold &b) {
      return a.must && b.must && a.lock == b.lock && !a.taken.empty() && !b.taken.empty() &&
             same_site(a.taken.front().site, b.taken.front().site);
    };
    for (const Hold &h : read.around)
      if (!(h.lock == read.lock) && llvm::any_of(write.around, [&](const Hold &o) { return same(h, o); })) return true;
    const auto &contexts = program_.info[f].contexts;
    return !contexts.empty() && llvm::all_of(contexts, [](const Context &c) {
      return !c.concurrent || llvm::any_of(c.holds, [](const Hold &h) { return h.must; });
    });
  }

  /// Does the function wait as long as the read says so?
  static bool waited_for(const Function &fn, const Flow &flow, uint32_t read) {
    for (uint32_t b = 0; b < fn.blocks.size(); ++b) {
      if (llvm::none_of(fn.blocks[b].ops, [](const Op &op) { return op.kind == OpKind::Wait; })) continue;
      for (uint32_t c : flow.decided_by(b))
        if (llvm::is_contained(fn.blocks[c].branch.uses, read)) return true;
    }
    return false;
  }

  void judge(FunctionId f, std::vector<Decision> &out) {
    const Function &fn = program_.functions[f];
    const std::vector<Entry> &all = entries(f, 0);
    bool reads = false, writes = false;
    for (const Entry &e : all) (e.write ? writes : reads) = true;
    if (!reads || !writes) return;
    Flow flow(fn);
    std::vector<Site> said; // sections: several fields that go together are one finding
    for (const Entry &write : all) {
      if (!write.write || write.settled ||
          llvm::any_of(said, [&](const Site &s) { return same_site(s, write.section); }) || !is_data(write.location))
        continue;
      auto to = spot_of(fn, write.op);
      if (!to) continue;
      llvm::BitVector controllers = flow.controllers(to->block);
      for (const Entry &read : all) {
        if (read.write || read.same_section_write || same_site(read.section, write.section) ||
            !(read.lock == write.lock) || !same_data(program_, read.location, write.location) ||
            !is_data(read.location))
          continue;
        auto from = spot_of(fn, read.op);
        if (!from || read.op->id > write.op->id || !flow.forward(from->block, to->block)) continue;
        bool by_value = (!write.call || write.assigned) && llvm::is_contained(write.op->uses, read.op->id);
        if (!by_value && !controlled_by(fn, controllers, read.op->id)) continue;
        if (under_one_lock(f, read, write)) continue;
        if (waited_for(fn, flow, read.op->id) || said_before(all, read, write)) continue;
        if (!others_write(program_, f, stripped(read.location))) continue;
        Decision d;
        d.function = f;
        d.check = read.op;
        d.act = write.op;
        d.location = stripped(read.location);
        d.lock = write.lock;
        if (!write.call) d.dropped = write.section;
        out.push_back(d);
        said.push_back(write.section);
        break;
      }
    }
  }

  /// The section of the read changes the data as well: it claims what it found.
  static bool said_before(const std::vector<Entry> &all, const Entry &read, const Entry &write) {
    return llvm::any_of(all, [&](const Entry &e) {
      return e.write && same_site(e.section, read.section) && overlaps(e.location, write.location) && e.op != write.op;
    });
  }

  const Program &program_;
  std::vector<std::optional<std::vector<Entry>>> known_;
  bool gives_back_ = false; ///< the function looked at returns a value
};

} // namespace

std::vector<Decision> decisions_under_locks(const Program &program) {
  return Sections(program).run();
}

} // namespace snarl
