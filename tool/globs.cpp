#include "globs.h"
#include "text.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

namespace snarl {

llvm::Expected<Globs> Globs::parse(llvm::StringRef text) {
  Globs globs;
  llvm::SmallVector<llvm::StringRef, 8> words;
  llvm::SplitString(text, words, ",\n");
  for (llvm::StringRef word : words) {
    word = word.trim();
    if (word.empty()) continue;
    Item item;
    item.positive = !word.consume_front("-");
    item.text = word.trim().str();
    item.wildcard = word.find_first_of("*?[{\\") != llvm::StringRef::npos;
    auto pattern = llvm::GlobPattern::create(item.text);
    if (!pattern)
      return llvm::createStringError("'" + item.text + "' is not a glob: " + llvm::toString(pattern.takeError()));
    item.pattern = std::move(*pattern);
    globs.items_.push_back(std::move(item));
  }
  // GlobPattern keeps a view of the text it was made of, so it is made again where the text stays.
  for (Item &item : globs.items_) item.pattern = llvm::cantFail(llvm::GlobPattern::create(item.text));
  return globs;
}

const Globs::Item *Globs::last_match(llvm::StringRef rule) const {
  std::string prefixed = ("snarl-" + rule).str();
  for (auto item = items_.rbegin(); item != items_.rend(); ++item)
    if (item->pattern.match(rule) || item->pattern.match(prefixed)) return &*item;
  return nullptr;
}

bool Globs::contains(llvm::StringRef rule) const {
  const Item *item = last_match(rule);
  return item && item->positive;
}

bool Globs::names(llvm::StringRef rule) const {
  const Item *item = last_match(rule);
  return item && item->positive && !item->wildcard;
}

std::vector<std::string> Globs::unknown_names() const {
  std::vector<std::string> names;
  for (const Item &item : items_)
    if (!item.wildcard && !find_rule(item.text)) names.push_back(item.text);
  return names;
}

llvm::Expected<std::vector<const Rule *>> select_rules(llvm::StringRef checks, bool strict) {
  auto globs = Globs::parse(("*," + checks).str());
  if (!globs) return globs.takeError();
  for (const std::string &name : globs->unknown_names()) {
    std::vector<std::string> names;
    for (const Rule *rule : all_rules()) names.push_back(rule->name);
    llvm::StringRef word = name;
    word.consume_front("snarl-");
    std::string near = did_you_mean(word, names);
    return llvm::createStringError("there is no rule '" + name + "'" +
                                   (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  std::vector<const Rule *> rules;
  for (const Rule *rule : all_rules())
    if (globs->contains(rule->name) && (rule->level == Level::On || strict || globs->names(rule->name)))
      rules.push_back(rule);
  return rules;
}

} // namespace snarl
