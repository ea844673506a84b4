// Which event has which other behind it.
//
// Locks are left out: that they order nothing but themselves is what prediction lives on. Everything else orders, and
// where it is not known by whom a thread was told something, it is ordered after all that may have told it. More edges
// mean fewer predictions, never wrong ones.
//
// One thing is neither lock nor edge: a condition handed over without anybody waiting. The consumer takes the mutex
// late, finds the predicate true and goes on; nothing in the log says that it looked. Three kinds of evidence decide,
// by the place where the mutex was taken: a section begun there has waited for the condition at another time, so it is
// a consumer; or one went on without a wait before anybody had signalled, so it does not ask; or neither, and then the
// order is taken for real if the mutex was taken with nothing else held, as consumers do.
#include "full_log.h"
#include "llvm/ADT/DenseMap.h"
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace snarl {
namespace {

using Kind = LogEvent::Kind;

struct At {
  uint32_t thread = 0, index = 0;
};

class Linker {
public:
  explicit Linker(FullLog &log) : log_(log) {}

  size_t run() {
    size_t before = log_.events();
    for (uint32_t t = 0; t < log_.threads.size(); ++t) index_[log_.threads[t].id] = t;
    cut_at_gaps();
    do {
      for (LogThread &thread : log_.threads) thread.edges.clear();
      create_and_join();
      waits();
      hand_overs();
    } while (cut_what_hangs());
    return before - log_.events();
  }

private:
  const LogEvent &event(At at) const { return log_.threads[at.thread].events[at.index]; }
  void edge(At from, At to) {
    if (from.thread != to.thread) log_.threads[to.thread].edges.push_back({to.index, from.thread, from.index});
  }
  static bool numbered(const LogEvent &e) {
    return e.kind == Kind::Wait || e.kind == Kind::Waited || e.kind == Kind::Wake;
  }
  void cut(uint32_t thread, uint32_t index) {
    auto &events = log_.threads[thread].events;
    events.resize(index);
    log_.threads[thread].whole = false;
    for (LogEvent &e : events)
      if (e.kind == Kind::Acquire && e.partner != LogEvent::none && e.partner >= index) e.partner = LogEvent::none;
  }

  /// All numbers of the process were used: one that is missing was lost with its thread's buffer, and whoever came
  /// later may have been told by it.
  void cut_at_gaps() {
    std::vector<uint32_t> numbers;
    for (const LogThread &thread : log_.threads)
      for (const LogEvent &e : thread.events)
        if (numbered(e)) numbers.push_back(e.number);
    std::sort(numbers.begin(), numbers.end());
    uint32_t missing = LogEvent::none;
    for (size_t i = 0; i < numbers.size() && missing == LogEvent::none; ++i)
      if (numbers[i] != i + 1) missing = i + 1;
    for (uint32_t t = 0; t < log_.threads.size(); ++t) {
      const auto &events = log_.threads[t].events;
      auto late = [&](const LogEvent &e) { return e.kind == Kind::Waited && e.number > missing; };
      auto first = std::find_if(events.begin(), events.end(), late);
      if (first != events.end()) cut(t, first - events.begin());
    }
  }

  void create_and_join() {
    for (uint32_t t = 0; t < log_.threads.size(); ++t)
      for (uint32_t i = 0; i < log_.threads[t].events.size(); ++i) {
        const LogEvent &e = log_.threads[t].events[i];
        if (e.kind != Kind::Create && e.kind != Kind::Join) continue;
        auto other = index_.find(e.lock);
        if (other == index_.end()) continue;
        const LogThread &child = log_.threads[other->second];
        if (e.kind == Kind::Create) {
          if (!child.events.empty()) edge({t, i}, {other->second, 0});
        } else if (!child.whole)
          edge({other->second, uint32_t(child.events.size())}, {t, i}); // after what was not recorded
        else if (!child.events.empty())
          edge({other->second, uint32_t(child.events.size() - 1)}, {t, i});
      }
  }

  // What tells and what is told, by object, in the order of the process's numbers. Of what one thread has told, the
  // last is enough: the rest lies behind it.
  void waits() {
    std::vector<At> all;
    for (uint32_t t = 0; t < log_.threads.size(); ++t)
      for (uint32_t i = 0; i < log_.threads[t].events.size(); ++i)
        if (numbered(log_.threads[t].events[i])) all.push_back({t, i});
    std::sort(all.begin(), all.end(), [&](At a, At b) { return event(a).number < event(b).number; });

    std::map<std::pair<char, uint32_t>, std::map<uint32_t, At>> told; ///< (kind, object) -> thread -> its last
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> waiting;        ///< (thread, object) -> number
    for (At at : all) {
      const LogEvent &e = event(at);
      char kind = e.what == 'C' ? 'c' : e.what;
      if (e.kind == Kind::Wake || (kind == 'b' && e.kind == Kind::Wait)) {
        told[{kind, e.lock}][at.thread] = at;
      } else if (e.kind == Kind::Wait) {
        waiting[{at.thread, e.lock}] = e.number;
      } else if (e.done) {
        // A condition keeps nothing for later; the others do.
        auto begun = waiting.find({at.thread, e.lock});
        uint32_t since = kind != 'c' || begun == waiting.end() ? 0 : begun->second;
        for (const auto &[thread, last] : told[{kind, e.lock}])
          if (event(last).number > since) edge(last, at);
      }
    }
  }

  struct Section {
    At acquire;
    uint32_t place = 0; ///< where it was taken; after a wait, where it was taken before that
    bool waits = false, signals = false, outermost = false;
  };

  void hand_overs() {
    std::set<uint32_t> guards; ///< mutexes of conditions
    for (const LogThread &thread : log_.threads)
      for (uint32_t i = 1; i < thread.events.size(); ++i)
        if (thread.events[i].kind == Kind::Wait && thread.events[i].what == 'c' &&
            thread.events[i - 1].kind == Kind::Release)
          guards.insert(thread.events[i - 1].lock);
    if (guards.empty()) return;

    std::map<uint32_t, std::vector<Section>> sections; ///< of each guard, by sequence
    std::set<uint32_t> orders;                         ///< guards held or wanted together with another lock
    for (uint32_t t = 0; t < log_.threads.size(); ++t) find_sections(t, guards, sections, orders);
    for (auto &[guard, all] : sections) {
      std::sort(all.begin(), all.end(),
                [&](const Section &a, const Section &b) { return event(a.acquire).number < event(b.acquire).number; });
      order_sections(all, orders.count(guard) != 0);
    }
  }

  void find_sections(uint32_t t, const std::set<uint32_t> &guards, std::map<uint32_t, std::vector<Section>> &sections,
                     std::set<uint32_t> &orders) {
    const auto &events = log_.threads[t].events;
    std::vector<uint32_t> held;
    std::map<uint32_t, size_t> open; ///< guard -> the section of this thread that is open, or was last
    uint32_t last_released = LogEvent::none;
    for (uint32_t i = 0; i < events.size(); ++i) {
      const LogEvent &e = events[i];
      if (e.kind == Kind::Acquire) {
        if (!held.empty() && !e.tried && !e.pass) {
          if (guards.count(e.lock)) orders.insert(e.lock);
          for (uint32_t other : held)
            if (guards.count(other)) orders.insert(other);
        }
        held.push_back(e.lock);
        if (!guards.count(e.lock)) continue;
        auto &all = sections[e.lock];
        uint32_t place = e.again && open.count(e.lock) ? all[open[e.lock]].place : e.stack;
        open[e.lock] = all.size();
        all.push_back({{t, i}, place, e.again, false, held.size() == 1});
      } else if (e.kind == Kind::Release) {
        auto at = std::find(held.rbegin(), held.rend(), e.lock);
        if (at != held.rend()) held.erase(std::next(at).base());
        last_released = e.lock;
      } else if (e.what == 'c' || e.what == 'C') {
        if (e.kind == Kind::Wait && i && events[i - 1].kind == Kind::Release && open.count(events[i - 1].lock))
          sections[events[i - 1].lock][open[events[i - 1].lock]].waits = true;
        if (e.kind != Kind::Wake) continue;
        // The state was changed under what is held now, or was held just before.
        for (const auto &[guard, section] : open)
          if (std::count(held.begin(), held.end(), guard) || (held.empty() && guard == last_released))
            sections[guard][section].signals = true;
      }
    }
  }

  void order_sections(const std::vector<Section> &all, bool orders) {
    std::set<uint32_t> asks, does_not_ask; ///< places
    bool signalled = false;
    for (const Section &section : all) {
      if (section.waits)
        asks.insert(section.place);
      else if (!signalled && !section.signals)
        does_not_ask.insert(section.place);
      signalled |= section.signals;
    }
    std::map<uint32_t, At> told;                                 ///< thread -> end of its last signalling section
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> last_edge; ///< (from, to) -> index
    for (const Section &section : all) {
      const LogEvent &e = event(section.acquire);
      bool consumer = asks.count(section.place) || (!does_not_ask.count(section.place) && section.outermost && !orders);
      if (consumer && !e.again)
        for (const auto &[thread, end] : told) {
          auto [at, fresh] = last_edge.emplace(std::pair(thread, section.acquire.thread), LogEvent::none);
          if (at->second == end.index) continue;
          at->second = end.index;
          edge(end, section.acquire);
        }
      if (section.signals && e.partner != LogEvent::none)
        told[section.acquire.thread] = {section.acquire.thread, e.partner};
    }
  }

  /// Edges from events that are not there: what they lead to cannot be used.
  bool cut_what_hangs() {
    std::vector<uint32_t> first(log_.threads.size(), LogEvent::none);
    for (uint32_t t = 0; t < log_.threads.size(); ++t)
      for (const LogEdge &e : log_.threads[t].edges)
        if (e.index >= log_.threads[e.thread].events.size()) first[t] = std::min(first[t], e.to);
    bool any = false;
    for (uint32_t t = 0; t < log_.threads.size(); ++t) {
      std::sort(log_.threads[t].edges.begin(), log_.threads[t].edges.end(), [](const LogEdge &a, const LogEdge &b) {
        return std::tie(a.to, a.thread, a.index) < std::tie(b.to, b.thread, b.index);
      });
      if (first[t] >= log_.threads[t].events.size()) continue;
      cut(t, first[t]);
      any = true;
    }
    return any;
  }

  FullLog &log_;
  llvm::DenseMap<uint32_t, uint32_t> index_; ///< thread id -> index
};

} // namespace

size_t FullLog::link() {
  lost.resize(locks.size());
  return Linker(*this).run();
}

size_t FullLog::events() const {
  size_t n = 0;
  for (const LogThread &thread : threads) n += thread.events.size();
  return n;
}

} // namespace snarl
