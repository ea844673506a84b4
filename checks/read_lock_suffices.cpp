// A writer's lock around reads only. All that happens under one acquisition is gathered: the function's own accesses,
// and those of the functions it calls meanwhile.
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>
#include <map>

namespace snarl {

static const char why[] = R"(
The lock has a mode for readers, and everything done under this acquisition only reads, yet it is taken as a writer: readers
that could go side by side wait for each other. Reported only if all code reached under the lock is in sight and somebody
else does write under the lock.
)";

static const char bad[] = R"(
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

class Phones {
public:
  int find(const std::string &name) const {
    std::unique_lock lock(mutex_); // only looks
    auto it = numbers_.find(name);
    return it == numbers_.end() ? 0 : it->second;
  }
  void add(const std::string &name, int number) {
    std::unique_lock lock(mutex_);
    numbers_[name] = number;
  }

private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, int> numbers_;
};

int main() {
  Phones phones;
  std::thread writer([&] { phones.add("a", 1); });
  int number = phones.find("a");
  writer.join();
  return number > 1;
}
)";

static const char good[] = R"(
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

class Phones {
public:
  int find(const std::string &name) const {
    std::shared_lock lock(mutex_);
    auto it = numbers_.find(name);
    return it == numbers_.end() ? 0 : it->second;
  }
  void add(const std::string &name, int number) {
    std::unique_lock lock(mutex_);
    numbers_[name] = number;
  }

private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, int> numbers_;
};

int main() {
  Phones phones;
  std::thread writer([&] { phones.add("a", 1); });
  int number = phones.find("a");
  writer.join();
  return number > 1;
}
)";

static const char silence[] = R"(
`// NOLINT(read-lock-suffices)` on the line that takes the lock, if the section is so short that a reader's lock costs more.
)";

namespace {

/// One place where a lock is taken as a writer.
struct Section {
  FunctionId function = kNoFunction;
  Hold hold;
  const Op *read = nullptr;
  bool writes = false, unknown = false;
};

class Sections {
public:
  explicit Sections(const Program &program) : program_(program) {}

  void report(Findings &out) {
    for (FunctionId f = 0; f < program_.functions.size(); ++f) gather(f);
    std::set<Symbol> written;
    for (const auto &[place, s] : sections_)
      if (s.writes) written.insert(s.hold.lock.last_field());
    for (const auto &[place, s] : sections_) {
      if (!s.read || s.writes || s.unknown || !written.count(s.hold.lock.last_field())) continue;
      Finding finding;
      finding.rule = "read-lock-suffices";
      finding.severity = Severity::Note;
      finding.confidence = 70;
      std::string lock = quoted(program_, s.hold.lock);
      finding.message = fmt::format("{} is taken as a writer, but only reads follow: a reader's lock suffices", lock);
      set_primary(program_, finding, s.hold.taken.front());
      finding.steps.push_back(source_step(program_, Hop{s.read->site, s.function, {}}, "read here"));
      finding.names = {program_.name_of(s.hold.lock)};
      finding.key = fmt::format("{} in {}", program_.name_of(s.hold.lock), finding.function);
      out.push_back(std::move(finding));
    }
  }

private:
  /// The sections that a function runs in, given the locks held in it: its own and its callers'.
  void each(FunctionId f, const std::vector<Hold> &holds, llvm::function_ref<void(Section &)> change) {
    auto visit = [&](const Hold &h) {
      const Decl *lock = program_.decl(h.lock.last_field());
      if (h.mode != Mode::Exclusive || h.assumed || h.taken.empty() || !lock || !(lock->lock.shared || h.traits.shared))
        return;
      const Hop &taken = h.taken.front();
      if (taken.in == kNoFunction || program_.functions[taken.in].in_system_header) return;
      Section &s = sections_[taken.site.place()];
      if (s.function == kNoFunction) s.function = taken.in, s.hold = h;
      change(s);
    };
    for (const Hold &h : holds) visit(h);
    for (const Context &c : program_.info[f].contexts)
      for (const Hold &h : c.holds) visit(h);
  }

  void gather(FunctionId f) {
    const FunctionInfo &info = program_.info[f];
    for (const Point &p : info.accesses)
      each(f, p.holds, [&](Section &s) {
        if (p.own) return;
        if (p.op->write && p.path.root != Root::Local) s.writes = true;
        if (!p.op->write && !p.op->atomic && !s.read) s.read = p.op;
      });
    // Waits under the lock, and calls that nobody can follow.
    for (const Point &p : info.blocks) each(f, p.holds, [&](Section &s) { s.unknown = true; });
    for (const Exit &e : info.summary.exits)
      for (const Hold &h : e.holds) each(f, {h}, [&](Section &s) { s.unknown = true; });
    for (const CallEdge &e : info.edges)
      if (e.spawn || e.op->is_virtual || (e.op->kind == OpKind::Call && !e.op->callee && !e.op->through))
        each(f, e.holds, [&](Section &s) { s.unknown = true; });
    for (const Callback &c : info.summary.callbacks) each(f, c.holds, [&](Section &s) { s.unknown = true; });
  }

  const Program &program_;
  std::map<Place, Section> sections_;
};

} // namespace

static void from_source(const Program &program, Findings &out) {
  Sections(program).report(out);
}

extern const Rule read_lock_suffices = {
    .name = "read-lock-suffices",
    .summary = "a lock with a reader's mode is taken as a writer around reads only",
    .severity = Severity::Note,
    .level = Level::Strict,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = from_source,
    .from_run = nullptr,
};

} // namespace snarl
