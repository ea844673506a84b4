#include "modules.h"
#include "writer.h"
#include <elf.h>
#include <fcntl.h>

namespace snarl_rt {
namespace {

struct Module {
  uintptr_t start, end;
};
constexpr size_t kModules = 2048;
Module modules[kModules];
size_t module_count = 0;
SpinLock modules_lock;

bool known(uintptr_t pc) {
  for (size_t i = 0, n = load_acquire(module_count); i < n; ++i)
    if (pc - modules[i].start < modules[i].end - modules[i].start) return true;
  return false;
}

/// False if it was known, or there is no room.
bool remember(uintptr_t start, uintptr_t end) {
  Locked locked(modules_lock);
  if (known(start) || module_count == kModules) return false;
  modules[module_count] = {start, end};
  store_release(module_count, module_count + 1);
  return true;
}

/// /proc/self/maps line by line, through a buffer on the stack.
class Maps {
public:
  Maps() : fd_(raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/thread-self/maps"), O_RDONLY | O_CLOEXEC)) {}
  ~Maps() {
    if (fd_ >= 0) raw_syscall(SYS_close, fd_);
  }
  Maps(const Maps &) = delete;
  bool next(char *line, size_t capacity) {
    size_t n = 0;
    for (int c; (c = get()) >= 0 && c != '\n';)
      if (n + 1 < capacity) line[n++] = static_cast<char>(c);
    line[n] = 0;
    return n > 0;
  }

private:
  int get() {
    if (at_ == filled_) {
      filled_ = fd_ < 0 ? 0 : raw_syscall(SYS_read, fd_, reinterpret_cast<long>(buffer_), sizeof buffer_);
      at_ = 0;
      if (filled_ <= 0) return filled_ = 0, -1;
    }
    return static_cast<unsigned char>(buffer_[at_++]);
  }
  long fd_;
  long at_ = 0, filled_ = 0;
  char buffer_[512];
};

uint64_t hex(const char *&text) {
  uint64_t value = 0;
  for (;; ++text)
    if (*text >= '0' && *text <= '9')
      value = value * 16 + static_cast<uint64_t>(*text - '0');
    else if (*text >= 'a' && *text <= 'f')
      value = value * 16 + static_cast<uint64_t>(*text - 'a') + 10;
    else
      return value;
}

} // namespace

void find_build_id(const CodeMapping &mapping, char (&out)[96]) {
  const uintptr_t base = mapping.base;
  out[0] = '-';
  out[1] = 0;
  Elf64_Ehdr header;
  auto at = [&](uint64_t offset) { return reinterpret_cast<const void *>(base + offset); };
  if (!base || !read_memory(&header, at(0), sizeof header) || header.e_ident[0] != 0x7f || header.e_ident[1] != 'E')
    return;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!read_memory(&segment, at(header.e_phoff + static_cast<uint64_t>(i) * sizeof segment), sizeof segment)) return;
    if (segment.p_type != PT_NOTE) continue;
    for (uint64_t place = segment.p_offset, end = place + segment.p_filesz; place + 16 < end;) {
      struct {
        Elf64_Nhdr head;
        char name[4];
        uint8_t id[40];
      } note;
      size_t bytes = end - place < sizeof note ? end - place : sizeof note;
      if (!read_memory(&note, at(place), bytes)) return;
      if (note.head.n_type == NT_GNU_BUILD_ID && note.head.n_namesz == 4) {
        size_t n = note.head.n_descsz < sizeof note.id ? note.head.n_descsz : sizeof note.id;
        for (size_t k = 0; k < n; ++k) {
          out[2 * k] = "0123456789abcdef"[note.id[k] >> 4];
          out[2 * k + 1] = "0123456789abcdef"[note.id[k] & 15];
        }
        out[2 * n] = 0;
        return;
      }
      place += sizeof note.head + ((note.head.n_namesz + 3) & ~3u) + ((note.head.n_descsz + 3) & ~3u);
    }
  }
}

void each_code_mapping(void (*visit)(const CodeMapping &mapping, void *context), void *context) {
  char line[600];
  uintptr_t base = 0; ///< where offset 0 of the file is, whose mappings we are passing
  Maps maps;
  while (maps.next(line, sizeof line)) {
    const char *at = line;
    uintptr_t start = hex(at), end = hex(++at);
    bool executable = at[3] == 'x';
    at += 6; // " r-xp "
    uint64_t offset = hex(at);
    if (!offset) base = start;
    if (!executable) continue;
    while (*at && *at != '/' && *at != '[') ++at;
    if (same(at, "[vsyscall]")) continue;
    visit({start, end, offset, *at == '/' ? base : 0, *at ? at : "[anonymous]"}, context);
  }
}

void tell_modules() {
  each_code_mapping(
      [](const CodeMapping &mapping, void *) {
        if (!remember(mapping.start, mapping.end)) return;
        char id[96];
        find_build_id(mapping, id);
        Line told(SNARL_LINE_MODULE);
        told.hex(mapping.start).hex(mapping.end).hex(mapping.offset).text(id).text(mapping.path);
        trace.write(told);
      },
      nullptr);
}

void tell_module_of(uintptr_t pc) {
  if (known(pc)) return;
  tell_modules();
  if (!known(pc)) remember(pc & ~uintptr_t{4095}, (pc & ~uintptr_t{4095}) + 4096);
}

void forget_modules() {
  modules_lock.reset();
  store_release(module_count, 0);
}

} // namespace snarl_rt
