// A lock is held on both sides, but not the same one. The cases are told apart in wrong_locks.cpp.
#include "rule.h"
#include "source_steps.h"
#include "wrong_locks.h"
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
The data is used under a lock, and yet two threads can be there at once, because they hold different ones: the mutex of
another object of the class, the mutex of another element of an array, a member mutex around data that all objects share,
a reader's lock around a write, or simply another lock than everywhere else. Not reported: striped locks where lock and
data are picked by the same expression, a reader's lock that was given up for a writer's before the write, and data that
each side guards with both locks.
)";

static const char bad[] = R"(
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

class Hits {
public:
  void count(const std::string &page) {
    std::shared_lock lock(mutex_); // other readers write too
    ++hits_[page];
  }
  void clear() {
    std::unique_lock lock(mutex_);
    hits_.clear();
  }

private:
  std::shared_mutex mutex_;
  std::map<std::string, int> hits_;
};

int main() {
  Hits hits;
  std::thread reader([&] { hits.count("index"); });
  hits.count("index");
  hits.clear();
  reader.join();
}
)";

static const char good[] = R"(
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

class Hits {
public:
  void count(const std::string &page) {
    std::unique_lock lock(mutex_);
    ++hits_[page];
  }
  void clear() {
    std::unique_lock lock(mutex_);
    hits_.clear();
  }

private:
  std::shared_mutex mutex_;
  std::map<std::string, int> hits_;
};

int main() {
  Hits hits;
  std::thread reader([&] { hits.count("index"); });
  hits.count("index");
  hits.clear();
  reader.join();
}
)";

static const char silence[] = R"(
`// NOLINT(wrong-lock)` on the line of the access, with what keeps the two sides apart.
)";

static std::string message(const Program &program, const SharedLocation &location, const WrongLock &w) {
  std::string data = quoted(program, location.location), done = w.use->write ? "written" : "read";
  std::string held = quoted(program, w.held), expected = quoted(program, w.expected);
  switch (w.kind) {
  case WrongLock::SharedForWrite:
    return fmt::format("{} is written while {} is held as a reader only: other readers can be there", data, held);
  case WrongLock::OtherInstance: return fmt::format("{} of one object is {} under {} of another", data, done, held);
  case WrongLock::OtherElement: return fmt::format("{} of one element is {} under {} of another", data, done, held);
  case WrongLock::MemberForStatic:
    return fmt::format(
        "{} belongs to all objects, but {}, under which it is {}, to one: two objects do not exclude each "
        "other",
        data, held, done);
  case WrongLock::OtherLock:
    return fmt::format("{} is {} under {}, but under {} elsewhere: the two do not exclude each other", data, done, held,
                       expected);
  }
  return {};
}

static unsigned confidence(const SharedLocation &location, const WrongLock &w) {
  switch (w.kind) {
  case WrongLock::SharedForWrite: return 85;
  case WrongLock::MemberForStatic: return 80;
  case WrongLock::OtherInstance:
  case WrongLock::OtherElement: return 75;
  case WrongLock::OtherLock: return location.strong ? 75 : 60;
  }
  return 0;
}

static void from_source(const Program &program, Findings &out) {
  for (const SharedLocation &location : program.locations)
    for (const WrongLock &w : wrong_locks(program, location)) {
      Finding finding;
      finding.rule = "wrong-lock";
      finding.confidence = confidence(location, w);
      if (w.kind == WrongLock::OtherLock)
        finding.reason = fmt::format("{} of {} accesses hold the other lock", location.held, location.total);
      finding.message = message(program, location, w);
      set_primary(program, finding, Hop{w.use->point->op->site, w.use->function, {}});
      std::string data = quoted(program, location.location);
      if (w.held_at.line)
        finding.steps.push_back({w.held_at.place(), quoted(program, w.held) + " taken here", {}, {}, {}, true});
      finding.steps.push_back(source_step(program, Hop{w.use->point->op->site, w.use->function, {}},
                                          fmt::format("{} {} here", data, w.use->write ? "written" : "read")));
      if (w.right && w.right->point->op != w.use->point->op) {
        finding.steps.push_back(
            source_step(program, Hop{w.right->point->op->site, w.right->function, {}},
                        fmt::format("{} {} here at the same time", data, w.right->write ? "written" : "read")));
        if (w.expected_at.line)
          finding.steps.push_back(
              {w.expected_at.place(), quoted(program, w.expected) + " taken here", {}, {}, {}, false});
      }
      finding.names = {program.name_of(location.location), program.name_of(w.held)};
      finding.key = fmt::format("{} under {} in {}", program.name_of(location.location), program.name_of(w.held),
                                finding.function);
      out.push_back(std::move(finding));
    }
}

extern const Rule wrong_lock = {
    .name = "wrong-lock",
    .summary = "shared data is used under a lock that does not exclude the other side",
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
