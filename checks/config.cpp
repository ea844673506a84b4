#include "config.h"
#include "finding.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLTraits.h"
#include <algorithm>

namespace snarl {
namespace {

struct LockEntry {
  std::string name;
  LockTraits traits;
};
struct GuardEntry {
  std::string name;
  Mode mode = Mode::Exclusive;
};
struct AcquireEntry {
  std::string function;
  int argument = 0;
  How how = How::Lock;
  Mode mode = Mode::Exclusive;
};
struct ReleaseEntry {
  std::string function;
  int argument = 0;
};
struct SpawnEntry {
  std::string function;
  int argument = 0;
  SpawnKind kind = SpawnKind::Thread;
};

struct ConfigDocument {
  Config config;
  std::vector<LockEntry> locks;
  std::vector<GuardEntry> guards;
  std::vector<AcquireEntry> acquires;
  std::vector<ReleaseEntry> releases;
  std::vector<SpawnEntry> spawns;
  std::vector<std::string> blocking, harmless;

  void fill_models() {
    Models &models = config.models;
    for (const LockEntry &lock : locks) models.add_lock_type(lock.name, lock.traits);
    for (const GuardEntry &guard : guards) models.add_guard_type(guard.name, guard.mode);
    for (const AcquireEntry &a : acquires) models.add_acquire(a.function, a.argument, a.how, a.mode);
    for (const ReleaseEntry &r : releases) models.add_release(r.function, r.argument);
    for (const SpawnEntry &s : spawns) models.add_spawn(s.function, s.argument, s.kind);
    for (const std::string &name : blocking) models.add_blocking(name);
    for (const std::string &name : harmless) models.add_harmless(name);
  }
};

} // namespace
} // namespace snarl

namespace llvm::yaml {
using namespace snarl;

template <> struct ScalarEnumerationTraits<Mode> {
  static void enumeration(IO &io, Mode &mode) {
    io.enumCase(mode, "exclusive", Mode::Exclusive);
    io.enumCase(mode, "shared", Mode::Shared);
  }
};
template <> struct ScalarEnumerationTraits<How> {
  static void enumeration(IO &io, How &how) {
    io.enumCase(how, "lock", How::Lock);
    io.enumCase(how, "try", How::Try);
    io.enumCase(how, "timed", How::Timed);
  }
};
template <> struct ScalarEnumerationTraits<SpawnKind> {
  static void enumeration(IO &io, SpawnKind &kind) {
    io.enumCase(kind, "thread", SpawnKind::Thread);
    io.enumCase(kind, "async", SpawnKind::Async);
    io.enumCase(kind, "pool", SpawnKind::Pool);
    io.enumCase(kind, "event-loop", SpawnKind::EventLoop);
    io.enumCase(kind, "signal", SpawnKind::Signal);
  }
};
template <> struct ScalarEnumerationTraits<Severity> {
  static void enumeration(IO &io, Severity &severity) {
    io.enumCase(severity, "note", Severity::Note);
    io.enumCase(severity, "warning", Severity::Warning);
    io.enumCase(severity, "error", Severity::Error);
  }
};
template <> struct MappingTraits<LockEntry> {
  static void mapping(IO &io, LockEntry &lock) {
    lock.traits.is_lock = true;
    io.mapRequired("Name", lock.name);
    io.mapOptional("Recursive", lock.traits.recursive);
    io.mapOptional("Shared", lock.traits.shared);
    io.mapOptional("ThreadBound", lock.traits.thread_bound);
    io.mapOptional("Spin", lock.traits.spin);
  }
};
template <> struct MappingTraits<GuardEntry> {
  static void mapping(IO &io, GuardEntry &guard) {
    io.mapRequired("Name", guard.name);
    io.mapOptional("Mode", guard.mode);
  }
};
template <> struct MappingTraits<AcquireEntry> {
  static void mapping(IO &io, AcquireEntry &acquire) {
    io.mapRequired("Function", acquire.function);
    io.mapOptional("Argument", acquire.argument);
    io.mapOptional("How", acquire.how);
    io.mapOptional("Mode", acquire.mode);
  }
};
template <> struct MappingTraits<ReleaseEntry> {
  static void mapping(IO &io, ReleaseEntry &release) {
    io.mapRequired("Function", release.function);
    io.mapOptional("Argument", release.argument);
  }
};
template <> struct MappingTraits<SpawnEntry> {
  static void mapping(IO &io, SpawnEntry &spawn) {
    io.mapRequired("Function", spawn.function);
    io.mapOptional("Argument", spawn.argument);
    io.mapOptional("Kind", spawn.kind);
  }
};
template <> struct MappingTraits<ConfigDocument> {
  static void mapping(IO &io, ConfigDocument &document) {
    Config &config = document.config;
    io.mapOptional("Checks", config.checks);
    io.mapOptional("Strict", config.strict);
    io.mapOptional("WarningsAsErrors", config.warnings_as_errors);
    io.mapOptional("HeaderFilter", config.header_filter);
    std::optional<Severity> fail_on;
    io.mapOptional("FailOn", fail_on);
    if (fail_on) config.fail_on = static_cast<unsigned>(*fail_on);
    io.mapOptional("Locks", document.locks);
    io.mapOptional("Guards", document.guards);
    io.mapOptional("Acquires", document.acquires);
    io.mapOptional("Releases", document.releases);
    io.mapOptional("Spawns", document.spawns);
    io.mapOptional("Blocking", document.blocking);
    io.mapOptional("NonBlocking", document.harmless);
  }
};

} // namespace llvm::yaml

LLVM_YAML_IS_SEQUENCE_VECTOR(snarl::LockEntry)
LLVM_YAML_IS_SEQUENCE_VECTOR(snarl::GuardEntry)
LLVM_YAML_IS_SEQUENCE_VECTOR(snarl::AcquireEntry)
LLVM_YAML_IS_SEQUENCE_VECTOR(snarl::ReleaseEntry)
LLVM_YAML_IS_SEQUENCE_VECTOR(snarl::SpawnEntry)

namespace snarl {

llvm::Expected<Config> read_config(llvm::StringRef file) {
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (!buffer) return llvm::createStringError("cannot read '" + file + "': " + buffer.getError().message());

  std::string problem; // the first one; later ones follow from it
  auto remember = [](const llvm::SMDiagnostic &diagnostic, void *context) {
    auto &text = *static_cast<std::string *>(context);
    if (!text.empty()) return;
    text = (llvm::Twine(diagnostic.getLineNo()) + ":" + llvm::Twine(diagnostic.getColumnNo() + 1) + ": " +
            diagnostic.getMessage())
               .str();
    std::replace(text.begin(), text.end(), '\n', ' '); // a key may go over several lines
  };
  ConfigDocument document;
  llvm::yaml::Input input((*buffer)->getBuffer(), nullptr, remember, &problem);
  input >> document;
  if (input.error())
    return llvm::createStringError(file + ":" + (problem.empty() ? "1:1: " + input.error().message() : problem));
  document.config.file = file.str();
  document.fill_models();
  return std::move(document.config);
}

std::string find_config(llvm::StringRef directory) {
  for (llvm::StringRef at = directory; !at.empty(); at = llvm::sys::path::parent_path(at)) {
    llvm::SmallString<256> candidate(at);
    llvm::sys::path::append(candidate, ".snarl.yaml");
    if (llvm::sys::fs::exists(candidate)) return candidate.str().str();
  }
  return "";
}

} // namespace snarl
