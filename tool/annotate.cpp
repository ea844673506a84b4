// `snarl annotate` in four steps: the linked program and its findings as for check, what it proves, where that would be
// written, and which of it Clang's own analysis agrees with.
#include "annotate.h"
#include "annotate_header.h"
#include "annotate_trial.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

namespace snarl {
namespace {

/// std::mutex -> annotated::mutex and so on, wherever the names are written in full.
void wrap_types(llvm::StringRef text, FileEdits &edits) {
  clang::LangOptions language;
  language.CPlusPlus = language.CPlusPlus11 = language.CPlusPlus14 = language.CPlusPlus17 = language.CPlusPlus20 = true;
  std::string zero_ended = text.str();
  const char *begin = zero_ended.c_str();
  clang::Lexer lexer(clang::SourceLocation(), language, begin, begin, begin + zero_ended.size());
  clang::Token token, last, before;
  last.startToken(), before.startToken();
  last.setKind(clang::tok::unknown), before.setKind(clang::tok::unknown);
  unsigned start = 0; // of the last "std"
  for (bool end = false; !end;) {
    end = lexer.LexFromRawLexer(token);
    unsigned offset = unsigned(lexer.getBufferLocation() - begin) - token.getLength();
    if (token.is(clang::tok::raw_identifier)) {
      if (before.is(clang::tok::raw_identifier) && before.getRawIdentifier() == "std" &&
          last.is(clang::tok::coloncolon) && is_wrapped_type(token.getRawIdentifier()))
        edits.replace(start, 3, "annotated");
      if (token.getRawIdentifier() == "std") start = offset;
    }
    before = last;
    last = token;
  }
}

void report(const Trial &trial, const std::map<std::string, unsigned> &skipped, unsigned present, bool applied) {
  std::map<Annotation::Kind, unsigned> made;
  for (size_t i = 0; i < trial.annotations.size(); ++i)
    if (trial.alive[i]) ++made[trial.annotations[i].kind];
  llvm::raw_ostream &out = llvm::errs();
  std::vector<std::string> parts;
  for (auto &[kind, count] : made) parts.push_back(std::to_string(count) + " " + macro_name(kind));
  out << "snarl: " << (parts.empty() ? "nothing to annotate" : llvm::join(parts, ", "));
  if (!parts.empty()) out << (applied ? " written" : " in the patch; --apply writes them");
  out << '\n';
  if (present) out << "  " << counted(present, "annotation") << " there already\n";
  auto list = [&](const std::map<std::string, unsigned> &reasons) {
    for (auto &[why, count] : reasons) out << "  " << count << " left out: " << why << '\n';
  };
  list(skipped);
  list(trial.dropped);
  if (!trial.explained.empty()) out << "clang -Wthread-safety will warn of what snarl check finds, too:\n";
  for (const std::string &text : trial.explained) out << "  " << text << '\n';
  if (!trial.left.empty()) out << "clang -Wthread-safety will warn of what it cannot follow, too:\n";
  for (const std::string &text : trial.left) out << "  " << text << '\n';
}

} // namespace

int annotate_command(llvm::ArrayRef<const char *> args) {
  CommandSource source;
  Analysis analysis;
  unsigned jobs = 0;
  bool apply = false, wrap = false, no_cache = false;
  std::string cache_dir = llvm::sys::Process::GetEnv("SNARL_CACHE_DIR").value_or(""), macros;
  MacroHeader header;

  Options options(
      "annotate", "[options] [file or folder...] [-- compiler arguments]",
      "Writes Clang's thread-safety attributes into C and C++ sources: GUARDED_BY, REQUIRES and so on, where "
      "the whole program proves them. Prints a patch; --apply changes the files. Every annotation is tried "
      "with Clang's own analysis first: afterwards clang -Wthread-safety warns of nothing but what snarl "
      "check finds, too.");
  options.section("Annotations");
  options.flag("apply", "change the sources instead of printing a patch", apply);
  options.value("macros", "FILE",
                "header with the macros (default: thread_annotations.h in the folder above all files); written unless "
                "it is there and somebody else's",
                macros);
  options.value("prefix", "PREFIX", "put before the macros' names: PREFIXGUARDED_BY", header.prefix);
  options.flag("wrap",
               "replace std::mutex, std::lock_guard and the like by annotated::mutex and so on from that header: "
               "libstdc++'s have no attributes, and libc++'s only some",
               wrap);
  options.section("Input");
  options.value("p", "DIR", "folder of compile_commands.json (default: looked for in and above the files)",
                source.build_dir);
  options.value("j", "N", "files read at a time (default: one for each processor)", jobs);
  options.values("extra-arg", "ARG", "add ARG at the end of every compile command; can be repeated", source.extra);
  options.values("extra-arg-before", "ARG", "add ARG at its beginning", source.extra_before);
  options.value("cache-dir", "DIR", "where facts are kept, as for check", cache_dir);
  options.flag("no-cache", "read every file anew, and keep nothing", no_cache);
  analysis.declare(options);
  options.epilogue("Only the named files and the headers below their folder are changed. Exit codes: 0 done, 2 snarl "
                   "could not do its work.");
  if (auto exit_code = options.parse(args)) return *exit_code;

  source.fixed = options.has_rest();
  source.arguments = options.rest();
  auto commands = compile_commands(source, options.arguments());
  if (!commands) return fail(llvm::toString(commands.takeError()));
  std::string folder = common_folder(*commands);
  if (llvm::Error error = analysis.configure(folder)) return fail(llvm::toString(std::move(error)));

  Sources sources;
  std::string header_file = absolute_path(macros.empty() ? folder + "/thread_annotations.h" : macros);
  bool own_header = true;
  if (llvm::sys::fs::exists(header_file)) {
    own_header = header.adopt(sources.text(header_file));
    if (!own_header && macros.empty())
      return fail("'" + shown_path(header_file, "") + "' was not written by snarl; name another header with --macros");
  }

  Cache kept;
  if (!no_cache) {
    auto opened = Cache::open(cache_dir);
    if (!opened) return fail(llvm::toString(opened.takeError()));
    kept = std::move(*opened);
  }
  FactsCache cache(std::move(kept), analysis.models_text());
  std::vector<Facts> units;
  for (Extraction &extraction : Reading(*commands, analysis, cache, jobs).read()) {
    if (extraction.failed()) {
      print_notices(extraction.notices, "");
      return fail("a file does not compile; annotations need the whole program");
    }
    units.push_back(std::move(extraction.facts));
  }
  const Program *program = nullptr;
  Judgement judgement = analysis.judge(std::move(units), &program);
  Annotations inferred = infer_annotations(*program, judgement.findings);

  Trial trial(*commands, jobs, judgement.findings, sources);
  trial.annotations = std::move(inferred.all);
  trial.alive.assign(trial.annotations.size(), true);
  trial.prefix = header.prefix;
  trial.header = header_file;
  Sites sites;
  for (size_t i = 0; i < trial.annotations.size(); ++i) {
    const Site &site = trial.annotations[i].site;
    std::string file = absolute_path(site.file.str());
    if (std::optional<unsigned> offset = sources.offset(file, site.line, site.column)) sites[{file, *offset}].insert(i);
  }

  std::vector<Places> places(commands->size());
  in_parallel(commands->size(), jobs,
              [&](size_t i) { places[i] = find_places((*commands)[i], trial.annotations, sites, header.prefix); });
  auto ours = [&](const std::string &file) { return file != header_file && path_below(file, folder); };
  std::set<size_t> written, present;
  std::map<size_t, std::string> refused;
  std::set<std::string> wrapped;
  std::set<Spot> bodies;
  for (const Places &unit : places) {
    present.insert(unit.present.begin(), unit.present.end());
    refused.insert(unit.refused.begin(), unit.refused.end());
    for (const auto &[spot, owners] : unit.names) trial.names[spot].insert(owners.begin(), owners.end());
    for (const Places::Body &body : unit.bodies)
      if (ours(body.begin.first) && bodies.insert(body.begin).second) trial.bodies.push_back(body);
    for (const std::string &file : unit.files) {
      if (!ours(file)) continue;
      header.pthread |=
          sources.text(file).contains("pthread_mutex_t") || sources.text(file).contains("pthread_rwlock_t");
      if (wrap && unit.cplusplus && wrapped.insert(file).second) wrap_types(sources.text(file), trial.edits[file]);
    }
  }
  for (const Places &unit : places)
    for (const Insertion &insertion : unit.insertions) {
      if (refused.count(insertion.owner) || present.count(insertion.owner)) continue;
      if (!ours(insertion.at.first)) {
        refused[insertion.owner] = "declared outside the folder of the files";
        continue;
      }
      trial.edits[insertion.at.first].insert(insertion.at.second, insertion.text, insertion.owner);
      written.insert(insertion.owner);
    }
  std::map<std::string, unsigned> skipped = inferred.skipped;
  for (size_t i = 0; i < trial.annotations.size(); ++i) {
    trial.alive[i] = written.count(i) && !refused.count(i) && !present.count(i);
    if (!trial.alive[i] && !present.count(i))
      ++skipped[refused.count(i) ? refused[i] : std::string("written in code that is made by a macro or not compiled")];
  }
  header.standard |= wrap;
  trial.header_text = own_header ? header.text() : sources.text(header_file).str();

  if (!trial.run()) return fail("the annotations do not settle; this is a mistake in snarl");
  std::map<std::string, std::string> changed = trial.changed();
  for (const auto &[file, text] : changed) {
    std::string path = shown_path(file, "");
    if (!apply) {
      llvm::StringRef old = sources.text(file);
      llvm::outs() << unified_diff(path, llvm::sys::fs::exists(file) ? &old : nullptr, text);
      continue;
    }
    llvm::Error error = llvm::writeToOutput(file, [&, &text = text](llvm::raw_ostream &out) {
      out << text;
      return llvm::Error::success();
    });
    if (error) return fail("cannot write '" + path + "': " + llvm::toString(std::move(error)));
  }
  llvm::outs().flush();
  report(trial, skipped, unsigned(present.size()), apply);
  cache.cache().prune();
  analysis.profile.print(llvm::errs());
  return 0;
}

} // namespace snarl
