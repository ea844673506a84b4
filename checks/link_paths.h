// Questions about access paths that need the declarations: what contains what, what names a lock class.
#pragma once
#include "program.h"

namespace snarl {

/// `path` starts with `prefix` (same root, same first steps).
bool starts_with(const Path &path, const Path &prefix);
/// `path` with its first part `prefix` replaced by `by`. A None `by` keeps the steps, so the last field still tells the
/// class.
Path rebased(const Path &path, const Path &prefix, const Path &by);
/// `path` without its last field and what follows: the object the last field belongs to. A bare root stays.
Path owner_of(const Path &path);
/// Equal, and certainly the same object: None never is, nor is an element picked by an unknown index.
bool same_object(const Path &a, const Path &b);
/// Without array steps and dereferences at the end.
Path stripped(Path path);
bool has_field(const Path &path);
/// Is this the type of a container of pointers? Its elements are somebody else's objects.
bool holds_pointers(llvm::StringRef type);
/// The end of `path` lies in the object at its root, or in one that this object alone owns: no reference or shared
/// pointer leads away on the way.
bool inside(const Program &program, const Function &function, const Path &path);

/// Total order by text, the same in every process.
bool text_less(const Path &a, const Path &b);

/// The fields by which an object contains the last one by value, outermost first: "Garage::lots_", "Locked::mu_".
/// What two acquisitions must share to be one lock class. Empty if the path names no field and no variable.
std::vector<Symbol> containment(const Program &program, const Path &path);

} // namespace snarl
