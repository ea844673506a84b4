// Shared data that no lock guards and two threads reach. What some lock guards elsewhere is unguarded-access's to say,
// what two different locks guard is wrong-lock's; the pairs come from race_pairs.cpp.
#include "race_pairs.h"
#include "rule.h"
#include "source_steps.h"
#include "wrong_locks.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>
#include <map>

namespace snarl {

static const char why[] = R"(
Two threads that can run at the same time touch the same field or variable, at least one of them writes, no lock is held
on both sides, and nothing orders the two. The behaviour is undefined: updates get lost, half of a value is seen, a loop
that polls never ends. Reported is what can be followed from where a thread is started to the object it was given. Not
reported: atomics, thread_local data, what is done before the thread is started or after it was joined, std::call_once,
hand-over by semaphore, latch, barrier, condition variable, atomic flag or future, and objects that each thread has for
itself. Data that a lock guards in other places is reported as unguarded-access.
)";

static const char bad[] = R"(
#include <thread>

class Download {
public:
  void start() { thread_ = std::thread([this] { run(); }); }
  int percent() const { return percent_; } // while run() writes it
  void wait() { thread_.join(); }

private:
  void run() {
    for (int i = 0; i <= 100; ++i) percent_ = i;
  }
  int percent_ = 0;
  std::thread thread_;
};

int main() {
  Download download;
  download.start();
  int seen = download.percent();
  download.wait();
  return seen > 100;
}
)";

static const char good[] = R"(
#include <atomic>
#include <thread>

class Download {
public:
  void start() { thread_ = std::thread([this] { run(); }); }
  int percent() const { return percent_; }
  void wait() { thread_.join(); }

private:
  void run() {
    for (int i = 0; i <= 100; ++i) percent_ = i;
  }
  std::atomic<int> percent_{0};
  std::thread thread_;
};

int main() {
  Download download;
  download.start();
  int seen = download.percent();
  download.wait();
  return seen > 100;
}
)";

static const char silence[] = R"(
A single value becomes std::atomic (memory_order_relaxed if only its own value matters); several that belong together get
a mutex. Otherwise `// NOLINT(data-race)` on the line of the write, with the reason why the threads cannot meet there.
)";

static std::string who(const Program &program, uint32_t agent) {
  const Agent &a = program.agents[agent];
  if (a.entry == kNoFunction) return "callers outside";
  if (program.functions[a.entry].is_main) return "main";
  return fmt::format("the thread that runs '{}'", program.name_of(a.entry));
}

static std::string reason(Same same) {
  switch (same) {
  case Same::Yes: return "both sides name the same variable or the same part of one object";
  case Same::Perhaps: return "both sides reach the data by the same name, over pointers or elements";
  default: return "the thread was given an object of the class that the other side belongs to";
  }
}

struct Race {
  const SharedLocation *location = nullptr;
  RacePair pair;
};

/// One cause rather than many: so many fields of one class, or globals of one file, between the same two threads.
static constexpr size_t kTogether = 4;

static void report(const Program &program, llvm::ArrayRef<Race> races, Findings &out) {
  const SharedLocation &location = *races.front().location;
  const RacePair &pair = races.front().pair;
  const Use &one = *pair.one, &other = *pair.other;
  Finding finding;
  finding.rule = "data-race";
  finding.severity = Severity::Error;
  finding.tier = Tier::Ordered;
  finding.confidence = pair.same == Same::Yes ? 85 : pair.same == Same::Perhaps ? 65 : 50;
  finding.reason = reason(pair.same);
  std::string data = quoted(program, location.location);
  bool alone = &one == &other || one.point->op == other.point->op;
  std::string mine = who(program, pair.agent), theirs = who(program, pair.other_agent);
  if (alone)
    finding.message = fmt::format("{} is written by several threads at once without a lock", data);
  else
    finding.message = fmt::format("{} is written here and {} in {} at the same time, without a lock that both hold",
                                  data, other.write ? "written" : "read", program.name_of(other.function));
  if (races.size() > 1) {
    const Decl *d = program.decl(location.location.last_field());
    std::string record = llvm::StringRef(d->name.str()).rsplit("::").first.str();
    finding.message += fmt::format("; so are {} further {}", races.size() - 1,
                                   d->is_field ? fmt::format("fields of '{}'", record) : "variables of this file");
  }
  set_primary(program, finding, Hop{one.point->op->site, one.function, {}});
  auto start = [&](uint32_t agent, const std::string &name, const std::string &side) {
    const Site &at = program.agents[agent].started;
    if (program.agents[agent].starters.empty() || !at.line) return;
    Step step;
    step.place = at.place();
    step.message = name + " is started here";
    step.side = side;
    step.main = false;
    finding.steps.push_back(step);
  };
  start(pair.agent, mine, "one side");
  add_callers(program, finding, *one.context, 6, "one side");
  finding.steps.push_back(source_step(program, Hop{one.point->op->site, one.function, {}},
                                      fmt::format("{} written here by {}", data, mine), "one side"));
  if (!alone || pair.agent != pair.other_agent) {
    start(pair.other_agent, theirs, "the other side");
    add_callers(program, finding, *other.context, 6, "the other side");
    finding.steps.push_back(source_step(program, Hop{other.point->op->site, other.function, {}},
                                        fmt::format("{} {} here by {}", data, other.write ? "written" : "read", theirs),
                                        "the other side"));
  }
  for (const Race &race : races.drop_front()) {
    const Use &write = *race.pair.one;
    finding.steps.push_back(source_step(program, Hop{write.point->op->site, write.function, {}},
                                        fmt::format("{} likewise", quoted(program, race.location->location))));
    finding.steps.back().main = false;
  }
  finding.names = {program.name_of(location.location)};
  finding.key = program.name_of(location.location);
  out.push_back(std::move(finding));
}

/// More locations than this between the same two threads are one finding.
static constexpr size_t kSameWork = 16;

static void from_source(const Program &program, Findings &out) {
  RacePairs pairs(program);
  using Threads = std::pair<uint32_t, uint32_t>;
  std::map<std::pair<std::string, Threads>, std::vector<Race>> groups;
  std::map<Threads, size_t> between;
  for (const SharedLocation &location : program.locations) {
    if (location.inconsistent || !wrong_locks(program, location).empty()) continue;
    RacePair pair = pairs.find(location);
    if (!pair.one) continue;
    const Decl *d = program.decl(location.location.last_field());
    std::string home = d->record ? d->record.str().str() : d->site.file.str().str();
    Threads threads = std::minmax(pair.agent, pair.other_agent);
    // Two threads that share so much run the same part of the program, and what keeps them apart, or fails to, is one
    // cause.
    groups[{++between[threads] > kSameWork ? "" : home, threads}].push_back({&location, pair});
  }
  for (auto it = groups.begin(); it != groups.end();) {
    const auto &[home, threads] = it->first;
    if (home.empty() || between[threads] <= kSameWork) {
      ++it;
      continue;
    }
    llvm::append_range(groups[{"", threads}], it->second);
    it = groups.erase(it);
  }
  for (auto &[key, races] : groups) {
    auto best = std::max_element(races.begin(), races.end(),
                                 [](const Race &a, const Race &b) { return a.pair.same < b.pair.same; });
    std::rotate(races.begin(), best, best + 1);
    if (races.size() >= kTogether)
      report(program, races, out);
    else
      for (const Race &race : races) report(program, race, out);
  }
}

extern const Rule data_race = {
    .name = "data-race",
    .summary = "two threads touch the same data at once, one writes, and nothing orders them",
    .severity = Severity::Error,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = from_source,
    .from_run = nullptr,
};

} // namespace snarl
