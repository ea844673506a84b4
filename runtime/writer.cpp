#include "writer.h"
#include "modules.h"
#include "options.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace snarl_rt {

Trace trace;
Arena arena;
bool silent = false;
#ifdef SNARL_FAULTS
uint64_t grants_left = ~uint64_t{0};
#endif

// By the caller's own number and not the process's, and so it is with everything in /proc: that one stands for the main
// thread, which may have left by pthread_exit, and what has left has no memory.
bool read_memory(void *to, const void *from, size_t bytes) {
  iovec local{to, bytes}, remote{const_cast<void *>(from), bytes};
  long got = raw_syscall(SYS_process_vm_readv, raw_syscall(SYS_gettid), reinterpret_cast<long>(&local), 1,
                         reinterpret_cast<long>(&remote), 1, 0);
  if (got == -EPERM || got == -ENOSYS) trace.count("looks_at_memory_denied");
  return got == static_cast<long>(bytes);
}

// ---- Line

Line::~Line() {
  if (data_ != inline_) unmap_pages(data_, capacity_);
}

void Line::grow() {
  size_t wanted = capacity_ < 4096 ? 8192 : capacity_ * 2;
  auto *fresh = static_cast<char *>(map_pages(wanted));
  if (!fresh) {
    size_ = 0; // of what follows nothing is written
    lost_ = true;
    return;
  }
  __builtin_memcpy(fresh, data_, size_);
  if (data_ != inline_) unmap_pages(data_, capacity_);
  data_ = fresh;
  capacity_ = wanted;
}

void Line::put(char c) {
  if (size_ == capacity_) grow();
  data_[size_++] = c;
}

Line &Line::hex(uint64_t value) {
  put(' ');
  int digits = value ? (67 - __builtin_clzll(value)) / 4 : 1;
  while (digits--) put("0123456789abcdef"[value >> (digits * 4) & 15]);
  return *this;
}

Line &Line::letter(char c) {
  put(' ');
  put(c);
  return *this;
}

Line &Line::text(const char *text, size_t limit) {
  put(' ');
  for (; *text && limit; ++text, --limit) {
    if (*text == '\n' || *text == '\\') put('\\');
    put(*text == '\n' ? 'n' : *text);
  }
  return *this;
}

Line &Line::raw(const char *text, size_t length) {
  for (size_t i = 0; i < length; ++i) put(text[i]);
  return *this;
}

// ---- counters: few names, each a literal

namespace {

struct Counter {
  const char *name;
  uint64_t value;
};
constexpr size_t kCounters = 24;
Counter counters[kCounters];

// What is lost for lack of room is counted in room that was taken before: a line that is written over.
const char kLostLine[] = "C lines_lost ";
constexpr size_t kDigits = 16;

/// Appends decimal digits.
char *decimal(char *to, uint64_t value) {
  char digits[20];
  int n = 0;
  do digits[n++] = static_cast<char>('0' + value % 10);
  while (value /= 10);
  while (n) *to++ = digits[--n];
  return to;
}

char *append(char *to, const char *text) {
  while (*text) *to++ = *text++;
  return to;
}

} // namespace

void make_absolute(char *path, size_t capacity) {
  char here[1024];
  if (path[0] == '/') return;
  long answer = raw_syscall(SYS_getcwd, reinterpret_cast<long>(here), sizeof here);
  if (answer <= 0 || here[0] != '/') return;
  auto size = static_cast<size_t>(answer) - 1; // without the zero
  if (size > 1) here[size++] = '/';
  size_t tail = length(path) + 1;
  if (size + tail > capacity) return;
  __builtin_memmove(path + size, path, tail);
  __builtin_memcpy(path, here, size);
}

// ---- Trace

void Trace::choose_directory() {
  if (directory_[0]) return;
  if (options.trace.length && options.trace.length < sizeof directory_ - 1)
    __builtin_memcpy(directory_, options.trace.start, options.trace.length);
  else
    append(directory_, "snarl.trace");
  make_absolute(directory_, sizeof directory_);
}

bool Trace::ask_path(char *path, size_t capacity) const {
  if (length(directory_) + 32 > capacity) return false;
  char *to = append(path, directory_);
  *to++ = '/';
  *append(decimal(to, static_cast<uint64_t>(raw_syscall(SYS_getpid))), ".ask") = 0;
  return true;
}

bool Trace::open_file() {
  choose_directory();
  raw_syscall(SYS_mkdirat, AT_FDCWD, reinterpret_cast<long>(directory_), 0777);
  for (uint64_t n = 0; n < 10000; ++n) {
    char *to = append(path_, directory_);
    *to++ = '/';
    to = decimal(to, static_cast<uint64_t>(pid_));
    *to++ = '.';
    to = append(decimal(to, n), ".trace");
    *to = 0;
    long answer = file_.create(path_);
    if (answer != -EEXIST) return answer == 0;
  }
  return false;
}

void Trace::write_bytes(const char *data, size_t size) {
  if (written_ > options.max_trace_mb << 20) {
    if (failed_) return;
    failed_ = true;
    static const char kFull[] = "C trace_full 1\n";
    data = kFull;
    size = sizeof kFull - 1;
  }
  if (file_.append(path_, data, size))
    written_ += size;
  else
    lose();
}

void Trace::lose() {
  count("lines_lost");
  ++lost_;
  if ((lost_ & (lost_ - 1)) == 0) tell_lost(); // powers of two, and at the end
}

void Trace::tell_lost() {
  if (!lost_at_) return;
  uint64_t lost = lost_;
  char digits[kDigits];
  for (size_t i = 0; i < kDigits; ++i) digits[i] = "0123456789abcdef"[lost >> (kDigits - 1 - i) * 4 & 15];
  file_.overwrite(path_, lost_at_, digits, kDigits);
}

void Trace::write_start() {
  Line line(SNARL_LINE_VERSION);
  timespec now{};
  raw_syscall(SYS_clock_gettime, CLOCK_REALTIME, reinterpret_cast<long>(&now));
  line.hex(SNARL_TRACE_VERSION).hex(static_cast<uint64_t>(pid_)).hex(static_cast<uint64_t>(raw_syscall(SYS_getppid)));
  line.hex(static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec))
      .text(executable_)
      .raw("\n", 1);
  line.raw(kLostLine, sizeof kLostLine - 1);
  lost_at_ = line.size();
  for (size_t i = 0; i < kDigits; ++i) line.raw("0", 1);
  line.raw("\n", 1);
  write_bytes(line.data(), line.size());
}

bool Trace::start() {
  if (load_acquire(started_)) return !load(failed_);
  {
    Locked locked(lock_);
    if (started_) return !failed_;
    pid_ = static_cast<int>(raw_syscall(SYS_getpid));
    long n = raw_syscall(SYS_readlinkat, AT_FDCWD, reinterpret_cast<long>("/proc/thread-self/exe"),
                         reinterpret_cast<long>(executable_), sizeof executable_ - 1);
    executable_[n > 0 ? n : 0] = 0;
    failed_ = !open_file();
    if (!failed_) write_start();
    store_release(started_, true);
  }
  if (!failed_) tell_modules();
  return !failed_;
}

void Trace::write(Line &line) {
  if (!start()) return count("lines_lost");
  line.raw("\n", 1);
  Locked locked(lock_);
  if (line.whole())
    write_bytes(line.data(), line.size());
  else
    lose();
}

void Trace::start_over() {
  lock_.reset();
  file_.start_over();
  started_ = failed_ = false;
  lost_ = lost_at_ = 0;
  forget_modules();
  written_ = 0;
  path_[0] = 0;
  epoch_ = static_cast<uint8_t>(epoch_ == 255 ? 1 : epoch_ + 1);
  for (Counter &counter : counters) counter = {};
}

void Trace::count(const char *name, uint64_t how_many) {
  for (Counter &counter : counters) {
    const char *expected = nullptr;
    if (!load(counter.name))
      __atomic_compare_exchange_n(&counter.name, &expected, name, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    if (!same(load(counter.name), name)) continue;
    __atomic_add_fetch(&counter.value, how_many, __ATOMIC_RELAXED);
    return;
  }
}

void Trace::write_counters() {
  if (!started_) return;
  {
    Locked locked(lock_);
    if (lost_) tell_lost();
  }
  for (Counter &counter : counters) {
    if (!counter.name || !load(counter.value)) continue;
    Line line(SNARL_LINE_COUNTER);
    line.text(counter.name).hex(load(counter.value));
    write(line);
  }
}

} // namespace snarl_rt
