// Signals are taken synchronously: they are blocked here, waited for together with the end of the child, and passed on.
// There is no handler, and nothing to be done in one.
#include "launch.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace snarl {
namespace {

using Clock = std::chrono::steady_clock;

template <typename... Arguments> llvm::Error error(fmt::format_string<Arguments...> format, Arguments &&...arguments) {
  return llvm::createStringError(fmt::format(format, std::forward<Arguments>(arguments)...));
}

constexpr int kForwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH, SIGALRM};

std::string joined(const char *variable, const std::string &value, char separator) {
  const char *old = getenv(variable);
  return old && *old ? std::string(old) + separator + value : value;
}

/// In the child, between fork and exec. Returns only if exec failed.
void become(const LaunchOptions &options, const sigset_t &mask) {
  llvm::sys::unregisterHandlers(); // what snarl ignores or handles is no business of the program
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  std::string preload = joined("LD_PRELOAD", options.library, ':');
  std::string settings =
      joined("SNARL_OPTIONS",
             fmt::format("trace={}:print=0:halt_on_deadlock={}{}{}", options.trace_dir,
                         options.halt_on_deadlock ? 1 : 0, options.settings.empty() ? "" : ":", options.settings),
             ':');
  setenv("LD_PRELOAD", preload.c_str(), 1);
  setenv("SNARL_OPTIONS", settings.c_str(), 1);
  std::vector<char *> argv;
  for (const std::string &word : options.command) argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
}

/// Signals that the terminal sends reach the program without us.
bool from_terminal(const siginfo_t &info) {
  return info.si_code == SI_KERNEL;
}

} // namespace

llvm::Expected<LaunchResult> launch(const LaunchOptions &options) {
  sigset_t waited, original;
  sigemptyset(&waited);
  sigaddset(&waited, SIGCHLD);
  for (int signal : kForwarded) sigaddset(&waited, signal);
  sigprocmask(SIG_BLOCK, &waited, &original);
  // With SIGCHLD ignored, as some parents leave it, there would be nothing to wait for.
  signal(SIGCHLD, SIG_DFL);

  int status_pipe[2]; // closed by a successful exec, else carries errno
  if (pipe2(status_pipe, O_CLOEXEC) != 0) return error("cannot make a pipe: {}", std::strerror(errno));
  pid_t child = fork();
  if (child < 0) return error("cannot start a process: {}", std::strerror(errno));
  if (child == 0) {
    become(options, original);
    int code = errno;
    [[maybe_unused]] ssize_t written = write(status_pipe[1], &code, sizeof code);
    _exit(127);
  }
  close(status_pipe[1]);
  int code = 0;
  ssize_t got;
  while ((got = read(status_pipe[0], &code, sizeof code)) < 0 && errno == EINTR) {
  }
  close(status_pipe[0]);
  if (got == sizeof code) {
    waitpid(child, nullptr, 0);
    sigprocmask(SIG_SETMASK, &original, nullptr);
    return error("cannot run '{}': {}", options.command[0], std::strerror(code));
  }

  LaunchResult result;
  int status = 0;
  Clock::time_point start = Clock::now(), next_tick = start + options.tick;
  Clock::time_point kill_at;
  bool killed = false;
  auto stop = [&](int signal) {
    kill(child, signal);
    if (options.on_timeout) options.on_timeout(signal);
  };
  while (waitpid(child, &status, WNOHANG) == 0) {
    auto now = Clock::now();
    if (options.timeout.count() && !result.timed_out && now - start >= options.timeout) {
      result.timed_out = true;
      if (options.on_time_over) options.on_time_over();
      kill_at = Clock::now() + options.grace;
      stop(SIGTERM);
    } else if (result.timed_out && !killed && now >= kill_at) {
      killed = true;
      stop(SIGKILL);
    }
    if (now >= next_tick) {
      if (options.on_tick) options.on_tick();
      next_tick = Clock::now() + options.tick;
    }
    auto left =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::max(next_tick - Clock::now(), Clock::duration(1)));
    timespec patience{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    siginfo_t info;
    int signal = sigtimedwait(&waited, &info, &patience);
    if (signal > 0 && signal != SIGCHLD && !from_terminal(info)) kill(child, signal);
  }
  sigprocmask(SIG_SETMASK, &original, nullptr);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  result.exit_code = result.signal ? 128 + result.signal : WEXITSTATUS(status);
  return result;
}

llvm::Expected<std::string> find_runtime_library() {
  if (auto named = llvm::sys::Process::GetEnv("SNARL_RT")) {
    llvm::SmallString<256> path(*named);
    llvm::sys::fs::make_absolute(path);
    if (llvm::sys::fs::exists(path)) return path.str().str();
    return error("SNARL_RT names '{}', which does not exist", *named);
  }
  std::string self = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  llvm::StringRef folder = llvm::sys::path::parent_path(self);
  for (const char *below : {"", "../lib", "../lib/x86_64-linux-gnu", "../lib64"}) {
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, below, "libsnarl_rt.so");
    llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
    if (llvm::sys::fs::exists(path)) return path.str().str();
  }
  return error("libsnarl_rt.so is neither beside {} nor in ../lib: name it in SNARL_RT", self);
}

llvm::Error parse_time(llvm::StringRef text, std::chrono::seconds &time) {
  unsigned unit = 1, number = 0;
  llvm::StringRef digits = text;
  if (digits.consume_back("m"))
    unit = 60;
  else if (digits.consume_back("h"))
    unit = 3600;
  else
    digits.consume_back("s");
  if (digits.getAsInteger(10, number) || number == 0 || number > 1'000'000)
    return llvm::createStringError("'" + text + "' is no time: 30, 30s, 10m or 2h");
  time = std::chrono::seconds(uint64_t{number} * unit);
  return llvm::Error::success();
}

std::string cannot_record(const std::string &program) {
  std::string path = program;
  if (program.find('/') == std::string::npos)
    if (auto found = llvm::sys::findProgramByName(program)) path = *found;
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return {};
  if (info.st_mode & (S_ISUID | S_ISGID)) return "it is setuid or setgid, so the system ignores LD_PRELOAD";
  if (getxattr(path.c_str(), "security.capability", nullptr, 0) > 0)
    return "it has file capabilities, so the system ignores LD_PRELOAD";
  auto object = llvm::object::ObjectFile::createObjectFile(path);
  if (!object) {
    llvm::consumeError(object.takeError()); // a script: what it starts can be recorded
    return {};
  }
  const auto *elf = llvm::dyn_cast<llvm::object::ELF64LEObjectFile>(object->getBinary());
  if (!elf || elf->getArch() != llvm::Triple::x86_64) return "it is no 64-bit program for x86";
  auto headers = elf->getELFFile().program_headers();
  if (!headers) {
    llvm::consumeError(headers.takeError());
    return {};
  }
  for (const auto &header : *headers)
    if (header.p_type == llvm::ELF::PT_INTERP) return {};
  return "it is statically linked";
}

} // namespace snarl
