// Results that were to be waited for, and are thrown away.
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
The destructor of a future that std::async made waits for the function to end. Thrown away at once, it makes the call as
slow as if the function had been called directly. A coroutine that runs when it is awaited does nothing at all if nobody
awaits it. Reported are futures of std::async (also through functions that return them) that no variable keeps, and lazy
tasks that are discarded or kept in a variable that is never looked at. Tasks that start by themselves, and those handed
to a function that starts them, are right, and so are variables marked [[maybe_unused]].
)";

static const char bad[] = R"(
#include <future>

void save(int part);

void save_all() {
  std::async(std::launch::async, save, 1); // waits here
  std::async(std::launch::async, save, 2);
}
)";

static const char good[] = R"(
#include <future>

void save(int part);

void save_all() {
  auto first = std::async(std::launch::async, save, 1);
  auto second = std::async(std::launch::async, save, 2);
  first.get();
  second.get();
}
)";

static const char silence[] = R"(
Keep the result in a variable marked [[maybe_unused]], or `// NOLINT(dropped-future)` on the line of the call.
)";

/// Does the function hand out the future of a std::async? Where, if so.
static const Op *async_behind(const Program &program, Symbol usr, unsigned depth = 0) {
  const Function *f = program.find(usr);
  if (!f || depth > 4) return nullptr;
  const Op *made = nullptr;
  auto returned = [&](const Op &op) {
    if (op.dest.root == Root::Return) return true;
    return op.dest.root == Root::Local && llvm::any_of(f->blocks, [&](const Block &b) {
             return llvm::any_of(b.ops, [&](const Op &move) {
               return move.kind == OpKind::Move && move.path == op.dest && move.dest.root == Root::Return;
             });
           });
  };
  for (const Block &b : f->blocks)
    for (const Op &op : b.ops) {
      if (op.kind == OpKind::Spawn && op.spawn == SpawnKind::Async && returned(op)) made = &op;
      if (op.kind == OpKind::Call && op.callee && op.callee != usr && op.dest.root == Root::Return)
        if (const Op *deeper = async_behind(program, op.callee, depth + 1)) made = deeper;
    }
  return made;
}

static void from_source(const Program &program, Findings &out) {
  for (FunctionId id = 0; id < program.functions.size(); ++id)
    for (const Block &b : program.functions[id].blocks)
      for (const Op &op : b.ops) {
        if (op.kind != OpKind::Remark) continue;
        Finding finding;
        std::string name = op.callee_name.str().str();
        Hop here{op.site, id, {}};
        if (op.remark == Remark::DroppedFuture) {
          const Op *made = op.callee ? async_behind(program, op.callee) : nullptr;
          if (op.callee && !made) continue;
          finding.message = fmt::format("the future of '{}' is dropped: its destructor waits here until the function "
                                        "has run",
                                        name);
          if (made) {
            Step step = source_step(program, here, "");
            step.place = made->site.place(), step.function = name, step.message = "made by std::async here";
            finding.steps.push_back(std::move(step));
          }
          finding.steps.push_back(source_step(program, here, "dropped here"));
        } else if (op.remark == Remark::DroppedTask) {
          finding.message = fmt::format("the task of '{}' is never awaited: it does not run", name);
          finding.steps.push_back(source_step(program, here, op.discarded ? "dropped here" : "kept, but never used"));
        } else {
          continue;
        }
        finding.rule = "dropped-future";
        finding.severity = Severity::Warning;
        set_primary(program, finding, here);
        finding.names = {name};
        finding.key = fmt::format("{} in {}", name, finding.function);
        out.push_back(std::move(finding));
      }
}

extern const Rule dropped_future = {
    .name = "dropped-future",
    .summary = "a future or task is thrown away that should be waited for",
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
