#include "real.h"
#include <dlfcn.h>
#include <link.h>

namespace snarl_rt::real {
namespace {

__thread int resolving __attribute__((tls_model("initial-exec"))) = 0;

void *look_up(const char *name, const char *version) {
  if (resolving) return nullptr;
  ++resolving;
  void *found = version ? dlvsym(RTLD_NEXT, name, version) : dlsym(RTLD_NEXT, name);
  --resolving;
  return found;
}

#define REAL(result, name, parameters, arguments, version)                                                             \
  result resolve_##name parameters;                                                                                    \
  void aim_##name() {                                                                                                  \
    if (void *found = look_up(#name, version)) real::name = reinterpret_cast<decltype(real::name)>(found);             \
  }                                                                                                                    \
  result resolve_##name parameters {                                                                                   \
    aim_##name();                                                                                                      \
    using Result = result;                                                                                             \
    if (real::name == resolve_##name) return Result();                                                                 \
    return real::name arguments;                                                                                       \
  }
#include "real.inc"
#undef REAL

// glibc 2.35 and later find the object of an address without taking a lock, and safely in signal handlers.
using FindObject = int (*)(void *, dl_find_object *);
FindObject find_object = nullptr;

struct ObjectSearch {
  uintptr_t pc, start, end;
  const uint8_t *header;
};

/// Before glibc 2.35: by walking the list of objects.
int is_in_object(dl_phdr_info *info, size_t, void *data) {
  auto *search = static_cast<ObjectSearch *>(data);
  const uint8_t *header = nullptr;
  uintptr_t low = ~uintptr_t{0}, high = 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && start < low) low = start;
    if (segment.p_type == PT_LOAD && start + segment.p_memsz > high) high = start + segment.p_memsz;
    if (segment.p_type == PT_GNU_EH_FRAME) header = reinterpret_cast<const uint8_t *>(start);
  }
  if (search->pc < low || search->pc >= high) return 0;
  *search = {search->pc, low, high, header};
  return 1;
}

bool find_object_of(ObjectSearch &search) {
  if (!find_object) return dl_iterate_phdr(is_in_object, &search) != 0;
  dl_find_object found;
  if (find_object(reinterpret_cast<void *>(search.pc), &found)) return false;
  search.start = reinterpret_cast<uintptr_t>(found.dlfo_map_start);
  search.end = reinterpret_cast<uintptr_t>(found.dlfo_map_end);
  search.header = static_cast<const uint8_t *>(found.dlfo_eh_frame);
  return true;
}

} // namespace

#define REAL(result, name, parameters, arguments, version) result(*name) parameters = resolve_##name;
#include "real.inc"
#undef REAL

void resolve_all() {
#define REAL(result, name, parameters, arguments, version) aim_##name();
#include "real.inc"
#undef REAL
  ++resolving;
  find_object = reinterpret_cast<FindObject>(dlsym(RTLD_DEFAULT, "_dl_find_object"));
  --resolving;
}

void *find(const char *name, const char *version) {
  return look_up(name, version);
}

bool have_guards() {
  if (real::__cxa_guard_acquire == resolve___cxa_guard_acquire) aim___cxa_guard_acquire();
  if (real::__cxa_guard_release == resolve___cxa_guard_release) aim___cxa_guard_release();
  if (real::__cxa_guard_abort == resolve___cxa_guard_abort) aim___cxa_guard_abort();
  return real::__cxa_guard_acquire != resolve___cxa_guard_acquire &&
         real::__cxa_guard_release != resolve___cxa_guard_release &&
         real::__cxa_guard_abort != resolve___cxa_guard_abort;
}

const uint8_t *unwind_header(uintptr_t pc) {
  ObjectSearch search{pc, 0, 0, nullptr};
  return find_object_of(search) ? search.header : nullptr;
}

bool object_range(uintptr_t pc, uintptr_t &start, uintptr_t &end) {
  ObjectSearch search{pc, 0, 0, nullptr};
  if (!find_object_of(search)) return false;
  start = search.start;
  end = search.end;
  return true;
}

} // namespace snarl_rt::real
