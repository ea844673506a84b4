// A lock wanted where it is held. The two must be the same object beyond doubt: the same path from the same root, or an
// object that holds its lock, calls another and is called back by it, of which the program makes only one.
#include "self_deadlock_source.h"
#include "link_paths.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <fmt/format.h>
#include <set>

namespace snarl {

/// Elements picked by a variable can be others the second time.
static bool certain(const Path &p) {
  return llvm::all_of(p.steps, [](const PathStep &s) {
    return s.kind != PathStep::Index ||
           (!s.symbol.empty() && llvm::all_of(s.symbol.str(), [](char c) { return llvm::isDigit(c); }));
  });
}

/// `wanted` leads from the owner of `held` out through another object, or through a callable that the owner keeps, and
/// back to an object of the owner's class; and there is only one of those.
static bool comes_back(const Program &program, const Path &held, const Acquisition &wanted) {
  if (wanted.chain.size() < 2 || held.last_field() != wanted.lock.last_field() || !has_field(held)) return false;
  const Decl *lock = program.decl(held.last_field());
  if (!lock || !lock->record) return false;
  unsigned made = program.instances_of_record_with(held.last_field());
  Path owner = owner_of(held);
  if (!wanted.lock.known() && wanted.stored.known() && starts_with(wanted.stored, owner)) return made == 1;
  Path back = stripped(owner_of(wanted.lock)); // ends in the field that refers back
  const Decl *reference = back.steps.empty() ? nullptr : program.decl(back.steps.back().symbol);
  if (!reference || reference->by_value || reference->record == lock->record) return false;
  bool from_owner =
      wanted.lock.known() && starts_with(wanted.lock, owner) && back.steps.size() >= owner.steps.size() + 2;
  return from_owner ? made <= 1 : !wanted.lock.known() && made == 1;
}

/// Several calls of one function under one lock are one mistake: the first is the place, the others are shown.
static bool seen(Findings &mine, const Program &program, const Acquisition &want, const std::string &key) {
  for (Finding &f : mine) {
    if (f.key != key) continue;
    f.steps.push_back(source_step(program, want.chain.front(), "and here"));
    f.steps.back().main = false;
    return true;
  }
  return false;
}

void self_deadlock_from_source(const Program &program, Findings &out) {
  for (FunctionId f = 0; f < program.functions.size(); ++f) {
    if (program.functions[f].in_system_header || program.info[f].contexts.empty()) continue;
    Findings mine;
    for (const LockPair &pair : program.info[f].pairs) {
      const Acquisition &want = pair.wanted;
      if (want.how != How::Lock || want.traits.recursive || (want.conditional && want.chain.size() > 1)) continue;
      for (const Hold &h : pair.holds) {
        if (!h.must || h.traits.recursive || h.taken.empty()) continue;
        if (h.mode == Mode::Shared && want.mode == Mode::Shared) continue;
        bool same = same_object(h.lock, want.lock) && certain(h.lock);
        if (!same && !comes_back(program, h.lock, want)) continue;
        std::string key = program.name_of(h.lock) + " in " + program.name_of(f);
        if (want.chain.size() > 1) key += " by " + want.chain.front().callee.str().str();
        if (seen(mine, program, want, key)) break;
        Finding finding;
        finding.rule = "self-deadlock";
        finding.severity = Severity::Error;
        finding.tier = same ? Tier::Ordered : Tier::Possible;
        std::string lock = quoted(program, h.lock);
        finding.message = want.chain.size() > 1 ? fmt::format("'{}' wants {}, which is held here",
                                                              want.chain.front().callee.str().str(), lock)
                                                : fmt::format("{} is taken again by the thread that holds it", lock);
        if (h.mode == Mode::Shared) finding.message += " for reading";
        finding.message += ": the thread waits for itself";
        set_primary(program, finding, want.chain.front());
        add_chain(program, finding, h.taken, fmt::format("{} taken here", lock));
        add_chain(program, finding, want.chain, fmt::format("{} wanted again here", lock));
        finding.names = {program.name_of(h.lock)};
        finding.key = key;
        mine.push_back(std::move(finding));
        break;
      }
    }
    std::move(mine.begin(), mine.end(), std::back_inserter(out));
  }
}

} // namespace snarl
