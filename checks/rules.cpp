#include "rule.h"

namespace snarl {

#define RULE(name) extern const Rule name;
#include "rules.def"

llvm::ArrayRef<const Rule *> all_rules() {
  static const Rule *const rules[] = {
#define RULE(name) &name,
#include "rules.def"
  };
  return rules;
}

const Rule *find_rule(llvm::StringRef name) {
  name.consume_front("snarl-");
  for (const Rule *rule : all_rules())
    if (name == rule->name) return rule;
  return nullptr;
}

} // namespace snarl
