#include "unseen.h"
#include "llvm/Object/ELFObjectFile.h"
#include <fmt/format.h>

namespace snarl {

/// Go's linker leaves this section in whatever it makes.
static bool made_by_go(const std::string &program) {
  auto object = llvm::object::ObjectFile::createObjectFile(program);
  if (!object) {
    llvm::consumeError(object.takeError());
    return false;
  }
  for (const llvm::object::SectionRef &section : object->getBinary()->sections()) {
    auto name = section.getName();
    if (!name)
      llvm::consumeError(name.takeError());
    else if (*name == ".go.buildinfo")
      return true;
  }
  return false;
}

std::vector<std::string> unseen(const Run &run) {
  std::vector<std::string> words;
  if (made_by_go(run.program)) words.push_back("not seen: locks, channels and goroutines of Go; only its C code is");
  if (run.futex_waits) {
    std::string where = run.where(run.first_futex_wait);
    words.push_back(fmt::format("not seen: {} on futexes that the program makes itself{}: std::future, std::latch, "
                                "atomic waits, or locks of its own",
                                run.futex_waits == 1 ? "1 wait" : fmt::format("{} waits", run.futex_waits),
                                where.empty() ? "" : ", first in " + where));
  }
  return words;
}

} // namespace snarl
