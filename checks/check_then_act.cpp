// Decisions on shared state that no longer hold when they are acted on.
#include "check_then_act.h"
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
A value is read under a lock, the lock is dropped, and what was decided from the value is done under the lock again: in
between another thread can have made the decision wrong. Two threads both find the key missing and both insert; two both
find the last seat free. The same holds for atomics: load, then store of what was computed from it, loses the updates made
in between. Each access by itself is protected, so this is no data race, and no tool that looks for races finds it.
Reported: such a pair in one function or through functions that lock inside, when another thread can write in between. Not
reported: tests that are repeated under the second lock, compare_exchange, insertions that keep what is there, and data
that one thread alone writes.
)";

static const char bad[] = R"(
#include <map>
#include <mutex>
#include <string>

class Names {
public:
  bool known(int id) {
    std::lock_guard<std::mutex> lock(mutex_);
    return names_.count(id) != 0;
  }
  void set(int id, const std::string &name) {
    std::lock_guard<std::mutex> lock(mutex_);
    names_[id] = name;
  }
  void set_once(int id, const std::string &name) {
    if (!known(id))
      set(id, name); // another thread may have set it
  }

private:
  std::mutex mutex_;
  std::map<int, std::string> names_;
};
)";

static const char good[] = R"(
#include <map>
#include <mutex>
#include <string>

class Names {
public:
  void set_once(int id, const std::string &name) {
    std::lock_guard<std::mutex> lock(mutex_);
    names_.try_emplace(id, name);
  }

private:
  std::mutex mutex_;
  std::map<int, std::string> names_;
};
)";

static const char silence[] = R"(
`// NOLINT(check-then-act)` on the line of the act, with the reason why the decision still holds or need not.
)";

static void report(const Program &program, const Decision &d, Findings &out) {
  Finding finding;
  finding.rule = "check-then-act";
  finding.severity = Severity::Warning;
  std::string data = quoted(program, d.location), lock = quoted(program, d.lock);
  if (d.lock.known())
    finding.message =
        fmt::format("{} is changed according to what was read before {} was dropped: another thread can have "
                    "changed it in between",
                    data, lock);
  else if (d.stores)
    finding.message =
        fmt::format("{} is loaded, and stored again according to that: an update in between is lost", data);
  else
    finding.message =
        fmt::format("two operations on {} are taken for one: another thread can have changed it in between", data);
  set_primary(program, finding, Hop{d.act->site, d.function, {}});
  std::string how = d.lock.known() ? fmt::format(" with {} held", lock) : std::string();
  finding.steps.push_back(
      source_step(program, Hop{d.check->site, d.function, {}}, fmt::format("{} read here{}", data, how)));
  if (d.lock.known() && d.dropped.line)
    finding.steps.push_back(
        source_step(program, Hop{d.dropped, d.function, {}}, fmt::format("{} dropped and taken again here", lock)));
  finding.steps.push_back(
      source_step(program, Hop{d.act->site, d.function, {}}, fmt::format("{} changed here{}", data, how)));
  finding.names = {program.name_of(d.location)};
  if (d.lock.known()) finding.names.push_back(program.name_of(d.lock));
  finding.key = fmt::format("{} in {}", data, finding.function);
  if (d.act->fix) finding.fixes.push_back({d.act->fix_begin.place(), d.act->fix_end.place(), d.act->fix.str().str()});
  out.push_back(std::move(finding));
}

static void from_source(const Program &program, Findings &out) {
  std::vector<Decision> all = decisions_under_locks(program);
  std::vector<Decision> atomics = decisions_on_atomics(program);
  all.insert(all.end(), atomics.begin(), atomics.end());
  for (const Decision &d : all) report(program, d, out);
}

extern const Rule check_then_act = {
    .name = "check-then-act",
    .summary = "a decision on shared state is acted on when it may no longer hold",
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
