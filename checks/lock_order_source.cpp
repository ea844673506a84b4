// The lock graph of the source. A node is a lock class: the field or variable that names the lock. Where one wrapper
// type is used for several locks ("Locked::mu_" in two members), the member tells them apart; a lock whose member is
// not known can be any of them. Two instances of one class are no circle of classes; they are reported where nothing
// orders the two: `this` and a parameter, two parameters, two results of one look-up.
#include "lock_order_source.h"
#include "link_paths.h"
#include "lock_graph.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <fmt/format.h>
#include <map>
#include <set>

namespace snarl {
namespace {

constexpr unsigned kMaxExpansions = 4;

class Classes {
public:
  Classes(const Program &program) : program_(program) {
    auto see = [&](const Path &p) {
      std::vector<Symbol> c = containment(program, p);
      if (c.size() > 1) members_[text(c.back())].insert(joined(c));
    };
    for (const FunctionInfo &info : program.info)
      for (const LockPair &pair : info.pairs) {
        see(pair.wanted.lock);
        for (const Hold &h : pair.holds) see(h.lock);
      }
  }

  /// The classes `path` can belong to, most likely first; none if it has no name.
  std::vector<std::string> of(const Path &path) const {
    std::vector<Symbol> c = containment(program_, path);
    if (c.empty()) return {};
    auto it = members_.find(text(c.back()));
    if (it == members_.end() || it->second.size() < 2) return {text(c.back())};
    if (c.size() > 1) return {joined(c)};
    std::vector<std::string> all{text(c.back())};
    for (const std::string &member : it->second)
      if (all.size() < kMaxExpansions) all.push_back(member);
    return all;
  }

private:
  static std::string text(Symbol s) { return s.str().str(); }
  static std::string joined(const std::vector<Symbol> &c) {
    std::string all;
    for (Symbol s : c) all += "/" + text(s);
    return all;
  }

  const Program &program_;
  std::map<std::string, std::set<std::string>> members_;
};

/// Where a dependency comes from.
struct Side {
  FunctionId function = kNoFunction;
  const LockPair *pair = nullptr;
  const Context *context = nullptr;
  std::map<std::string, const Hold *> holds; ///< by class
  std::string wanted;
};

class Search {
public:
  Search(const Program &program, Findings &out) : program_(program), classes_(program), out_(out) {}

  void run() {
    for (FunctionId f = 0; f < program_.functions.size(); ++f) {
      if (program_.functions[f].in_system_header) continue;
      for (const LockPair &pair : program_.info[f].pairs) {
        if (pair.wanted.how != How::Lock) continue;
        for (const Context &c : program_.info[f].contexts)
          if (runs_beside(c, pair)) add(f, pair, c);
      }
      instances(f);
    }
    CycleOptions options;
    options.may_overlap = [&](size_t a, size_t b) {
      return program_.may_overlap(sides_[a].context->agents, sides_[b].context->agents);
    };
    CycleResult result = find_lock_cycles(dependencies_, options);
    for (const LockCycle &cycle : result.cycles) report(cycle);
    // A circle that takes a detour through further locks falls with the shorter one.
    auto detour = [&](const std::set<std::string> &locks) {
      return llvm::any_of(found_, [&](const auto &other) {
        return other.first.size() < locks.size() &&
               std::includes(locks.begin(), locks.end(), other.first.begin(), other.first.end());
      });
    };
    for (auto &[locks, finding] : found_)
      if (!detour(locks)) out_.push_back(std::move(finding));
  }

private:
  bool runs_beside(const Context &c, const LockPair &pair) const {
    bool handler = llvm::all_of(c.agents, [&](uint32_t a) { return program_.agents[a].kind == SpawnKind::Signal; });
    return (c.concurrent || pair.beside) && !handler;
  }

  uint32_t id(const std::string &lock) { return ids_.try_emplace(lock, ids_.size() + 1).first->second; }

  void add(FunctionId f, const LockPair &pair, const Context &context) {
    for (const std::string &wanted : classes_.of(pair.wanted.lock)) {
      Side side{f, &pair, &context, {}, wanted};
      Dependency d;
      d.agent = dependencies_.size(); // who can meet whom is asked of may_overlap
      d.repeats = true;
      d.wanted = {id(wanted), pair.wanted.mode == Mode::Shared};
      bool own_class = false, local = false;
      auto hold = [&](const Hold &h, bool here) {
        for (const std::string &held : classes_.of(h.lock)) {
          own_class |= held == wanted && same_object(h.lock, pair.wanted.lock);
          if (held == wanted || !side.holds.try_emplace(held, &h).second) continue;
          d.held.push_back({id(held), h.mode == Mode::Shared});
          local |= here;
        }
      };
      for (const Hold &h : pair.holds) hold(h, true);
      for (const Hold &h : context.holds)
        if (h.must && !llvm::is_contained(pair.wanted.dropped, h.lock)) hold(h, false);
      if (!local || own_class) continue; // own class: a self-deadlock, or a recursive lock that is not wanted again
      auto [it, fresh] = variants_.try_emplace({f, &pair}, variants_.size() + 1);
      d.variant = it->second;
      dependencies_.push_back(std::move(d));
      sides_.push_back(std::move(side));
    }
  }

  void report(const LockCycle &cycle) {
    std::set<std::string> locks;
    for (size_t i : cycle.dependencies) locks.insert(sides_[i].wanted);
    auto [it, fresh] = found_.try_emplace(locks);
    Finding &finding = it->second;
    if (!fresh && finding.steps.size() > 24) return; // enough of the same
    size_t n = cycle.dependencies.size();
    if (fresh) {
      const Side &first = sides_[cycle.dependencies[0]];
      finding.rule = "lock-order";
      finding.severity = Severity::Error;
      finding.tier = Tier::Ordered;
      for (size_t i = 0; i < n; ++i) {
        const Side &s = sides_[cycle.dependencies[i]];
        const Hold &h = held(s, sides_[cycle.dependencies[(i + n - 1) % n]]);
        finding.message += fmt::format("{}{} takes {} while it holds {}", i ? ", " : "", program_.name_of(s.function),
                                       quoted(program_, s.pair->wanted.lock), quoted(program_, h.lock));
        finding.names.push_back(program_.name_of(s.pair->wanted.lock));
      }
      finding.message += ": they can wait for each other for ever";
      set_primary(program_, finding, first.pair->wanted.chain.front());
      for (const std::string &lock : locks) finding.key += lock + " ";
    }
    for (size_t i = 0; i < n; ++i) {
      const Side &s = sides_[cycle.dependencies[i]];
      const Hold &h = held(s, sides_[cycle.dependencies[(i + n - 1) % n]]);
      std::string side = n == 2 ? (i ? "the other side" : "one side") : fmt::format("side {}", i + 1);
      size_t before = finding.steps.size();
      add_chain(program_, finding, h.taken, fmt::format("takes {}", quoted(program_, h.lock)), side);
      add_chain(program_, finding, s.pair->wanted.chain, fmt::format("wants {}", quoted(program_, s.pair->wanted.lock)),
                side);
      if (!fresh)
        for (size_t k = before; k < finding.steps.size(); ++k) finding.steps[k].main = false;
    }
  }

  /// The lock of `side` that `before` waits for.
  const Hold &held(const Side &side, const Side &before) const { return *side.holds.at(before.wanted); }

  // ---- two instances of one class

  /// Both are reached in the same way from two roots that nothing orders.
  static bool unordered(const Path &a, const Path &b) {
    auto picked = [](const Path &p) { return p.root == Root::This || p.root == Root::Param || p.root == Root::Result; };
    if (!picked(a) || !picked(b) || a.steps.empty()) return false;
    if (a.root == b.root && a.index == b.index) {
      // One container, two elements picked by two plain names: accounts[from], accounts[to].
      if (a.steps.size() != b.steps.size()) return false;
      unsigned differ = 0;
      for (size_t i = 0; i < a.steps.size(); ++i) {
        if (a.steps[i] == b.steps[i]) continue;
        auto name = [](const PathStep &s) {
          return s.kind == PathStep::Index && !s.symbol.empty() &&
                 llvm::all_of(s.symbol.str(), [](char c) { return llvm::isAlpha(c) || c == '_'; });
        };
        if (!name(a.steps[i]) || !name(b.steps[i])) return false;
        ++differ;
      }
      return differ == 1;
    }
    return a.steps == b.steps;
  }

  void instances(FunctionId f) {
    const std::vector<LockPair> &pairs = program_.info[f].pairs;
    for (const LockPair &pair : pairs) {
      if (pair.wanted.how != How::Lock) continue;
      const Context *beside = nullptr;
      for (const Context &c : program_.info[f].contexts)
        if (runs_beside(c, pair) && program_.may_overlap(c.agents, c.agents)) beside = &c;
      if (!beside) continue;
      for (const Hold &h : pair.holds) {
        if (h.lock.last_field() != pair.wanted.lock.last_field() || !unordered(h.lock, pair.wanted.lock)) continue;
        if (h.mode == Mode::Shared && pair.wanted.mode == Mode::Shared) continue;
        // Taken the other way round in the same function: it looks which of the two comes first.
        bool both_ways = llvm::any_of(pairs, [&](const LockPair &other) {
          return same_object(other.wanted.lock, h.lock) &&
                 llvm::any_of(other.holds, [&](const Hold &x) { return same_object(x.lock, pair.wanted.lock); });
        });
        bool gated =
            llvm::any_of(pair.holds, [&](const Hold &x) { return &x != &h && x.must && !unordered(x.lock, h.lock); }) ||
            llvm::any_of(beside->holds, [](const Hold &x) { return x.must; });
        if (both_ways || gated) continue;
        Finding finding;
        finding.rule = "lock-order";
        finding.severity = Severity::Error;
        finding.tier = Tier::Ordered;
        std::string lock = quoted(program_, h.lock);
        finding.message =
            fmt::format("takes {} of a second object while it holds that of a first: two threads that come with the "
                        "objects swapped wait for each other for ever",
                        lock);
        set_primary(program_, finding, pair.wanted.chain.front());
        add_chain(program_, finding, h.taken, fmt::format("takes {} of one object", lock));
        add_chain(program_, finding, pair.wanted.chain, fmt::format("wants {} of another", lock));
        finding.names = {program_.name_of(h.lock)};
        finding.key = fmt::format("{} twice in {}", program_.name_of(h.lock), finding.function);
        out_.push_back(std::move(finding));
        break;
      }
    }
  }

  const Program &program_;
  Classes classes_;
  Findings &out_;
  std::map<std::string, uint32_t> ids_;
  std::map<std::pair<FunctionId, const LockPair *>, uint32_t> variants_;
  std::vector<Dependency> dependencies_;
  std::vector<Side> sides_;
  std::map<std::set<std::string>, Finding> found_;
};

} // namespace

void lock_order_from_source(const Program &program, Findings &out) {
  Search(program, out).run();
}

} // namespace snarl
