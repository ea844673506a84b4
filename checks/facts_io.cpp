// One description of each record (the `describe` functions) serves the writer, the dump and the reader: Writer and
// Reader are function objects called with a key and a member. A member that has its default value is not written, so a
// line holds only what is special about it, and files of older writers of the same version read the same.
#include "facts_io.h"
#include "path.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <type_traits>

namespace snarl {
namespace {

using llvm::StringRef;

// ---- Names of enumerators, in their order.
constexpr const char *kOpNames[] = {"acquire", "release", "disown",      "assert-held", "lock-init", "access",
                                    "call",    "spawn",   "join",        "detach",      "suspend",   "blocking",
                                    "wait",    "notify",  "assign",      "move",        "destroy",   "return",
                                    "remark",  "throw",   "thread-exit", "lock-destroy"};
constexpr const char *kHowNames[] = {"lock", "try", "timed", "adopt", "defer"};
constexpr const char *kModeNames[] = {"exclusive", "shared"};
constexpr const char *kSpawnNames[] = {"thread", "async", "pool", "event-loop", "signal"};
constexpr const char *kBlockNames[] = {"sleep",   "thread-wait", "sync-bridge", "file-io", "socket",  "name-lookup",
                                       "process", "input",       "third-party", "poll",    "declared"};
constexpr const char *kRemarkNames[] = {
    "temporary-guard", "guard-is-variable", "empty-guard",     "local-mutex", "empty-section",
    "volatile-sync",   "dropped-future",    "dropped-task",    "resumes",     "leaves",
    "borrowed-use",    "thread-bound",      "thread-bound-use"};
constexpr const char *kUpdateNames[] = {"none", "rmw", "cas"};
constexpr const char *kBranchNames[] = {"none", "result", "owns", "flag"};
constexpr const char *kContractNames[] = {"requires", "acquires",     "try-acquires", "releases",
                                          "excludes", "returns-lock", "no-analysis"};

llvm::ArrayRef<const char *> names_of(How) {
  return kHowNames;
}
llvm::ArrayRef<const char *> names_of(Mode) {
  return kModeNames;
}
llvm::ArrayRef<const char *> names_of(SpawnKind) {
  return kSpawnNames;
}
llvm::ArrayRef<const char *> names_of(BlockKind) {
  return kBlockNames;
}
llvm::ArrayRef<const char *> names_of(Remark) {
  return kRemarkNames;
}
llvm::ArrayRef<const char *> names_of(Update) {
  return kUpdateNames;
}
llvm::ArrayRef<const char *> names_of(Branch::Kind) {
  return kBranchNames;
}
llvm::ArrayRef<const char *> names_of(Contract::Kind) {
  return kContractNames;
}

// ---- What each record holds. T is the record or the record const.
template <class Io, class T> void describe_traits(Io &io, T &t) {
  io("lock", t.is_lock), io("recursive", t.recursive), io("shared", t.shared), io("unbound", t.thread_bound, true);
  io("spin", t.spin);
}

template <class Io, class T> void describe_unit(Io &io, T &facts) {
  io("file", facts.main_file), io("bounded", facts.bounded);
}

template <class Io, class T> void describe_function(Io &io, T &f) {
  io("usr", f.usr), io("name", f.name), io("at", f.site), io("record", f.record), io("in", f.enclosing);
  io("overrides", f.overrides), io("captures", f.captures), io("entry", f.entry), io("exit", f.exit);
  io("signature", f.signature), io("constructor", f.is_constructor), io("destructor", f.is_destructor);
  io("method", f.is_method), io("static", f.is_static), io("lambda", f.is_lambda), io("coroutine", f.is_coroutine);
  io("virtual", f.is_virtual), io("internal", f.internal), io("address-taken", f.address_taken), io("main", f.is_main);
  io("static-init", f.is_static_init), io("system", f.in_system_header), io("lazy", f.lazy), io("nothrow", f.nothrow);
  io("end", f.end), io("borrowed", f.borrowed);
}

template <class Io, class T> void describe_param(Io &io, T &p) {
  io("name", p.name), io("by-value", p.by_value), io("to-const", p.pointer_to_const);
  io("reference", p.reference), io("record", p.record), io("view", p.view);
}

template <class Io, class T> void describe_local(Io &io, T &l) {
  io("name", l.name), io("type", l.type), io("by-value", l.by_value), io("record", l.record);
  io("outermost", l.outermost);
}

template <class Io, class T> void describe_contract(Io &io, T &c) {
  io("kind", c.kind), io("mode", c.mode), io("lock", c.lock);
}

template <class Io, class T> void describe_block(Io &io, T &b) {
  io("to", b.successors), io("if", b.branch.kind), io("unless", b.branch.success_on_true, true);
  io("op", b.branch.op), io("path", b.branch.path), io("uses", b.branch.uses);
}

template <class Io, class T> void describe_op(Io &io, T &op) {
  io("id", op.id), io("at", op.site), io("path", op.path), io("dest", op.dest), io("args", op.args);
  io("value", op.value), io("callee", op.callee), io("name", op.callee_name), io("signature", op.signature);
  io("through", op.through), io("virtual", op.is_virtual), io("awaited", op.awaited), io("via", op.via);
  io("api", op.api), io("timeout", op.timeout_ms), io("group", op.group), describe_traits(io, op.traits);
  io("how", op.how), io("mode", op.mode), io("spawn", op.spawn), io("block", op.block), io("write", op.write);
  io("atomic", op.atomic), io("all", op.all), io("system-macro", op.in_macro_of_system);
  io("remark", op.remark), io("update", op.update), io("uses", op.uses), io("discarded", op.discarded);
  io("in-try", op.in_try), io("fix", op.fix), io("fix-begin", op.fix_begin), io("fix-end", op.fix_end);
}

template <class Io, class T> void describe_decl(Io &io, T &d) {
  io("usr", d.usr), io("name", d.name), io("at", d.site), io("type", d.type), io("record", d.record);
  io("function", d.function), describe_traits(io, d.lock), io("guarded-by", d.guarded_by), io("field", d.is_field);
  io("static", d.is_static), io("reference", d.by_value, true), io("constant", d.constant), io("atomic", d.atomic);
  io("thread-local", d.thread_local_), io("sync", d.sync_object), io("volatile", d.is_volatile);
}

template <class Io, class T> void describe_record(Io &io, T &r) {
  io("usr", r.usr), io("name", r.name), io("bases", r.bases), io("lock-fn", r.lock_fn), io("unlock-fn", r.unlock_fn);
  io("scoped-capability", r.scoped_capability), io("capability", r.capability);
}

bool is_default(const Value &v) {
  return !v.path.known() && v.path.steps.empty() && !v.function && v.bound.empty() && !v.fresh && !v.borrowed &&
         !v.moved && !v.temporary && v.truth == Value::Unknown && !v.negated;
}

// ---- Writing
class Writer {
public:
  Writer(llvm::raw_ostream &out, llvm::function_ref<std::string(Symbol)> text) : out_(out), text_(text) {}

  void start(StringRef record) { out_ << record; }
  void finish() { out_ << '\n'; }

  void operator()(StringRef key, bool value, bool normal = false) {
    if (value != normal) out_ << ' ' << key;
  }
  void operator()(StringRef key, Symbol value) {
    if (value) put(key) << text_(value);
  }
  void operator()(StringRef key, uint32_t value) {
    if (value) put(key) << value;
  }
  void operator()(StringRef key, int64_t value) {
    if (value != kForever) put(key) << value;
  }
  void operator()(StringRef key, const Site &site) {
    if (site.line) put(key) << text_(site.file) << ':' << site.line << ':' << site.column;
  }
  void operator()(StringRef key, const Path &path) {
    if (path.known() || !path.steps.empty()) put(key) << print_path(path, text_);
  }
  void operator()(StringRef key, const Value &value) {
    if (!is_default(value)) put(key), item(value);
  }
  template <class E, class = std::enable_if_t<std::is_enum_v<E>>> void operator()(StringRef key, E value) {
    if (unsigned(value)) put(key) << names_of(value)[unsigned(value)];
  }
  template <class T> void operator()(StringRef key, const std::vector<T> &values) { list<T>(key, values); }
  template <class T, unsigned N> void operator()(StringRef key, const llvm::SmallVector<T, N> &values) {
    list<T>(key, values);
  }

private:
  llvm::raw_ostream &put(StringRef key) { return out_ << ' ' << key << '='; }
  template <class T> void list(StringRef key, llvm::ArrayRef<T> values) {
    if (values.empty()) return;
    put(key);
    for (size_t i = 0; i < values.size(); ++i) {
      if (i) out_ << ',';
      item(values[i]);
    }
  }
  void item(uint32_t value) { out_ << value; }
  void item(Symbol value) { out_ << text_(value); }
  void item(const Path &path) { out_ << print_path(path, text_); }
  // path|function|flags|bound;bound with empty parts at the end left out
  void item(const Value &v) {
    std::string parts[4] = {print_path(v.path, text_), v.function ? text_(v.function) : "", "", ""};
    if (v.fresh) parts[2] += 'f';
    if (v.borrowed) parts[2] += 'b';
    if (v.moved) parts[2] += 'm';
    if (v.temporary) parts[2] += 't';
    if (v.truth != Value::Unknown) parts[2] += v.truth == Value::Zero ? '0' : '1';
    if (v.negated) parts[2] += '!';
    for (const Path &path : v.bound) parts[3] += (parts[3].empty() ? "" : ";") + print_path(path, text_);
    size_t count = 4;
    while (count > 1 && parts[count - 1].empty()) --count;
    for (size_t i = 0; i < count; ++i) out_ << (i ? "|" : "") << parts[i];
  }

  llvm::raw_ostream &out_;
  llvm::function_ref<std::string(Symbol)> text_;
};

void write_records(const Facts &facts, Writer io) {
  io.start("unit"), describe_unit(io, facts), io.finish();
  for (const Function &f : facts.functions) {
    io.start("function"), describe_function(io, f), io.finish();
    for (const Param &p : f.params) io.start("param"), describe_param(io, p), io.finish();
    for (const Local &l : f.locals) io.start("local"), describe_local(io, l), io.finish();
    for (const Contract &c : f.contracts) io.start("contract"), describe_contract(io, c), io.finish();
    for (const Block &b : f.blocks) {
      io.start("block"), describe_block(io, b), io.finish();
      for (const Op &op : b.ops) io.start(kOpNames[unsigned(op.kind)]), describe_op(io, op), io.finish();
    }
  }
  for (const Decl &d : facts.decls) io.start("decl"), describe_decl(io, d), io.finish();
  for (const Record &r : facts.records) io.start("class"), describe_record(io, r), io.finish();
  io.start("end"), io.finish();
}

// ---- Reading
struct Bad {
  std::string what; ///< empty: nothing wrong yet
};

/// One line taken apart. Members ask for their key; what nobody asked for is an error, so that no information is
/// dropped in silence.
class Reader {
public:
  Reader(StringRef line, const std::vector<Symbol> &strings, Bad &bad) : strings_(strings), bad_(bad) {
    while (!line.empty()) {
      auto [token, rest] = line.split(' ');
      line = rest;
      auto [key, value] = token.split('=');
      if (!key.empty()) tokens_.push_back({key, value, token.size() != key.size()});
    }
  }
  void finish() {
    for (const Token &t : tokens_)
      if (!t.key.empty()) fail("unknown key '" + t.key.take_front(40).str() + "'");
  }

  void operator()(StringRef key, bool &value, bool normal = false) {
    if (Token *t = find(key)) {
      if (t->valued) fail("a value where there is none for '" + key.str() + "'");
      value = !normal;
    }
  }
  template <class T> void operator()(StringRef key, T &value) {
    if (Token *t = find(key))
      if (!item(t->value, value)) fail("bad value for '" + key.str() + "'");
  }

private:
  struct Token {
    StringRef key, value;
    bool valued;
  };
  Token *find(StringRef key) {
    for (Token &t : tokens_)
      if (t.key == key) {
        t.key = {};
        return &t;
      }
    return nullptr;
  }
  void fail(std::string what) {
    if (bad_.what.empty()) bad_.what = std::move(what);
  }
  std::optional<Symbol> symbol(uint32_t index) const {
    if (index == 0 || index > strings_.size()) return std::nullopt;
    return strings_[index - 1];
  }
  bool item(StringRef text, uint32_t &value) { return !text.getAsInteger(10, value); }
  bool item(StringRef text, int64_t &value) { return !text.getAsInteger(10, value); }
  bool item(StringRef text, Symbol &value) {
    uint32_t index = 0;
    if (text.getAsInteger(10, index)) return false;
    auto found = symbol(index);
    if (found) value = *found;
    return found.has_value();
  }
  bool item(StringRef text, Site &site) {
    auto [file, position] = text.split(':');
    auto [line, column] = position.split(':');
    return item(file, site.file) && item(line, site.line) && item(column, site.column);
  }
  bool item(StringRef text, Path &path) {
    auto parsed = parse_path(text, [&](uint32_t index) { return symbol(index); });
    if (parsed) path = std::move(*parsed);
    return parsed.has_value();
  }
  bool item(StringRef text, Value &v) {
    llvm::SmallVector<StringRef, 4> parts;
    text.split(parts, '|');
    if (parts.size() > 4 || !item(parts[0], v.path)) return false;
    if (parts.size() > 1 && !parts[1].empty() && !item(parts[1], v.function)) return false;
    if (parts.size() > 2) {
      if (parts[2].find_first_not_of("fbmt01!") != StringRef::npos) return false;
      v.fresh = parts[2].contains('f'), v.borrowed = parts[2].contains('b'), v.moved = parts[2].contains('m');
      v.temporary = parts[2].contains('t');
      v.negated = parts[2].contains('!');
      v.truth = parts[2].contains('0') ? Value::Zero : parts[2].contains('1') ? Value::NonZero : Value::Unknown;
    }
    return parts.size() < 4 || items(parts[3], ';', v.bound);
  }
  template <class E, class = std::enable_if_t<std::is_enum_v<E>>> bool item(StringRef text, E &value) {
    auto names = names_of(value);
    for (size_t i = 0; i < names.size(); ++i)
      if (text == names[i]) {
        value = E(i);
        return true;
      }
    return false;
  }
  template <class T> bool item(StringRef text, std::vector<T> &values) { return items(text, ',', values); }
  template <class T, unsigned N> bool item(StringRef text, llvm::SmallVector<T, N> &values) {
    return items(text, ',', values);
  }
  template <class C> bool items(StringRef text, char separator, C &values) {
    values.clear();
    while (true) {
      auto [first, rest] = text.split(separator);
      if (!item(first, values.emplace_back())) return false;
      if (first.size() == text.size()) return true;
      text = rest;
    }
  }

  const std::vector<Symbol> &strings_;
  Bad &bad_;
  llvm::SmallVector<Token, 16> tokens_;
};

/// What users of facts may rely on without looking.
std::string inconsistency(const Function &f) {
  auto exists = [&](const Path &p) {
    return (p.root != Root::Param || p.index < f.params.size()) &&
           (p.root != Root::Local || p.index < f.locals.size()) &&
           (p.root != Root::Capture || p.index < f.captures.size());
  };
  auto value_exists = [&](const Value &v) { return exists(v.path) && llvm::all_of(v.bound, exists); };
  if (!f.blocks.empty() && (f.entry >= f.blocks.size() || f.exit >= f.blocks.size()))
    return "entry or exit is not a block";
  for (const Contract &c : f.contracts)
    if (!exists(c.lock)) return "a contract names no parameter";
  for (const Block &b : f.blocks) {
    if (llvm::any_of(b.successors, [&](uint32_t to) { return to >= f.blocks.size(); }))
      return "a successor is not a block";
    if (b.branch.kind != Branch::None && b.successors.size() != 2) return "a branch without two successors";
    if (!exists(b.branch.path)) return "a branch names no local";
    for (const Op &op : b.ops)
      if (!exists(op.path) || !exists(op.dest) || !value_exists(op.value) || !llvm::all_of(op.args, value_exists))
        return "an operation names no parameter, local or capture";
  }
  return {};
}

constexpr StringRef kMagic = "snarl-facts ";

} // namespace

void write_facts(const Facts &facts, llvm::raw_ostream &out) {
  llvm::DenseMap<Symbol, uint32_t> numbers;
  std::vector<Symbol> strings; // in the order of first use
  auto text = [&](Symbol symbol) {
    auto [it, fresh] = numbers.try_emplace(symbol, uint32_t(strings.size() + 1));
    if (fresh) strings.push_back(symbol);
    return std::to_string(it->second);
  };
  std::string records;
  llvm::raw_string_ostream records_out(records);
  write_records(facts, Writer(records_out, text));
  out << kMagic << kFactsVersion << "\nstrings " << strings.size() << '\n';
  for (Symbol symbol : strings) {
    for (char c : symbol.str()) { // one line each
      if (c == '\n')
        out << "\\n";
      else if (c == '\\')
        out << "\\\\";
      else
        out << c;
    }
    out << '\n';
  }
  out << records;
}

void dump_facts(const Facts &facts, llvm::raw_ostream &out) {
  auto text = [](Symbol symbol) { return symbol.str().str(); };
  write_records(facts, Writer(out, text));
}

llvm::Expected<Facts> read_facts(llvm::MemoryBufferRef buffer) {
  StringRef rest = buffer.getBuffer();
  unsigned line_number = 0;
  auto next = [&](StringRef &line) {
    if (rest.empty()) return false;
    std::tie(line, rest) = rest.split('\n');
    ++line_number;
    return true;
  };
  auto error = [&](const llvm::Twine &what) {
    return llvm::createStringError(buffer.getBufferIdentifier() + ":" + llvm::Twine(line_number) + ": " + what +
                                   "; write it again with 'snarl facts'");
  };

  StringRef line;
  unsigned version = 0, count = 0;
  if (!next(line) || !line.consume_front(kMagic)) return error("not a facts file");
  if (line.getAsInteger(10, version) || version != kFactsVersion)
    return error("facts of version " + line.take_front(20) + ", this is for version " + llvm::Twine(kFactsVersion));
  if (!next(line) || !line.consume_front("strings ") || line.getAsInteger(10, count)) return error("no string table");
  std::vector<Symbol> strings;
  for (unsigned i = 0; i < count; ++i) {
    if (!next(line)) return error("the file ends in its string table");
    std::string text;
    for (size_t at = 0; at < line.size(); ++at) {
      if (line[at] != '\\')
        text += line[at];
      else if (++at < line.size())
        text += line[at] == 'n' ? '\n' : line[at];
    }
    strings.push_back(Symbol(text));
  }

  Facts facts;
  Bad bad;
  bool ended = false, unit = false;
  auto close_function = [&] {
    if (!facts.functions.empty() && bad.what.empty()) bad.what = inconsistency(facts.functions.back());
  };
  while (!ended && next(line)) {
    auto [record, tokens] = line.split(' ');
    Function *f = facts.functions.empty() ? nullptr : &facts.functions.back();
    Block *block = f && !f->blocks.empty() ? &f->blocks.back() : nullptr;
    Reader io(tokens, strings, bad);
    if (record == "unit" && !unit) {
      unit = true;
      describe_unit(io, facts);
    } else if (record == "function") {
      close_function();
      describe_function(io, facts.functions.emplace_back());
    } else if (record == "param" && f) {
      describe_param(io, f->params.emplace_back());
    } else if (record == "local" && f) {
      describe_local(io, f->locals.emplace_back());
    } else if (record == "contract" && f) {
      describe_contract(io, f->contracts.emplace_back());
    } else if (record == "block" && f) {
      describe_block(io, f->blocks.emplace_back());
    } else if (record == "decl") {
      describe_decl(io, facts.decls.emplace_back());
    } else if (record == "class") {
      describe_record(io, facts.records.emplace_back());
    } else if (record == "end") {
      close_function();
      ended = true;
    } else {
      size_t kind = 0;
      while (kind < std::size(kOpNames) && record != kOpNames[kind]) ++kind;
      if (kind == std::size(kOpNames) || !block)
        return error("unknown or misplaced record '" + record.take_front(40) + "'");
      Op &op = block->ops.emplace_back();
      op.kind = OpKind(kind);
      describe_op(io, op);
    }
    io.finish();
    if (!bad.what.empty()) return error(bad.what);
  }
  if (!ended || !unit) return error("the file is cut off");
  return facts;
}

} // namespace snarl
