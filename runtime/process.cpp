#include "process.h"
#include "conditions.h"
#include "measure.h"
#include "modules.h"
#include "options.h"
#include "real.h"
#include "writer.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace snarl_rt {
namespace {

int pid = 0;
int unlocked_spin = 1;
bool found = false, finished = false;
char command[1024]; ///< path of `snarl`, empty if it is nowhere
pthread_key_t end_key;
bool have_end_key = false;

bool executable(const char *path) {
  return raw_syscall(SYS_faccessat, AT_FDCWD, reinterpret_cast<long>(path), X_OK) == 0;
}

/// `command` = directory + "/" + name, if that is there.
bool try_command(const char *directory, size_t size, const char *name) {
  size_t tail = length(name);
  if (size + tail + 2 > sizeof command) return false;
  __builtin_memcpy(command, directory, size);
  command[size] = '/';
  __builtin_memcpy(command + size + 1, name, tail + 1);
  make_absolute(command, sizeof command);
  if (executable(command)) return true;
  command[0] = 0;
  return false;
}

/// Beside the library (a build tree), in ../bin (installed), in PATH.
void find_command() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void *>(&find_command), &self) && self.dli_fname) {
    size_t directory = 0;
    for (size_t i = 0; self.dli_fname[i]; ++i)
      if (self.dli_fname[i] == '/') directory = i;
    if (directory &&
        (try_command(self.dli_fname, directory, "snarl") || try_command(self.dli_fname, directory, "../bin/snarl") ||
         try_command(self.dli_fname, directory, "../../bin/snarl")))
      return;
  }
  for (const char *path = find_variable(environ, "PATH"); path && *path;) {
    size_t size = 0;
    while (path[size] && path[size] != ':') ++size;
    if (size && try_command(path, size, "snarl")) return;
    path += size + (path[size] == ':');
  }
}

void list_options() {
  say("SNARL_OPTIONS=\"name=value:name=value\"\n");
#define OPTION(type, name, value, help) say("  " #name "  " help " (" #value ")\n");
#include "options.inc"
#undef OPTION
}

/// Runs in the last round of key destructors: the program's own have had their turn.
void at_thread_end(void *record) {
  auto *self = static_cast<Thread *>(record);
  if (++self->exit_rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
    pthread_setspecific(end_key, record);
    return;
  }
  if (current_thread && current_thread != self) store_release(current_thread->state, Thread::Parked);
  Inside inside(*self);
  check_thread_end(*self);
  if (load(extras)) extra_end(*self);
  if (Birth *born = threads.birth(self->id); born && born->announced == trace.epoch()) {
    Line line(SNARL_LINE_EXIT);
    line.hex(self->id);
    trace.write(line);
  }
  threads.ended(*self);
}

// ---- fork: all our locks are held over it, so that the child finds the tables whole

void before_fork() {
  if (Thread *self = current_thread) ++self->inside;
  threads.lock().lock();
  stacks.lock().lock();
  lock_table_lock().lock();
  lock_order_tables();
  misuse_lock().lock();
  sketch_lock().lock();
  arena.lock().lock();
  trace.lock().lock();
}

void after_fork_in_parent() {
  trace.lock().unlock();
  arena.lock().unlock();
  sketch_lock().unlock();
  misuse_lock().unlock();
  unlock_order_tables();
  lock_table_lock().unlock();
  stacks.lock().unlock();
  threads.lock().unlock();
  if (Thread *self = current_thread) --self->inside;
}

void after_fork_in_child() {
  pid = static_cast<int>(raw_syscall(SYS_getpid));
  finished = found = false;
  trace.start_over();
  arena.lock().reset();
  misuse_lock().reset();
  sketch_lock().reset();
  order_after_fork();
  forget_conditions();
  lock_table_lock().reset();
  stacks.lock().reset();
  watcher_after_fork();
  measure_after_fork();
  if (Thread *self = current_thread) {
    note_orphans(*self);
    threads.after_fork(*self);
    if (load(extras)) extra_forked(*self);
    --self->inside;
  }
  if (options.trace.length) trace.start();
}

/// Libraries that were loaded after us are initialised before us, and may lock in their constructors.
__attribute__((constructor(101))) void begin() {
  prepare_process();
  if (options.help) list_options();
  find_command();
  trace.choose_directory();
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
  if (Thread *self = enter()) {
    Inside inside(*self);
    watch_thread_end(*self);
    if (options.trace.length) trace.start();
  }
}

__attribute__((destructor(101))) void end() {
  finish();
}

} // namespace

void prepare_process() {
  static bool prepared = false, parsed = false;
  if (!prepared) {
    prepared = true;
    pid = static_cast<int>(raw_syscall(SYS_getpid));
    real::resolve_all();
    layouts_hold();
    uintptr_t start, end;
    if (real::object_range(reinterpret_cast<uintptr_t>(&begin), start, end)) hide_frames(start, end);
    pthread_spinlock_t probe;
    if (real::pthread_spin_init(&probe, PTHREAD_PROCESS_PRIVATE) == 0) unlocked_spin = probe;
    have_end_key = pthread_key_create(&end_key, at_thread_end) == 0;
  }
  if (parsed || !environ) return;
  parsed = true;
  const char *bad = parse_options(find_variable(environ, "SNARL_OPTIONS"), options);
  start_extras();
  if (!bad) return;
  say("snarl: SNARL_OPTIONS is not understood from here on: ");
  say(bad);
  say("\n");
}

int process_id() {
  return pid;
}
int spin_unlocked() {
  return unlocked_spin;
}

void watch_thread_end(Thread &self) {
  if (have_end_key) pthread_setspecific(end_key, &self);
}

void say(const char *text) {
  raw_syscall(SYS_write, 2, reinterpret_cast<long>(text), static_cast<long>(length(text)));
}

void something_found() {
  store(found, true);
}

namespace {

/// False if the command cannot be found or started.
bool run_report() {
  if (!command[0]) return false;
  // A child without a signal of its own: the program's SIGCHLD handlers and wait() calls must not see it.
  const char *arguments[] = {command, "report", trace.path(), nullptr};
  char *environment[512];
  size_t n = 0;
  for (char **entry = environ; entry && *entry && n + 1 < 512; ++entry) {
    const char *preload = "LD_PRELOAD=";
    const char *at = *entry;
    while (*preload && *at == *preload) ++at, ++preload;
    if (*preload) environment[n++] = *entry;
  }
  environment[n] = nullptr;
  long child = raw_syscall(SYS_clone, 0, 0, 0, 0, 0);
  if (child == 0) {
    raw_syscall(SYS_dup3, 2, 1, 0);
    raw_syscall(SYS_execve, reinterpret_cast<long>(command), reinterpret_cast<long>(arguments),
                reinterpret_cast<long>(environment));
    raw_syscall(SYS_exit_group, 127);
  }
  int status = 0;
  long ended = -1;
  if (child > 0) do
      ended = raw_syscall(SYS_wait4, child, reinterpret_cast<long>(&status), __WALL);
    while (ended == -EINTR);
  return ended == child && !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
}

} // namespace

void show_report() {
  if (trace.unwritable()) {
    say("snarl: no trace could be written in ");
    say(trace.directory());
    say("; SNARL_OPTIONS=trace=DIR names another directory\n");
    return;
  }
  if (run_report()) return;
  say("snarl: to see what this process did: snarl report ");
  say(trace.path());
  say("\n");
}

void finish() {
  Thread *self = current_thread;
  if (self && load(self->inside) & kInVforkChild) return;
  if (finished || static_cast<int>(raw_syscall(SYS_getpid)) != pid) return;
  finished = true;
  if (load(extras)) extra_exit(self);
  finish_measuring(self);
  if (!trace.started()) return;
  if (self) ++self->inside;
  trace.write_counters();
  tell_unseen();
  Line line(SNARL_LINE_QUIT);
  trace.write(line);
  if (options.print && (found || trace.unwritable() || may_have_cycle())) show_report();
  if (self) --self->inside;
}

} // namespace snarl_rt
