// Notifications that get lost: the state a waiter tests changes between its test and its sleep, the wrong waiter is
#include "condvar_notify_source.h"
#include "source_steps.h"
#include "waits.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace snarl {
namespace {

using Waits = std::vector<const Waiting *>;

class Notifications {
public:
  Notifications(const Program &program, Findings &out) : program_(program), out_(out) {}

  void run() {
    std::vector<Waiting> all = all_waits(program_);
    std::map<std::string, Waits> by_condition;
    for (const Waiting &w : all)
      if (program_.decl(w.condition)) by_condition[w.condition.str().str()].push_back(&w);
    for (const auto &[key, waits] : by_condition) {
      collect(waits.front()->condition);
      without_lock(waits);
      wrong_waiter(waits);
      nobody(waits);
    }
  }

private:
  struct Notifying {
    FunctionId function;
    const Op *op;
  };

  void collect(Symbol condition) {
    notified_.clear();
    may_notify_.assign(program_.functions.size(), false);
    for (FunctionId f = 0; f < program_.functions.size(); ++f)
      for (const Block &b : program_.functions[f].blocks)
        for (const Op &op : b.ops)
          if (op.kind == OpKind::Notify && op.path.last_field() == condition) {
            notified_.push_back({f, &op});
            may_notify_[f] = true;
          }
    for (unsigned depth = 0; depth < 3; ++depth) {
      std::vector<bool> more = may_notify_;
      for (FunctionId f = 0; f < program_.functions.size(); ++f)
        for (const CallEdge &e : program_.info[f].edges)
          if (!e.spawn && may_notify_[e.callee]) more[f] = true;
      may_notify_ = std::move(more);
    }
  }

  bool takes(FunctionId f, const Op &op, Symbol lock) const {
    if (op.kind == OpKind::Acquire)
      return llvm::any_of(op.args, [&](const Value &v) { return v.path.last_field() == lock; });
    if (op.kind != OpKind::Call) return false;
    return llvm::any_of(program_.info[f].edges, [&](const CallEdge &e) {
      return e.op == &op && llvm::any_of(program_.info[e.callee].summary.acquires,
                                         [&](const Acquisition &a) { return a.lock.last_field() == lock; });
    });
  }

  /// The notification that follows the operation in this function, unless the lock is taken between the two.
  const Op *followed_by(FunctionId f, const Op *change, Symbol lock) const {
    const Function &fn = program_.functions[f];
    std::optional<Spot> at;
    for (uint32_t b = 0; b < fn.blocks.size(); ++b)
      for (uint32_t i = 0; i < fn.blocks[b].ops.size(); ++i)
        if (&fn.blocks[b].ops[i] == change) at = Spot{b, i};
    if (!at) return nullptr;
    llvm::SmallVector<Spot, 16> work{{at->block, at->index + 1}};
    llvm::BitVector seen(fn.blocks.size());
    while (!work.empty()) {
      Spot s = work.pop_back_val();
      bool stopped = false;
      for (uint32_t i = s.index; i < fn.blocks[s.block].ops.size() && !stopped; ++i) {
        const Op &op = fn.blocks[s.block].ops[i];
        if (takes(f, op, lock)) stopped = true;
        if (!stopped && op.kind == OpKind::Notify &&
            llvm::any_of(notified_, [&](const Notifying &n) { return n.op == &op; }))
          return &op;
        if (!stopped && op.kind == OpKind::Call && llvm::any_of(program_.info[f].edges, [&](const CallEdge &e) {
              return e.op == &op && may_notify_[e.callee];
            }))
          return &op;
      }
      if (stopped) continue;
      for (uint32_t to : fn.blocks[s.block].successors)
        if (!seen.test(to)) {
          seen.set(to);
          work.push_back({to, 0});
        }
    }
    return nullptr;
  }

  /// Is the code entered, at a time when others run, without the lock?
  bool bare(FunctionId f, const Point &p, Symbol lock) const {
    auto held = [&](const std::vector<Hold> &holds) {
      return holds_lock(holds, lock) || llvm::any_of(holds, [](const Hold &h) { return !h.lock.last_field(); });
    };
    if (held(p.holds)) return false;
    return llvm::any_of(program_.info[f].contexts, [&](const Context &c) {
      if (!(c.concurrent || p.beside) || (p.path.root == Root::This && c.own_this)) return false;
      std::vector<Hold> holds = c.holds;
      llvm::erase_if(holds, [&](const Hold &h) { return llvm::is_contained(p.dropped, h.lock); });
      return !held(holds);
    });
  }

  void without_lock(const Waits &waits) {
    std::set<const Op *> reported;
    for (const Waiting *w : waits) {
      Symbol lock = w->lock.last_field();
      if (!lock || w->op->how == How::Timed || (!w->predicate && !w->looped)) continue;
      for (FunctionId f = 0; f < program_.functions.size(); ++f) {
        if (program_.functions[f].in_system_header || program_.functions[f].is_constructor) continue;
        if (makes(f, lock)) continue;
        for (const Point &p : program_.info[f].accesses) {
          if (!p.op->write || p.own || !w->tested.count(p.path.last_field()) || !bare(f, p, lock)) continue;
          const Decl *d = program_.decl(p.path.last_field());
          if (!d || (d->sync_object && !d->atomic)) continue;
          const Op *notify = followed_by(f, p.op, lock);
          FunctionId in = f;
          if (!notify) { // raise(); ready.notify_all();
            for (FunctionId caller = 0; caller < program_.functions.size() && !notify; ++caller)
              for (const CallEdge &e : program_.info[caller].edges)
                if (!notify && e.callee == f && !e.spawn && !holds_lock(e.holds, lock) &&
                    leaves_at_once(f, p.op, lock)) {
                  notify = followed_by(caller, e.op, lock);
                  in = caller;
                }
          }
          if (!notify || !reported.insert(p.op).second) continue;
          report_change(*w, f, p, in, *notify);
        }
      }
    }
  }

  /// Who initialises the lock makes the object: nobody waits on it yet.
  bool makes(FunctionId f, Symbol lock) const {
    return llvm::any_of(program_.functions[f].blocks, [&](const Block &b) {
      return llvm::any_of(b.ops, [&](const Op &op) {
        return op.kind == OpKind::LockInit && !op.args.empty() && op.args[0].path.last_field() == lock;
      });
    });
  }

  /// No lock is taken after the change before the function ends.
  bool leaves_at_once(FunctionId f, const Op *change, Symbol lock) const {
    bool after = false;
    for (const Block &b : program_.functions[f].blocks)
      for (const Op &op : b.ops) {
        after |= &op == change;
        if (after && takes(f, op, lock)) return false;
      }
    return true;
  }

  void report_change(const Waiting &w, FunctionId f, const Point &p, FunctionId in, const Op &notify) {
    Finding finding = begin(w, Hop{p.op->site, f, {}});
    std::string data = quoted(program_, p.path), lock = quoted(program_, w.lock), condition = name();
    finding.message = fmt::format("{} is changed without {}: the notification can come between a waiter's test and its "
                                  "sleep, and is lost",
                                  data, lock);
    finding.steps.push_back(source_step(program_, Hop{p.op->site, f, {}}, fmt::format("{} changed here", data)));
    finding.steps.push_back(
        source_step(program_, Hop{notify.site, in, {}}, fmt::format("{} notified here", condition)));
    finding.steps.push_back(source_step(program_, Hop{w.op->site, w.function, {}},
                                        fmt::format("waits here for {}, tested with {} held", data, lock)));
    finding.names.push_back(program_.name_of(p.path));
    finding.key = fmt::format("{} without {} in {}", data, lock, finding.function);
    out_.push_back(std::move(finding));
  }

  void wrong_waiter(const Waits &waits) {
    auto apart = [](const Waiting &a, const Waiting &b) {
      return !a.enough.empty() && !b.enough.empty() &&
             llvm::none_of(a.enough, [&](Symbol part) { return b.enough.count(part) != 0; });
    };
    const Waiting *one = nullptr, *two = nullptr;
    for (const Waiting *a : waits)
      for (const Waiting *b : waits)
        if (!one && apart(*a, *b)) one = a, two = b;
    if (!one) return;
    for (const Notifying &n : notified_) {
      if (n.op->all) continue;
      Finding finding = begin(*one, Hop{n.op->site, n.function, {}});
      finding.message = fmt::format(
          "{} wakes one waiter, but they wait for different things: the one that could go on may sleep on", name());
      finding.steps.push_back(source_step(program_, Hop{n.op->site, n.function, {}}, "one waiter is woken here"));
      for (const Waiting *w : {one, two})
        finding.steps.push_back(
            source_step(program_, Hop{w->op->site, w->function, {}}, fmt::format("waits here for {}", wanted(*w))));
      finding.key = fmt::format("notify_one on {} in {}", name(), finding.function);
      out_.push_back(std::move(finding));
    }
  }

  static std::string wanted(const Waiting &w) {
    std::vector<std::string> parts;
    for (Symbol s : w.enough) {
      std::string text = s.str().str();
      for (size_t at; (at = text.find("this->")) != std::string::npos;) text.erase(at, 6);
      parts.push_back("'" + text + "'");
    }
    llvm::sort(parts);
    return fmt::format("{}", fmt::join(parts, ", "));
  }

  /// Waited on without a time-out, and nothing in the whole program notifies it or hands it to somebody who could.
  void nobody(const Waits &waits) {
    if (!notified_.empty() || !program_.closed) return;
    Symbol condition = waits.front()->condition;
    // What lives in one function can be ready before the waiter is started.
    const Path &named = waits.front()->op->path;
    const Decl *root = named.root == Root::Variable ? program_.decl(named.symbol) : nullptr;
    if ((root && root->function) || named.root == Root::Local || named.root == Root::Capture) return;
    if (llvm::any_of(waits, [](const Waiting *w) { return w->op->how == How::Timed; })) return;
    auto mentioned = [&](const Path &p) { return p.last_field() == condition; };
    for (const Function &f : program_.functions)
      for (const Block &b : f.blocks)
        for (const Op &op : b.ops) {
          if (op.kind == OpKind::Wait || op.kind == OpKind::Destroy) continue;
          if (mentioned(op.value.path) || llvm::any_of(op.value.bound, mentioned) ||
              llvm::any_of(op.args, [&](const Value &v) { return mentioned(v.path); }) || mentioned(op.dest))
            return;
        }
    const Waiting &w = *waits.front();
    Finding finding = begin(w, Hop{w.op->site, w.function, {}});
    finding.message = fmt::format("{} is waited on, but nothing in the program notifies it", name());
    finding.steps.push_back(source_step(program_, Hop{w.op->site, w.function, {}}, "waits here"));
    finding.key = fmt::format("{} never notified", name());
    out_.push_back(std::move(finding));
  }

  Finding begin(const Waiting &w, const Hop &at) {
    condition_ = w.condition;
    Finding finding;
    finding.rule = "condvar-notify";
    finding.severity = Severity::Warning;
    set_primary(program_, finding, at);
    finding.names = {program_.decl(w.condition)->name.str().str()};
    return finding;
  }

  std::string name() const { return fmt::format("'{}'", program_.decl(condition_)->name.str().str()); }

  const Program &program_;
  Findings &out_;
  Symbol condition_;
  std::vector<Notifying> notified_;
  std::vector<bool> may_notify_;
};

} // namespace

void condvar_notify_from_source(const Program &program, Findings &out) {
  Notifications(program, out).run();
}

} // namespace snarl
