// What the inference is sure of and what Clang can follow are not the same: Clang looks at one function at a time and
// knows no pointers that name the same object. So every annotation is tried before it is written, in the manner of
// Houdini (Flanagan and Leino, FME 2001): all are assumed, those that Clang refutes are taken back, until none is. What
// is left is the largest set that it agrees with.
//
// A complaint of a line that a finding speaks of is what annotations are for, and stays. Where the program is right and
// Clang cannot see it in one function of several (a lock that is tried, passed on, or not needed yet), a person would
// take that function out of the analysis rather than give the annotation up; so does this.
#include "annotate_trial.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

namespace snarl {
namespace {

using Kind = Annotation::Kind;
constexpr size_t kNoBody = ~size_t(0);

unsigned line_of(llvm::StringRef text, unsigned offset) {
  return 1 + unsigned(text.take_front(offset).count('\n'));
}

/// After the #include lines at the beginning, or what stands for a header's guard; never inside an #if.
unsigned include_offset(llvm::StringRef text, unsigned limit) {
  unsigned best = 0, depth = 0, base = 0, at = 0;
  bool in_comment = false, any = false;
  llvm::StringRef guard;
  while (at < text.size()) {
    size_t end = text.find('\n', at);
    unsigned next = end == llvm::StringRef::npos ? unsigned(text.size()) : unsigned(end + 1);
    if (next > limit) break;
    llvm::StringRef line = text.slice(at, next).trim();
    if (in_comment || line.starts_with("/*")) {
      in_comment = !line.contains("*/");
      if (!in_comment && !any && !best) best = next;
    } else if (line.consume_front("#")) {
      line = line.ltrim();
      if (line.starts_with("if")) {
        if (!any && !base && line.starts_with("ifndef")) guard = line.drop_front(6).trim();
        ++depth;
      } else if (line.starts_with("endif")) {
        depth -= depth > 0;
        if (depth == base && any) best = next; // includes may have been inside
      } else if (line.starts_with("define") && depth == 1 && !base && !guard.empty() &&
                 line.drop_front(6).trim().starts_with(guard)) {
        base = 1;
        best = next;
      } else if ((line.starts_with("include") || line.starts_with("pragma once")) && depth == base) {
        best = next;
        any = true;
      }
    } else if (line.starts_with("//") && !any && !base && best == at) {
      best = next;
    }
    at = next;
  }
  return best;
}

} // namespace

FileEdits Trial::edits_of(const std::string &file) const {
  auto it = edits.find(file);
  if (it == edits.end() || file == header) return {};
  FileEdits living = it->second.living(alive);
  if (living.empty()) return living;
  llvm::StringRef text = sources.text(file);
  llvm::SmallString<256> path(llvm::sys::path::filename(header));
  std::string from = llvm::sys::path::parent_path(header).str();
  std::string up;
  for (std::string folder = llvm::sys::path::parent_path(file).str();; folder = llvm::sys::path::parent_path(folder)) {
    if (std::optional<std::string> below = folder == from ? std::string() : path_below(header, folder)) {
      path = up + (below->empty() ? llvm::sys::path::filename(header).str() : *below);
      break;
    }
    if (folder.size() < 2) break;
    up += "../";
  }
  std::string include = "#include \"" + path.str().str() + "\"";
  if (!text.contains(include)) {
    unsigned at = include_offset(text, living.first());
    bool own_line = at == 0 || text[at - 1] == '\n';
    living.insert(at, (own_line ? "" : "\n") + include + "\n", ~size_t(0));
  }
  return living;
}

std::map<std::string, std::string> Trial::changed() const {
  std::map<std::string, std::string> result;
  for (const auto &[file, unused] : edits) {
    FileEdits living = edits_of(file);
    if (living.empty()) continue;
    auto text = living.apply(file, sources.text(file));
    if (text)
      result[file] = std::move(*text);
    else
      llvm::consumeError(text.takeError());
  }
  if (!result.empty() && sources.text(header) != header_text) result[header] = header_text;
  return result;
}

size_t Trial::body_at(const Spot &spot) const {
  size_t best = kNoBody;
  for (size_t i = 0; i < bodies.size(); ++i) {
    const Places::Body &body = bodies[i];
    if (body.begin.first == spot.first && body.begin.second <= spot.second && spot.second <= body.end &&
        (best == kNoBody || bodies[best].begin.second < body.begin.second))
      best = i;
  }
  return best;
}

bool Trial::is_found(const Spot &spot) {
  unsigned line = line_of(sources.text(spot.first), spot.second);
  auto here = [&](const Place &place) { return place.line == line && absolute_path(place.file) == spot.first; };
  return llvm::any_of(findings, [&](const Finding &finding) {
    return here(finding.place) ||
           llvm::any_of(finding.steps, [&](const Step &step) { return step.main && here(step.place); });
  });
}

void Trial::drop(size_t annotation, const std::string &why) {
  if (!alive[annotation]) return;
  alive[annotation] = false;
  ++dropped[why];
}

void Trial::judge(const Complaint &complaint, std::map<size_t, std::set<size_t>> &against,
                  std::map<size_t, std::string> &refuted) {
  std::set<size_t> inside;
  Spot spot{complaint.file, original(complaint.file, complaint.offset, &inside)};
  inside.erase(~size_t(0));
  std::string text = shown_path(spot.first, "") + ":" + llvm::utostr(line_of(sources.text(spot.first), spot.second)) +
                     ": " + complaint.message;
  if (!inside.empty()) { // the attribute itself
    for (size_t owner : inside) refuted[owner] = "the lock cannot be named there, or Clang knows no lock of its type";
    return;
  }
  if (complaint.error) {
    left.insert(text);
    return;
  }
  if (is_found(spot)) {
    explained.insert(text);
    return;
  }
  size_t body = body_at(spot);
  std::set<size_t> about;
  for (const auto &[file, offset] : complaint.named) {
    auto it = names.find({file, original(file, offset)});
    if (it == names.end()) continue;
    for (size_t owner : it->second)
      if (alive[owner] && annotations[owner].kind != Kind::NoAnalysis) about.insert(owner);
  }
  for (size_t owner : about) against[owner].insert(body);
  if (about.empty()) {
    if (body == kNoBody || bodies[body].attributes.first.empty() || unanalysed_.count(body))
      left.insert(text);
    else
      against[~size_t(0)].insert(body);
  }
}

unsigned Trial::original(const std::string &file, unsigned offset, std::set<size_t> *owners) const {
  auto it = living_.find(file);
  return it == living_.end() ? offset : it->second.original(offset, owners);
}

bool Trial::round() {
  living_.clear();
  for (const auto &[file, unused] : edits) living_[file] = edits_of(file);
  std::vector<std::vector<Complaint>> all(commands.size());
  std::map<std::string, std::string> texts = changed();
  in_parallel(commands.size(), jobs, [&](size_t i) {
    llvm::IntrusiveRefCntPtr<llvm::vfs::OverlayFileSystem> files(
        new llvm::vfs::OverlayFileSystem(llvm::vfs::createPhysicalFileSystem()));
    llvm::IntrusiveRefCntPtr<llvm::vfs::InMemoryFileSystem> memory(new llvm::vfs::InMemoryFileSystem);
    for (const auto &[file, text] : texts) memory->addFile(file, 0, llvm::MemoryBuffer::getMemBuffer(text));
    files->pushOverlay(memory);
    all[i] = complaints(commands[i], files);
  });
  explained.clear();
  left.clear();
  std::map<size_t, std::set<size_t>> against; // annotation -> bodies that contradict it
  std::map<size_t, std::string> refuted;
  for (const std::vector<Complaint> &unit : all)
    for (const Complaint &complaint : unit) judge(complaint, against, refuted);
  bool changed = false;
  for (auto &[owner, why] : refuted)
    if (alive[owner]) drop(owner, why), changed = true;
  if (changed) return true; // an attribute that is not understood makes others look wrong
  std::set<size_t> out;     // bodies to take out of the analysis
  for (auto &[owner, where] : against) {
    bool can =
        llvm::all_of(where, [&](size_t body) { return body != kNoBody && !bodies[body].attributes.first.empty(); });
    if (owner == ~size_t(0)) {
      out.insert(where.begin(), where.end());
    } else if (bool data = annotations[owner].kind <= Kind::PtGuardedBy;
               data && can && 3 * where.size() <= annotations[owner].functions) {
      out.insert(where.begin(), where.end());
    } else {
      drop(owner, data ? "Clang cannot follow how the lock is held" : "Clang cannot follow how it is called");
      changed = true;
    }
  }
  if (changed) return true;
  for (size_t body : out) {
    if (!unanalysed_.insert(body).second) continue;
    Annotation none;
    none.kind = Kind::NoAnalysis;
    none.name = bodies[body].name;
    size_t owner = annotations.size();
    annotations.push_back(none);
    alive.push_back(true);
    const Spot &at = bodies[body].attributes;
    edits[at.first].insert(at.second, bodies[body].lead + " " + prefix + macro_name(Kind::NoAnalysis), owner);
    changed = true;
  }
  return changed;
}

bool Trial::run() {
  constexpr unsigned kMaxRounds = 40; // each takes something back; far fewer are needed
  for (unsigned i = 0; i < kMaxRounds; ++i)
    if (!round()) return true;
  return false;
}

} // namespace snarl
