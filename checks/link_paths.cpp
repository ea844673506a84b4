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

bool same_object(const Path &a, const Path &b) {
  return a.known() && a == b;
}

Path stripped(Path path) {
  while (!path.steps.empty() && path.steps.back().kind != PathStep::Field) path.steps.pop_back();
  return path;
}

bool has_field(const Path &path) {
  return llvm::any_of(path.steps, [](const PathStep &s) { return s.kind == PathStep::Field; });
}

bool holds_pointers(llvm::StringRef type) {
  return type.contains('*') || type.contains("shared_ptr") || type.contains("weak_ptr") ||
         type.contains("reference_wrapper");
}

bool inside(const Program &program, const Function &function, const Path &path) {
  llvm::StringRef type;
  if (path.root == Root::Local && path.index < function.locals.size() && function.locals[path.index].by_value)
    type = function.locals[path.index].type.str();
  if (const Decl *variable = path.root == Root::Variable ? program.decl(path.symbol) : nullptr) {
    if (!variable->by_value && has_field(path)) return false;
    type = variable->type.str();
  }
  bool last = true;
  for (size_t i = path.steps.size(); i-- > 0; last = false) {
    const PathStep &step = path.steps[i];
    if (step.kind == PathStep::Index) {
      const Decl *container = i > 0 ? program.decl(path.steps[i - 1].symbol) : nullptr;
      if (holds_pointers(i > 0 ? (container ? container->type.str() : llvm::StringRef()) : type)) return false;
    } else if (step.kind == PathStep::Field && !last) {
      const Decl *field = program.decl(step.symbol);
      if (field && !field->by_value && !field->type.str().contains("unique_ptr")) return false;
    }
  }
  return true;
}

bool text_less(const Path &a, const Path &b) {
  return to_string(a) < to_string(b);
}

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
