#include "link_paths.h"
#include "path.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

bool starts_with(const Path &path, const Path &prefix) {
  return path.root == prefix.root && path.index == prefix.index && path.symbol == prefix.symbol &&
         path.steps.size() >= prefix.steps.size() &&
         std::equal(prefix.steps.begin(), prefix.steps.end(), path.steps.begin());
}

Path rebased(const Path &path, const Path &prefix, const Path &by) {
  Path result = by;
  for (size_t i = prefix.steps.size(); i < path.steps.size(); ++i)
    result = extended(std::move(result), path.steps[i].kind, path.steps[i].symbol);
  return result;
}

Path owner_of(const Path &path) {
  Path owner = path;
  while (!owner.steps.empty()) {
    bool field = owner.steps.back().kind == PathStep::Field;
    owner.steps.pop_back();
    if (field) break;
  }
  return owner;
}

bool same_object(const Path &a, const Path &b) { return a.known() && a == b; }

Path stripped(Path path) {
  while (!path.steps.empty() && path.steps.back().kind != PathStep::Field) path.steps.pop_back();
  return path;
}

bool has_field(const Path &path) {
  return llvm::any_of(path.steps, [](const PathStep &s) { return s.kind == PathStep::Field; });
}

bool text_less(const Path &a, const Path &b) { return to_string(a) < to_string(b); }

std::vector<Symbol> containment(const Program &program, const Path &path) {
  std::vector<Symbol> fields;
  size_t i = path.steps.size();
  bool by_value = true;
  while (i > 0 && by_value) {
    const PathStep &step = path.steps[--i];
    if (step.kind != PathStep::Field) continue; // an array of locks is one class
    // The last field is the lock; further fields count while they hold their successor by value.
    if (!fields.empty()) {
      const Decl *decl = program.decl(step.symbol);
      if (!decl || !decl->by_value) break;
    }
    fields.insert(fields.begin(), step.symbol);
  }
  if (path.root == Root::Variable && fields.size() == size_t(llvm::count_if(path.steps, [](const PathStep &s) {
        return s.kind == PathStep::Field;
      }))) {
    const Decl *decl = program.decl(path.symbol);
    if (fields.empty() || (decl && decl->by_value && !decl->function)) fields.insert(fields.begin(), path.symbol);
  }
  return fields;
}

} // namespace snarl
