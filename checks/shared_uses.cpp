#include "shared_uses.h"
#include "link_paths.h"
#include "lock_state.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

namespace snarl {
namespace {

class Collector {
public:
  explicit Collector(const Program &program) : program_(program) {}

  std::vector<SharedLocation> run() {
    for (FunctionId f = 0; f < program_.functions.size(); ++f)
      if (!program_.functions[f].in_system_header && !program_.functions[f].is_static_init)
        for (const Point &p : program_.info[f].accesses) collect(f, p);
    std::vector<SharedLocation> all;
    for (auto &[key, location] : found_) {
      // Made ready before the first thread that can come near.
      std::vector<Use> uses = location.uses;
      llvm::erase_if(location.uses, [&](const Use &u) {
        return !u.asleep.empty() && llvm::none_of(uses, [&](const Use &other) { return can_meet(program_, u, other); });
      });
      if (llvm::any_of(location.uses, [](const Use &u) { return u.write; })) all.push_back(std::move(location));
    }
    return all;
  }

private:
  static bool is_data(const Decl &d) {
    return !d.constant && !d.atomic && !d.sync_object && !d.thread_local_ && !d.lock.is_lock &&
           !d.type.str().starts_with("volatile ");
  }

  void collect(FunctionId f, const Point &p) {
    const Op &op = *p.op;
    Symbol field = p.path.last_field();
    const Decl *decl = program_.decl(field);
    if (op.atomic || p.own || !decl || !is_data(*decl) || op.in_macro_of_system) return;
    // What lies in a constant object is set when it is made.
    for (const PathStep &step : p.path.steps)
      if (const Decl *d = program_.decl(step.symbol); d && d->constant && d->by_value) return;
    if (program_.functions[f].is_lambda && p.path.root == Root::Capture && p.path.steps.empty()) return;
    const Decl *root = p.path.root == Root::Variable ? program_.decl(p.path.symbol) : nullptr;
    bool of_function = root && root->function && !root->is_static;
    if (root && (root->thread_local_ || root->constant)) return;
    for (const Context &c : program_.info[f].contexts) {
      bool concurrent = c.concurrent || p.beside;
      if (of_function) {
        // A local of a function is shared only with threads that this very function starts.
        bool at_home = root->function == program_.functions[f].usr;
        bool started_here = llvm::any_of(c.agents, [&](uint32_t a) {
          return program_.agents[a].entry != kNoFunction &&
                 program_.functions[program_.agents[a].entry].enclosing == root->function;
        });
        concurrent = at_home ? p.beside : started_here || p.beside;
      }
      if (!concurrent || c.once) continue;
      bool here = inside(program_, program_.functions[f], p.path);
      if (here && p.path.root == Root::This && c.own_this) continue;
      if (here && p.path.root == Root::Param && p.path.index < 64 && (c.own_params >> p.path.index & 1)) continue;
      if (llvm::all_of(c.agents, [&](uint32_t a) { return program_.agents[a].kind == SpawnKind::Signal; })) continue;
      Use use;
      use.point = &p;
      use.function = f;
      use.context = &c;
      use.write = op.write;
      use.ended = p.ended;
      use.ended.insert(use.ended.end(), c.ended.begin(), c.ended.end());
      if (c.starting) {
        std::vector<Site> begun = c.begun;
        add_sites(begun, p.begun);
        use.asleep = program_.asleep(begun);
      }
      bool deref = !p.path.steps.empty() && p.path.steps.back().kind == PathStep::Deref;
      SharedLocation &location = found_[{decl->name.str().str(), field.str().str(), deref}];
      if (location.uses.empty()) location.location = p.path;
      location.pointee = deref;
      location.uses.push_back(std::move(use));
    }
  }

  const Program &program_;
  std::map<std::tuple<std::string, std::string, bool>, SharedLocation> found_;
};

} // namespace

std::vector<SharedLocation> shared_locations(const Program &program) {
  return Collector(program).run();
}

std::vector<std::pair<uint32_t, uint32_t>> meetings(const Program &program, const Use &one, const Use &other) {
  auto awake = [](const Use &of, const Use &when) {
    std::vector<uint32_t> agents = of.context->agents;
    if (!when.asleep.empty()) llvm::erase_if(agents, [&](uint32_t a) { return when.asleep[a]; });
    return agents;
  };
  return program.overlaps(awake(one, other), one.ended, awake(other, one), other.ended);
}

bool can_meet(const Program &program, const Use &one, const Use &other) {
  return !meetings(program, one, other).empty();
}

std::vector<Hold> held_at(const Program &program, const Use &use) {
  std::vector<Hold> all = use.point->holds;
  for (const Hold &h : use.context->holds)
    if (!llvm::is_contained(use.point->dropped, h.lock)) all.push_back(h);
  // Callers that are not in sight hand over a guard as proof.
  llvm::StringRef signature = program.functions[use.function].signature.str();
  if (use.context->caller == kNoFunction &&
      llvm::any_of(std::initializer_list<const char *>{"unique_lock<", "lock_guard<", "scoped_lock<", "shared_lock<"},
                   [&](const char *guard) { return signature.split('(').second.contains(guard); }))
    all.emplace_back();
  return all;
}

bool anonymous(const Hold &h) {
  return !h.lock.last_field() || (!h.lock.steps.empty() && h.lock.steps.back().kind == PathStep::Deref);
}

} // namespace snarl
