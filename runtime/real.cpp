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
    if (real::name == resolve_##name) return result();                                                                 \
    return real::name arguments;                                                                                       \
  }
#include "real.inc"
#undef REAL

// glibc 2.35 and later find the object of an address without taking a lock, and safely in signal handlers.
using FindObject = int (*)(void *, dl_find_object *);
FindObject find_object = nullptr;

struct HeaderSearch {
  uintptr_t pc;
  const uint8_t *header;
};

int header_in_object(dl_phdr_info *info, size_t, void *data) {
  auto *search = static_cast<HeaderSearch *>(data);
  const uint8_t *header = nullptr;
  bool inside = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD) inside |= search->pc - start < segment.p_memsz;
    if (segment.p_type == PT_GNU_EH_FRAME) header = reinterpret_cast<const uint8_t *>(start);
  }
  if (inside) search->header = header;
  return inside;
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

const uint8_t *unwind_header(uintptr_t pc) {
  if (find_object) {
    dl_find_object found;
    return find_object(reinterpret_cast<void *>(pc), &found) ? nullptr : static_cast<const uint8_t *>(found.dlfo_eh_frame);
  }
  HeaderSearch search{pc, nullptr};
  dl_iterate_phdr(header_in_object, &search);
  return search.header;
}

} // namespace snarl_rt::real
