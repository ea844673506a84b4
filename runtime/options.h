// Options of the library, from the environment variable SNARL_OPTIONS. The list is options.inc.
#pragma once
#include "base.h"

namespace snarl_rt {

struct Options {
  using Flag = bool;
  using Number = uint64_t;
  struct Text {
    const char *start = "";
    size_t length = 0; ///< the value lies in the environment: it is not terminated
  };
#define OPTION(type, name, value, help) type name{value};
#include "options.inc"
#undef OPTION
};

extern Options options;

/// Sets what `text` says; null changes nothing. The first word that is not understood is returned, null if none.
const char *parse_options(const char *text, Options &into);

/// Finds a variable without libc: `environment` as the kernel lays it out. Null if it is not there.
const char *find_variable(char **environment, const char *name);

} // namespace snarl_rt
