// Shared data used without the lock that guards it elsewhere. The evidence comes from guarded_by.cpp.
#include "rule.h"
#include "shared_uses.h"
#include "source_steps.h"
#include "wrong_locks.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>
#include <map>
#include <set>

namespace snarl {

static const char why[] = R"(
Most accesses to a field or variable hold a certain lock and this one does not: it can see a half-made value or lose an
update. The lock is inferred from how the program uses it, or declared by an attribute; the message says how many accesses
hold it and one of them is shown. Not reported: constructors and destructors, objects nobody else knows yet, code that
runs before the first thread starts or after the last has been joined, functions whose every caller holds the lock,
atomics, and data that is never written once threads run.
)";

static const char bad[] = R"(
#include <mutex>
#include <thread>

class Account {
public:
  void deposit(long n) {
    std::lock_guard<std::mutex> lock(mutex_);
    balance_ += n;
  }
  long balance() const { return balance_; } // without mutex_

private:
  mutable std::mutex mutex_;
  long balance_ = 0;
};

int main() {
  Account account;
  std::thread clerk([&] { account.deposit(5); });
  long seen = account.balance();
  clerk.join();
  return seen > 5;
}
)";

static const char good[] = R"(
#include <mutex>
#include <thread>

class Account {
public:
  void deposit(long n) {
    std::lock_guard<std::mutex> lock(mutex_);
    balance_ += n;
  }
  long balance() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return balance_;
  }

private:
  mutable std::mutex mutex_;
  long balance_ = 0;
};

int main() {
  Account account;
  std::thread clerk([&] { account.deposit(5); });
  long seen = account.balance();
  clerk.join();
  return seen > 5;
}
)";

static const char silence[] = R"(
Make the variable atomic if a single value is all there is to it. Otherwise `// NOLINT(unguarded-access)` on the line of
the access, with the reason why no other thread can be there at the same time.
)";

/// Can `use` meet another use of the location, one of them writing?
static bool races(const Program &program, const Use &use, const std::vector<Use> &uses) {
  return llvm::any_of(uses,
                      [&](const Use &other) { return (use.write || other.write) && can_meet(program, use, other); });
}

static void report(const Program &program, const SharedLocation &location, std::vector<const Use *> uses,
                   Findings &out) {
  llvm::sort(uses, [](const Use *a, const Use *b) {
    Place x = a->point->op->site.place(), y = b->point->op->site.place();
    return x < y || (x == y && a < b); // of one vector, so its order
  });
  const Use &first = *uses.front();
  bool write = llvm::any_of(uses, [](const Use *u) { return u->write; });
  Finding finding;
  finding.rule = "unguarded-access";
  finding.severity = Severity::Warning;
  std::string data = quoted(program, location.location), lock = quoted(program, location.guard);
  finding.message = fmt::format("{} is {} without {}, ", data, write ? "written" : "read", lock);
  finding.message += location.declared ? "which is declared to guard it"
                                       : fmt::format("which {} of {} accesses hold", location.held, location.total);
  finding.confidence = location.declared ? 90
                       : location.strong ? 60 + 30 * location.held / std::max(location.total, 1u)
                                         : 55;
  finding.reason = location.declared ? "an attribute names the lock"
                   : location.strong ? "the lock lies beside the data"
                                     : "the lock lies elsewhere, but nearly all accesses hold it";
  set_primary(program, finding, Hop{first.point->op->site, first.function, {}});
  add_callers(program, finding, *first.context, 6);
  std::vector<Place> shown;
  for (const Use *u : uses) {
    Place place = u->point->op->site.place();
    if (llvm::is_contained(shown, place)) continue;
    shown.push_back(place);
    finding.steps.push_back(
        source_step(program, Hop{u->point->op->site, u->function, {}},
                    fmt::format("{} {} here without the lock", data, u->write ? "written" : "read")));
  }
  const Use *with = nullptr; // a write tells more than a read
  for (const Use &u : location.uses)
    if (u.guarded == Use::Yes && (!with || (u.write && !with->write))) with = &u;
  if (with) {
    finding.steps.push_back(
        source_step(program, Hop{with->point->op->site, with->function, {}},
                    fmt::format("{} {} here with {} held", data, with->write ? "written" : "read", lock)));
    if (with->taken.line)
      finding.steps.push_back(
          {with->taken.place(), lock + " taken here", {}, program.name_of(with->function), {}, false});
  }
  finding.names = {program.name_of(location.location), program.name_of(location.guard)};
  finding.key = fmt::format("{} in {}", program.name_of(location.location), finding.function);
  out.push_back(std::move(finding));
}

static void from_source(const Program &program, Findings &out) {
  for (const SharedLocation &location : program.locations) {
    if (!location.inconsistent) continue;
    std::set<FunctionId> elsewhere; // reported as wrong-lock
    for (const WrongLock &w : wrong_locks(program, location)) elsewhere.insert(w.use->function);
    std::map<FunctionId, std::vector<const Use *>> by_function; // ordered by USR
    for (const Use &u : location.uses)
      if (u.guarded == Use::No && !elsewhere.count(u.function) &&
          (location.declared || races(program, u, location.uses)))
        by_function[u.function].push_back(&u);
    for (auto &[function, uses] : by_function) report(program, location, uses, out);
  }
}

extern const Rule unguarded_access = {
    .name = "unguarded-access",
    .summary = "shared data is used without the lock that guards it elsewhere",
    .severity = Severity::Warning,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = from_source,
    .from_run = nullptr,
};

} // namespace snarl
