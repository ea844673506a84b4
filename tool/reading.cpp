#include "reading.h"
#include "sources.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/Threading.h"
#include <mutex>

namespace snarl {
namespace {

/// "[ 37/120] src/file.cpp" on one line of a terminal; silent elsewhere.
class Progress {
public:
  Progress(size_t total, bool quiet) : total_(total), enabled_(!quiet && llvm::errs().is_displayed()) {}
  ~Progress() {
    if (enabled_) llvm::errs() << "\r\x1b[K";
  }
  void next(llvm::StringRef file) {
    if (!enabled_) return;
    std::lock_guard lock(mutex_);
    std::string total = llvm::utostr(total_), done = llvm::utostr(++done_);
    std::string line =
        "[" + std::string(total.size() - done.size(), ' ') + done + "/" + total + "] " + shown_path(file, "");
    llvm::errs() << "\r" << llvm::StringRef(line).take_front(terminal_width() - 1) << "\x1b[K";
    llvm::errs().flush();
  }

private:
  std::mutex mutex_;
  size_t done_ = 0;
  const size_t total_;
  const bool enabled_;
};

} // namespace

void in_parallel(size_t count, unsigned jobs, llvm::function_ref<void(size_t)> task) {
  if (jobs == 1 || count == 1) {
    for (size_t i = 0; i < count; ++i) task(i);
    return;
  }
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(jobs));
  for (size_t i = 0; i < count; ++i) pool.async(task, i);
  pool.wait();
}

Reading::Reading(const Commands &commands, const Analysis &analysis, FactsCache &cache, unsigned jobs)
    : commands_(commands), analysis_(analysis), cache_(cache), jobs_(jobs), entries_(commands.size()) {
  if (cache.enabled()) in_parallel(commands.size(), jobs, [&](size_t i) { entries_[i] = cache.lookup(commands[i]); });
}

std::string Reading::judged() const {
  Digest digest;
  for (const Rule *rule : analysis_.rules()) digest.add(rule->name);
  for (const std::string &entry : entries_) {
    if (entry.empty()) return "";
    digest.add(entry);
  }
  return "j" + digest.hex();
}

size_t Reading::unchanged() const {
  return entries_.size() - llvm::count_if(entries_, [](const std::string &entry) { return entry.empty(); });
}

std::vector<Extraction> Reading::read() {
  std::vector<Extraction> extractions(commands_.size()); // by position
  Progress progress(commands_.size() - unchanged(), analysis_.output.quiet);
  ExtractFileOptions options;
  options.leak = commands_.size() == 1;
  llvm::CrashRecoveryContext::Enable();
  in_parallel(commands_.size(), jobs_, [&](size_t i) {
    if (!entries_[i].empty())
      if (std::optional<Extraction> kept = cache_.load(entries_[i])) {
        extractions[i] = std::move(*kept);
        return;
      }
    progress.next(file_of(commands_[i]));
    extractions[i] = cache_.extract(commands_[i], analysis_.models(), options, entries_[i]);
  });
  llvm::CrashRecoveryContext::Disable();
  return extractions;
}

std::string common_folder(const Commands &commands) {
  std::string folder = llvm::sys::path::parent_path(file_of(commands.front())).str();
  for (const clang::tooling::CompileCommand &command : commands) {
    std::string file = file_of(command);
    while (!folder.empty() && !path_below(file, folder)) {
      std::string up = llvm::sys::path::parent_path(folder).str();
      if (up == folder) break;
      folder = up;
    }
  }
  return folder;
}

} // namespace snarl
