#include "ask.h"
#include "launch.h"
#include "runtime/trace_format.h"
#include "stopped_threads.h"
#include "trace_reader.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace snarl {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

template <typename... Arguments> llvm::Error error(fmt::format_string<Arguments...> format, Arguments &&...arguments) {
  return llvm::createStringError(fmt::format(format, std::forward<Arguments>(arguments)...));
}

std::string contents(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string link_of(const std::string &path) {
  char target[4096];
  ssize_t size = readlink(path.c_str(), target, sizeof target);
  return size > 0 ? std::string(target, static_cast<size_t>(size)) : std::string();
}

/// The value of a variable in a block of NAME=value, each ended by a zero; empty if it is not there.
llvm::StringRef variable(llvm::StringRef block, llvm::StringRef name) {
  while (!block.empty()) {
    auto [entry, rest] = block.split('\0');
    if (entry.consume_front(name) && entry.consume_front("=")) return entry;
    block = rest;
  }
  return {};
}

/// Where the library writes, as it decides it (runtime/writer.cpp), as far as it shows from outside.
std::vector<std::string> folders_of(int pid) {
  std::vector<std::string> all;
  auto add = [&](llvm::StringRef folder) {
    if (!folder.starts_with("/")) return;
    if (std::find(all.begin(), all.end(), folder) == all.end()) all.push_back(folder.str());
  };
  std::error_code code;
  for (llvm::sys::fs::directory_iterator at(live_folder(pid) + "/fd", code), end; !code && at != end;
       at.increment(code)) {
    std::string file = link_of(at->path());
    llvm::StringRef name = llvm::sys::path::filename(file);
    if (name.starts_with(fmt::format("{}.", pid)) && name.ends_with(".trace")) add(llvm::sys::path::parent_path(file));
  }
  std::string environment = contents(live_folder(pid) + "/environ");
  llvm::SmallVector<llvm::StringRef, 8> words;
  variable(environment, "SNARL_OPTIONS").split(words, ':');
  llvm::StringRef named = "snarl.trace";
  for (llvm::StringRef word : words)
    if (word.consume_front("trace=") && !word.empty()) named = word; // the last one counts
  if (named.starts_with("/")) {
    add(named);
  } else { // relative to where the process was started
    for (std::string start : {variable(environment, "PWD").str(), link_of(live_folder(pid) + "/cwd")})
      if (!start.empty()) add(start + "/" + named.str());
  }
  return all;
}

/// Address of the function in the process that has a watcher started.
uint64_t starter(const Recorded &process) {
  uint64_t base = 0;
  std::ifstream maps(live_folder(process.pid) + "/maps");
  for (std::string line; !base && std::getline(maps, line);)
    if (llvm::StringRef(line).ends_with(process.library)) llvm::StringRef(line).consumeInteger(16, base);
  auto object = llvm::object::ObjectFile::createObjectFile(process.library);
  if (!base || !object) {
    if (!object) llvm::consumeError(object.takeError());
    return 0;
  }
  const auto *elf = llvm::dyn_cast<llvm::object::ELFObjectFileBase>(object->getBinary());
  if (!elf) return 0;
  for (const llvm::object::ELFSymbolRef symbol : elf->getDynamicSymbolIterators()) {
    auto name = symbol.getName();
    auto address = symbol.getAddress();
    if (name && address && *name == "snarl_rt_start_watcher") return base + *address;
    llvm::consumeError(name.takeError());
    llvm::consumeError(address.takeError());
  }
  return 0;
}

int watcher_of(int pid) {
  for (int tid : tasks_of(pid))
    if (name_of_task(pid, tid) == SNARL_WATCHER_NAME) return tid;
  return 0;
}

bool start_watcher(const Recorded &process) {
  uint64_t function = starter(process);
  for (int tid : tasks_of(process.pid)) {
    if (!function || state_of(process.pid, tid) == 'Z') continue;
    StoppedThreads threads;
    return threads.stop(tid) && threads.call(tid, function);
  }
  return false;
}

/// Leaves the question in every folder where the process may look for it; takes away what was not fetched.
class Question {
public:
  Question(const Recorded &process, bool time_over, const StoppedThreads &stopped)
      : number_(static_cast<uint64_t>(getpid()) << 32 | ++count_) {
    std::string text = fmt::format("{} {:x}", time_over ? 't' : 'a', number_);
    for (const auto &thread : stopped.registers())
      text += fmt::format("\n{:x} {:x} {:x} {:x}", thread.tid, thread.pc, thread.sp, thread.bp);
    for (const std::string &folder : process.folders) {
      std::string file = fmt::format("{}/{}.ask", folder, process.pid), part = file + ".part";
      llvm::sys::fs::create_directories(folder);
      std::error_code code;
      llvm::raw_fd_ostream out(part, code);
      if (code) continue;
      out << text;
      out.close();
      if (!out.has_error() && !llvm::sys::fs::rename(part, file)) files_.push_back(file);
      out.clear_error();
    }
  }
  Question(const Question &) = delete;
  ~Question() {
    for (const std::string &file : files_) llvm::sys::fs::remove(file);
  }
  bool left() const { return !files_.empty(); }
  uint64_t number() const { return number_; }

private:
  static inline uint64_t count_ = 0;
  uint64_t number_;
  std::vector<std::string> files_;
};

/// The traces of one process, read while they grow.
class Answers {
public:
  explicit Answers(const Recorded &process) : process_(process) {}
  /// The snapshot with this number, if it comes in time.
  const Snapshot *wait_for(uint64_t number, Clock::duration patience) {
    for (auto end = Clock::now() + patience; Clock::now() < end; std::this_thread::sleep_for(3ms)) {
      for (const std::string &folder : process_.folders)
        for (const std::string &file : trace_files(folder))
          if (llvm::sys::path::filename(file).starts_with(fmt::format("{}.", process_.pid)))
            readers_.try_emplace(file, file);
      for (auto &[file, reader] : readers_) {
        if (llvm::errorToBool(reader.read_more())) continue;
        for (const Snapshot &snapshot : reader.so_far().snapshots)
          if (snapshot.number == number) return found_ = &reader, &snapshot;
      }
      if (kill(process_.pid, 0) != 0 && errno == ESRCH) break;
    }
    return nullptr;
  }
  Run run() { return found_->finish(); }

private:
  const Recorded &process_;
  std::map<std::string, TraceReader> readers_;
  TraceReader *found_ = nullptr;
};

/// Asks once. Which threads are to stand meanwhile is for the caller to say.
template <typename Wanted>
llvm::Expected<uint64_t> ask_once(const Recorded &process, bool time_over, Answers &answers, Wanted &&wanted) {
  StoppedThreads stopped;
  for (int tid : tasks_of(process.pid))
    if (state_of(process.pid, tid) != 'Z' && name_of_task(process.pid, tid) != SNARL_WATCHER_NAME && wanted(tid))
      stopped.stop(tid);
  Question question(process, time_over, stopped);
  if (!question.left())
    return error("cannot leave a question in {}: the folder cannot be written",
                 process.folders.empty() ? "the folder of the traces" : process.folders.front());
  // A thread that stands must not stand for long; somebody who only asks has time.
  if (answers.wait_for(question.number(), time_over || stopped.registers().empty() ? 3s : 500ms))
    return question.number();
  return error("process {} does not answer{}", process.pid,
               state_of(process.pid, process.pid) == 'T' ? ": it is stopped" : "");
}

} // namespace

llvm::Expected<Recorded> find_recorded(int pid) {
  Recorded process;
  process.pid = pid;
  std::string folder = fmt::format("/proc/{}", pid);
  struct stat status;
  if (pid <= 0 || stat(folder.c_str(), &status) != 0) return error("there is no process {}", pid);
  std::string name = name_of_task(pid, pid);
  if (state_of(pid, pid) == 'Z' && tasks_of(pid).size() < 2) return error("process {} ({}) has ended", pid, name);
  if (geteuid() != 0 && status.st_uid != geteuid())
    return error("process {} ({}) belongs to another user: ask as that user, or as root", pid, name);
  std::ifstream maps(live_folder(pid) + "/maps");
  if (!maps) return error("process {} ({}) may not be looked at: it is protected, as setuid programs are", pid, name);
  for (std::string line; process.library.empty() && std::getline(maps, line);)
    if (size_t at = line.find('/'); at != std::string::npos && llvm::StringRef(line).ends_with("libsnarl_rt.so"))
      process.library = line.substr(at);
  if (process.library.empty()) {
    std::string why = cannot_record(link_of(live_folder(pid) + "/exe"));
    return error("process {} ({}) does not carry libsnarl_rt.so{}: start it with `snarl run -- PROGRAM`, or with "
                 "LD_PRELOAD={}",
                 pid, name, why.empty() ? "" : " (" + why + ")",
                 llvm::expectedToOptional(find_runtime_library()).value_or("libsnarl_rt.so"));
  }
  process.folders = folders_of(pid);
  return process;
}

llvm::Expected<Run> ask(const Recorded &process, bool time_over) {
  if (!watcher_of(process.pid)) {
    bool started = start_watcher(process);
    for (auto end = Clock::now() + 500ms; !watcher_of(process.pid) && Clock::now() < end;)
      std::this_thread::sleep_for(1ms);
    if (!watcher_of(process.pid))
      return error("nobody answers in process {}: {}", process.pid,
                   started ? "it was recorded with SNARL_OPTIONS=watch_ms=0"
                           : "it has no watcher yet, and starting one needs the right to trace it (ptrace(2))");
  }
  Answers answers(process);
  auto number = ask_once(process, time_over, answers, [&](int) { return time_over; });
  if (!number && time_over) { // somebody else traces it, perhaps; then as it is
    llvm::consumeError(number.takeError());
    number = ask_once(process, time_over, answers, [](int) { return false; });
  }
  if (!number) return number.takeError();
  uint64_t best = *number;
  bool runs = false;
  for (int tid : tasks_of(process.pid)) runs |= state_of(process.pid, tid) == 'R';
  if (!time_over && runs) {
    auto better = ask_once(process, time_over, answers, [&](int tid) { return state_of(process.pid, tid) == 'R'; });
    if (better)
      best = *better;
    else
      llvm::consumeError(better.takeError()); // the first answer lacks those stacks, that is all
  }
  Run run = answers.run();
  std::erase_if(run.snapshots, [&](const Snapshot &snapshot) { return snapshot.number != best; });
  return run;
}

} // namespace snarl
