// JSON by llvm::json's own mapping: a toJSON and a fromJSON for each type.
#include "judgement.h"
#include "llvm/Support/JSON.h"

namespace snarl {

using llvm::json::Array;
using llvm::json::Object;
using llvm::json::ObjectMapper;
using llvm::json::Value;
using JsonPath = llvm::json::Path;

static bool number(const Value &value, unsigned &out) {
  std::optional<uint64_t> number = value.getAsUINT64();
  out = unsigned(number.value_or(0));
  return number && *number == out;
}
static bool number(ObjectMapper &map, llvm::StringLiteral key, unsigned &out) {
  uint64_t wide = 0;
  return map.map(key, wide) && number(Value(wide), out);
}
template <class E> static bool enumerator(ObjectMapper &map, llvm::StringLiteral key, E &out, E last) {
  unsigned value = 0;
  if (!number(map, key, value) || value > unsigned(last)) return false;
  out = E(value);
  return true;
}

static Value toJSON(const Place &p) {
  return Array{p.file, p.line, p.column};
}
static bool fromJSON(const Value &value, Place &p, JsonPath path) {
  const Array *array = value.getAsArray();
  return array && array->size() == 3 && fromJSON((*array)[0], p.file, path) && number((*array)[1], p.line) &&
         number((*array)[2], p.column);
}

// Stacks come from runs; findings from source have none, and a frame is kept by its names all the same.
static Value toJSON(const Frame &f) {
  return Object{{"function", f.function},
                {"place", toJSON(f.place)},
                {"module", f.module},
                {"offset", f.offset},
                {"inlined", f.inlined}};
}
static bool fromJSON(const Value &value, Frame &f, JsonPath path) {
  ObjectMapper map(value, path);
  return map && map.map("function", f.function) && map.map("place", f.place) && map.map("module", f.module) &&
         map.map("offset", f.offset) && map.map("inlined", f.inlined);
}

static Value toJSON(const Step &s) {
  return Object{{"place", toJSON(s.place)}, {"message", s.message},    {"side", s.side},
                {"function", s.function},   {"stack", Array(s.stack)}, {"main", s.main}};
}
static bool fromJSON(const Value &value, Step &s, JsonPath path) {
  ObjectMapper map(value, path);
  return map && map.map("place", s.place) && map.map("message", s.message) && map.map("side", s.side) &&
         map.map("function", s.function) && map.map("stack", s.stack) && map.map("main", s.main);
}

static Value toJSON(const FixIt &f) {
  return Object{{"begin", toJSON(f.begin)}, {"end", toJSON(f.end)}, {"replacement", f.replacement}};
}
static bool fromJSON(const Value &value, FixIt &f, JsonPath path) {
  ObjectMapper map(value, path);
  return map && map.map("begin", f.begin) && map.map("end", f.end) && map.map("replacement", f.replacement);
}

static Value toJSON(const Finding &f) {
  return Object{{"rule", f.rule},
                {"severity", unsigned(f.severity)},
                {"tier", unsigned(f.tier)},
                {"message", f.message},
                {"place", toJSON(f.place)},
                {"function", f.function},
                {"steps", Array(f.steps)},
                {"fixes", Array(f.fixes)},
                {"schedule", f.schedule},
                {"names", Array(f.names)},
                {"key", f.key}};
}
static bool fromJSON(const Value &value, Finding &f, JsonPath path) {
  ObjectMapper map(value, path);
  return map && map.map("rule", f.rule) && enumerator(map, "severity", f.severity, Severity::Error) &&
         enumerator(map, "tier", f.tier, Tier::Actual) && map.map("message", f.message) && map.map("place", f.place) &&
         map.map("function", f.function) && map.map("steps", f.steps) && map.map("fixes", f.fixes) &&
         map.map("schedule", f.schedule) && map.map("names", f.names) && map.map("key", f.key);
}

static Value toJSON(const Notice &n) {
  return Object{{"severity", unsigned(n.severity)}, {"message", n.message}, {"place", toJSON(n.place)}};
}
static bool fromJSON(const Value &value, Notice &n, JsonPath path) {
  ObjectMapper map(value, path);
  return map && enumerator(map, "severity", n.severity, Severity::Error) && map.map("message", n.message) &&
         map.map("place", n.place);
}

static bool writable(const Judgement &judgement) {
  auto utf8 = [](const std::string &text) { return llvm::json::isUTF8(text); };
  for (const Finding &f : judgement.findings) {
    bool good = utf8(f.message) && utf8(f.place.file) && utf8(f.function) && utf8(f.schedule) && utf8(f.key);
    for (const std::string &name : f.names) good &= utf8(name);
    for (const FixIt &fix : f.fixes) good &= utf8(fix.replacement) && utf8(fix.begin.file);
    for (const Step &s : f.steps) good &= utf8(s.message) && utf8(s.place.file) && utf8(s.function) && s.stack.empty();
    if (!good) return false;
  }
  for (const Notice &n : judgement.notices)
    if (!utf8(n.message) || !utf8(n.place.file)) return false;
  for (const auto *texts : {&judgement.bounds, &judgement.main_files})
    for (const std::string &text : *texts)
      if (!utf8(text)) return false;
  return true;
}

std::optional<std::string> write_judgement(const Judgement &judgement) {
  if (!writable(judgement)) return std::nullopt;
  std::string text;
  llvm::raw_string_ostream(text) << Value(Object{{"findings", Array(judgement.findings)},
                                                 {"bounds", Array(judgement.bounds)},
                                                 {"files", Array(judgement.main_files)},
                                                 {"notices", Array(judgement.notices)},
                                                 {"failed", judgement.failed}});
  return text;
}

std::optional<Judgement> read_judgement(llvm::StringRef text) {
  auto value = llvm::json::parse(text);
  if (!value) {
    llvm::consumeError(value.takeError());
    return std::nullopt;
  }
  Judgement judgement;
  JsonPath::Root root;
  ObjectMapper map(*value, root);
  if (!map || !map.map("findings", judgement.findings) || !map.map("bounds", judgement.bounds) ||
      !map.map("files", judgement.main_files) || !map.map("notices", judgement.notices) ||
      !number(map, "failed", judgement.failed))
    return std::nullopt;
  return judgement;
}

} // namespace snarl
