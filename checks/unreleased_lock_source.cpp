// Which locks out of balance are mistakes. A function may return holding a lock if that is what it is for: it is named
// so or has an attribute, it says by its result whether it holds, or somebody gives the lock back after calling it.
#include "unreleased_lock_source.h"
#include "link_paths.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <fmt/format.h>
#include <set>

namespace snarl {

/// lock(), try_lock_all(), AcquireFoo(), beginUpdate(): taking a lock is what it is for.
static bool named_as_taker(llvm::StringRef name) {
  name = name.rsplit(':').second.empty() ? name : name.rsplit(':').second;
  std::string lower = name.lower();
  llvm::StringRef text = lower;
  for (size_t at = text.find("lock"); at != llvm::StringRef::npos; at = text.find("lock", at + 1))
    if (at == 0 || (text[at - 1] != 'b' && text[at - 1] != 'c')) return true; // block, clock
  return text.contains("acquire") || text.starts_with("enter") || text.starts_with("begin") || text.contains("freeze");
}

static bool has_contract(const Function &f) {
  return llvm::any_of(f.contracts, [](const Contract &c) {
    return c.kind == Contract::Acquires || c.kind == Contract::TryAcquires || c.kind == Contract::NoAnalysis;
  });
}

namespace {

/// What the whole program does with locks.
struct Balance {
  std::set<FunctionId> relieved; ///< functions whose callers give back what they return holding
  std::set<Symbol> given_back;   ///< locks released, adopted or handed on by hand somewhere
  bool anonymously = false;      ///< a lock is released that is a parameter or the like: it can be any
  std::set<FunctionId> entries;  ///< of threads

  explicit Balance(const Program &program) {
    for (const FunctionInfo &info : program.info) {
      relieved.insert(info.relieved.begin(), info.relieved.end());
      for (const CallEdge &e : info.edges)
        if (e.spawn) entries.insert(e.callee);
    }
    for (const Function &f : program.functions)
      for (const Block &b : f.blocks)
        for (const Op &op : b.ops) {
          bool gives = op.kind == OpKind::Release || (op.kind == OpKind::Acquire && op.how == How::Adopt);
          if (!gives && op.kind != OpKind::Call) continue;
          for (const Value &v : op.args) {
            if (Symbol lock = v.path.last_field())
              given_back.insert(lock);
            else if (gives)
              anonymously = true;
          }
        }
  }
};

class Judge {
public:
  Judge(const Program &program, Findings &out) : program_(program), balance_(program), out_(out) {}

  void judge(FunctionId f, const LockFault &fault) {
    if (!is_mistake(f, fault) || of_callee(fault)) return;
    Finding finding;
    finding.rule = "unreleased-lock";
    finding.severity = Severity::Error;
    finding.tier = fault.kind == LockFault::Kept ? Tier::Possible : Tier::Ordered;
    std::string lock = quoted(program_, fault.hold.lock);
    finding.message = message(f, fault, lock);
    set_primary(program_, finding, fault.chain.front());
    if (!fault.hold.taken.empty()) add_chain(program_, finding, fault.hold.taken, fmt::format("{} taken here", lock));
    if (fault.kind == LockFault::GivenTwice)
      for (const Site &s : fault.also)
        finding.steps.push_back(source_step(program_, Hop{s, f, {}}, fmt::format("{} given back here", lock)));
    if (fault.kind != LockFault::Kept) add_chain(program_, finding, fault.chain, last_step(fault, lock));
    if (fault.kind == LockFault::Returned)
      for (const Site &s : fault.also) finding.steps.push_back(source_step(program_, Hop{s, f, {}}, "and here"));
    finding.names = {program_.name_of(fault.hold.lock)};
    finding.key = fmt::format("{} in {}, {}", finding.names[0], finding.function, int(fault.kind));
    out_.push_back(std::move(finding));
  }

private:
  /// The callee that took the lock should have given it back.
  bool of_callee(const LockFault &fault) const {
    if (fault.hold.taken.size() < 2) return false;
    FunctionId callee = fault.hold.taken[1].in;
    return llvm::any_of(program_.info[callee].faults, [&](const LockFault &other) {
      return other.kind == LockFault::Returned && other.hold.lock.last_field() == fault.hold.lock.last_field() &&
             is_mistake(callee, other);
    });
  }

  bool callers_hold(FunctionId f, const Path &lock) const {
    return llvm::any_of(program_.info[f].contexts, [&](const Context &c) {
      return llvm::any_of(c.holds, [&](const Hold &h) { return h.lock.last_field() == lock.last_field(); });
    });
  }

  bool is_mistake(FunctionId f, const LockFault &fault) const {
    const Function &fn = program_.functions[f];
    bool own_business = fn.is_constructor || has_contract(fn) || named_as_taker(fn.name.str());
    switch (fault.kind) {
    case LockFault::Kept: {
      if (balance_.entries.count(f) && fault.hold.taken.size() == 1) return true;
      Symbol lock = fault.hold.lock.last_field();
      return !own_business && !fn.is_destructor && !fn.is_lambda && lock && fault.hold.taken.size() == 1 &&
             !balance_.anonymously && !balance_.given_back.count(lock) && !balance_.relieved.count(f);
    }
    case LockFault::Returned: return !own_business && !fault.succeeds && !balance_.relieved.count(f);
    case LockFault::Thrown: return !has_contract(fn) && !fn.is_constructor;
    case LockFault::ThreadEnded: return true;
    case LockFault::DestroyedHeld: return !fault.hold.traits.recursive;
    case LockFault::NotHeld:
    case LockFault::GivenTwice:
      return !fault.hold.traits.recursive && !recursive(fault.hold.lock) && !has_contract(fn) &&
             (fault.kind == LockFault::GivenTwice || !callers_hold(f, fault.hold.lock));
    case LockFault::NotAdopted: return false; // guard-misuse
    }
    return false;
  }

  bool recursive(const Path &lock) const {
    const Decl *decl = program_.decl(lock.last_field());
    return decl && decl->lock.recursive;
  }

  std::string message(FunctionId f, const LockFault &fault, const std::string &lock) const {
    switch (fault.kind) {
    case LockFault::Kept:
      return balance_.entries.count(f) ? fmt::format("the thread ends and still holds {}", lock)
                                       : fmt::format("{} is taken here and never given back", lock);
    case LockFault::Returned: return fmt::format("{} is still held when '{}' returns here", lock, program_.name_of(f));
    case LockFault::Thrown: {
      std::string who = thrower(fault);
      return fmt::format("{} stays held when {} throws", lock, who == "throw" ? "this" : "'" + who + "'");
    }
    case LockFault::ThreadEnded: return fmt::format("the thread ends here and still holds {}", lock);
    case LockFault::NotHeld:
      return fault.attempt ? fmt::format("{} is given back although the attempt to take it may have failed", lock)
                           : fmt::format("{} is given back here, but not every way here has taken it", lock);
    case LockFault::GivenTwice: return fmt::format("{} is given back twice", lock);
    case LockFault::NotAdopted: return fmt::format("{} is adopted, but not held", lock);
    case LockFault::DestroyedHeld: return fmt::format("{} is destroyed while it is held", lock);
    }
    return {};
  }

  std::string thrower(const LockFault &fault) const {
    const Hop &first = fault.chain.front();
    if (fault.chain.size() > 1 && first.callee) return first.callee.str().str();
    for (const Block &b : program_.functions[first.in].blocks)
      for (const Op &op : b.ops)
        if (op.kind == OpKind::Throw && same_site(op.site, first.site)) return op.api.str().str();
    return "a callee";
  }

  static std::string last_step(const LockFault &fault, const std::string &lock) {
    switch (fault.kind) {
    case LockFault::Returned: return fmt::format("returns here with {} held", lock);
    case LockFault::Thrown: return "an exception starts here";
    case LockFault::ThreadEnded: return "the thread ends here";
    case LockFault::DestroyedHeld: return fmt::format("{} destroyed here", lock);
    case LockFault::NotAdopted: return fmt::format("{} adopted here", lock);
    default: return fmt::format("{} given back here", lock);
    }
  }

  const Program &program_;
  Balance balance_;
  Findings &out_;
};

} // namespace

void unreleased_lock_from_source(const Program &program, Findings &out) {
  Judge judge(program, out);
  for (FunctionId f = 0; f < program.functions.size(); ++f) {
    if (program.functions[f].in_system_header || program.functions[f].is_coroutine) continue;
    for (const LockFault &fault : program.info[f].faults) judge.judge(f, fault);
  }
}

} // namespace snarl
