// From addresses to names, through LLVM's symbolizer: debug information in the binary, in a separate file (build id,
// .gnu_debuglink, /usr/lib/debug), or, if there is none, ELF symbols. Everything is cached; nothing is looked up that
// nobody asks for.
#pragma once
#include "checks/run.h"
#include "llvm/DebugInfo/Symbolize/Symbolize.h"
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace snarl {

class Symbolizer : public Symbols {
public:
  Symbolizer();
  Stack frames(const Run &run, const RunStack &stack) override;
  std::string variable(const Run &run, uint64_t address, uint32_t modules_seen) override;

  /// Why names are missing, one line per file: it is gone, or it is another one than was recorded.
  std::vector<std::string> notes() const { return {notes_.begin(), notes_.end()}; }

private:
  struct Segment {
    uint64_t offset, file_size, address, memory_size;
    bool executable;
  };
  struct File {
    bool usable = false;
    std::string debug_file; ///< separate debug information, if any
    std::vector<Segment> segments;
  };
  const File &file(const RunModule &module);
  std::optional<uint64_t> bias(const RunModule &module);
  const std::vector<Frame> &code(const RunModule &module, uint64_t pc);
  std::string data(const RunModule &module, uint64_t address);

  llvm::symbolize::LLVMSymbolizer llvm_;
  std::map<std::pair<std::string, std::string>, File> files_; ///< by path and build id
  std::map<std::pair<const File *, uint64_t>, std::vector<Frame>> code_;
  std::map<std::pair<const File *, uint64_t>, std::string> data_;
  std::set<std::string> notes_;
};

/// "Bus::emit" for _ZN3Bus4emitEi: qualified, with template arguments, without parameters. Other names are left as they
/// are.
std::string function_name(const std::string &symbol);

/// Takes the frames of the threading library, the recording library and the standard library off both ends; leaves the
/// stack alone if nothing else is in it.
Stack trim(Stack frames);

} // namespace snarl
