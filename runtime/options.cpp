#include "options.h"

namespace snarl_rt {

Options options;

namespace {

bool set(Options::Flag &flag, const char *value, size_t length) {
  if (length != 1 || (*value != '0' && *value != '1')) return false;
  flag = *value == '1';
  return true;
}

bool set(Options::Number &number, const char *value, size_t length) {
  uint64_t result = 0;
  for (size_t i = 0; i < length; ++i) {
    if (value[i] < '0' || value[i] > '9' || i > 15) return false;
    result = result * 10 + static_cast<uint64_t>(value[i] - '0');
  }
  number = result;
  return length > 0;
}

bool set(Options::Text &text, const char *value, size_t length) {
  text = {value, length};
  return length > 0;
}

bool starts_with(const char *text, const char *end, const char *name) {
  while (*name && text < end && *text == *name) ++text, ++name;
  return !*name && text < end && *text == '=';
}

} // namespace

const char *parse_options(const char *text, Options &into) {
  const char *bad = nullptr;
  while (text && *text) {
    const char *end = text;
    while (*end && *end != ':') ++end;
    bool known = false;
#define OPTION(type, name, value, help)                                                                                \
  if (starts_with(text, end, #name)) {                                                                                 \
    const char *start = text + sizeof(#name);                                                                          \
    known = set(into.name, start, static_cast<size_t>(end - start));                                                   \
  }
#include "options.inc"
#undef OPTION
    if (!known && !bad && end != text) bad = text;
    text = *end ? end + 1 : end;
  }
  return bad;
}

const char *find_variable(char **environment, const char *name) {
  for (; environment && *environment; ++environment) {
    const char *entry = *environment;
    const char *wanted = name;
    while (*wanted && *entry == *wanted) ++entry, ++wanted;
    if (!*wanted && *entry == '=') return entry + 1;
  }
  return nullptr;
}

} // namespace snarl_rt
