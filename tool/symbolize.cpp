#include "symbolize.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Object/BuildID.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace snarl {

static const char kDebugFolder[] = "/usr/lib/debug";

static llvm::symbolize::LLVMSymbolizer::Options options() {
  llvm::symbolize::LLVMSymbolizer::Options options;
  options.Demangle = false; // function_name() leaves parameters out
  options.DebugFileDirectory = {kDebugFolder};
  return options;
}

Symbolizer::Symbolizer() : llvm_(options()) {}

// ---- names

std::string function_name(const std::string &symbol) {
  llvm::ItaniumPartialDemangler demangler;
  if (!llvm::StringRef(symbol).starts_with("_Z") || demangler.partialDemangle(symbol.c_str())) return symbol;
  char *text =
      demangler.isFunction() ? demangler.getFunctionName(nullptr, nullptr) : demangler.finishDemangle(nullptr, nullptr);
  if (!text) return symbol;
  std::string name = text;
  std::free(text);
  return name;
}

static std::string variable_name(const std::string &symbol) {
  llvm::StringRef name = llvm::StringRef(symbol).split('@').first; // version
  std::string text = llvm::demangle(name);
  // GCC numbers local statics of C: "mutex.0".
  llvm::StringRef plain = text;
  auto [head, number] = plain.rsplit('.');
  unsigned ignored;
  if (!head.empty() && !number.getAsInteger(10, ignored)) return head.str();
  return text;
}

// ---- which frames are the user's

static bool system_header(llvm::StringRef file) {
  return file.starts_with("/usr/include/") || file.starts_with("/usr/lib/") || file.contains("/include/c++/") ||
         file.ends_with("/snarl/annotate.h");
}

/// Functions that only pass on: what takes a lock for its caller, and what calls the body of a thread.
static bool passes_on(const Frame &frame) {
  llvm::StringRef module = llvm::sys::path::filename(frame.module), function = frame.function;
  for (const char *library : {"libsnarl_rt", "libpthread", "ld-linux"})
    if (module.starts_with(library)) return true;
  if (frame.place.known() && system_header(frame.place.file)) return true;
  for (const char *prefix :
       {"std::", "__gnu_cxx::", "__gthread", "__gthrw", "pthread_", "__pthread_", "mtx_", "cnd_", "thrd_", "sem_"})
    if (function.starts_with(prefix)) return true;
  return false;
}

static bool starts_threads(const Frame &frame) {
  llvm::StringRef module = llvm::sys::path::filename(frame.module), function = frame.function;
  for (const char *name :
       {"start_thread", "clone", "clone3", "__clone", "__clone3", "_start", "execute_native_thread_routine"})
    if (function == name) return true;
  if (function.starts_with("__libc_start") || passes_on(frame)) return true;
  if (!frame.place.known())
    for (const char *library : {"libc.so", "libc-", "libstdc++", "libc++"})
      if (module.starts_with(library)) return true;
  return false;
}

Stack trim(Stack frames) {
  // What calls main or a thread's function is near the outer end, but _start has no name in a stripped program.
  auto end = frames.end();
  for (size_t i = frames.size(); i > 1 && i + 4 > frames.size(); --i) {
    llvm::StringRef function = frames[i - 1].function;
    if (function.starts_with("__libc_start") || function == "start_thread") end = frames.begin() + (i - 1);
  }
  auto first = std::find_if_not(frames.begin(), end, passes_on);
  auto last = std::find_if_not(std::make_reverse_iterator(end), frames.rend(), starts_threads).base();
  if (first >= last) return frames;
  return Stack(first, last);
}

// ---- files

const Symbolizer::File &Symbolizer::file(const RunModule &module) {
  auto [at, fresh] = files_.emplace(std::pair(module.path, module.build_id), File());
  File &file = at->second;
  if (!fresh || module.path.empty() || module.path[0] != '/') return file;
  auto object = llvm::object::ObjectFile::createObjectFile(module.path);
  if (!object) {
    llvm::consumeError(object.takeError());
    notes_.insert(
        fmt::format("{}: cannot be read any more, so its functions and variables have no names", module.path));
    return file;
  }
  const auto *elf = llvm::dyn_cast<llvm::object::ELF64LEObjectFile>(object->getBinary());
  if (!elf) return file;
  llvm::object::BuildIDRef id = llvm::object::getBuildID(elf);
  if (!module.build_id.empty() && llvm::toHex(id, /*LowerCase=*/true) != module.build_id) {
    notes_.insert(
        fmt::format("{}: is not the file that was recorded (it was built again?), so its functions and variables "
                    "have no names; record again",
                    module.path));
    return file;
  }
  auto headers = elf->getELFFile().program_headers();
  if (!headers) {
    llvm::consumeError(headers.takeError());
    return file;
  }
  for (const auto &header : *headers)
    if (header.p_type == llvm::ELF::PT_LOAD)
      file.segments.push_back(
          {header.p_offset, header.p_filesz, header.p_vaddr, header.p_memsz, (header.p_flags & llvm::ELF::PF_X) != 0});
  if (!id.empty())
    if (auto path = llvm::object::BuildIDFetcher({kDebugFolder}).fetch(id)) file.debug_file = *path;
  file.usable = true;
  return file;
}

/// What is to be subtracted from an absolute address to get the address in the file.
std::optional<uint64_t> Symbolizer::bias(const RunModule &module) {
  const File &known = file(module);
  if (!known.usable) return std::nullopt;
  for (const Segment &s : known.segments) {
    // Mappings begin at a page, segments need not: two of them can share a page of the file. Only executable mappings
    // are recorded.
    if (!s.executable) continue;
    uint64_t begin = s.offset & ~uint64_t(0xfff);
    if (module.file_offset >= begin && module.file_offset < s.offset + s.file_size)
      return module.start - (s.address - s.offset + module.file_offset);
  }
  return std::nullopt;
}

static const RunModule *module_of(const Run &run, uint64_t pc, uint32_t modules_seen) {
  for (size_t i = std::min<size_t>(modules_seen, run.modules.size()); i-- > 0;)
    if (run.modules[i].start <= pc && pc < run.modules[i].end) return &run.modules[i];
  return nullptr;
}

// ---- code

Stack Symbolizer::frames(const Run &run, const RunStack &stack) {
  Stack all;
  for (uint64_t pc : stack.pcs) {
    const RunModule *module = module_of(run, pc, stack.modules_seen);
    if (!module) {
      Frame frame;
      frame.offset = pc;
      all.push_back(frame);
      continue;
    }
    const std::vector<Frame> &here = code(*module, pc);
    all.insert(all.end(), here.begin(), here.end());
  }
  return trim(std::move(all));
}

const std::vector<Frame> &Symbolizer::code(const RunModule &module, uint64_t pc) {
  uint64_t offset = pc - module.start + module.file_offset;
  auto [at, fresh] = code_.emplace(std::pair(&file(module), offset), std::vector<Frame>());
  std::vector<Frame> &frames = at->second;
  if (!fresh) return frames;
  Frame plain;
  plain.module = module.path;
  plain.offset = offset;
  auto base = bias(module);
  if (!base) {
    frames.push_back(plain);
    return frames;
  }
  auto inlined = llvm_.symbolizeInlinedCode(module.path, {pc - *base, llvm::object::SectionedAddress::UndefSection});
  if (!inlined) llvm::consumeError(inlined.takeError());
  for (uint32_t i = 0; inlined && i < inlined->getNumberOfFrames(); ++i) {
    const llvm::DILineInfo &info = inlined->getFrame(i);
    Frame frame = plain;
    if (info.FunctionName != llvm::DILineInfo::BadString) frame.function = function_name(info.FunctionName);
    if (info.FileName != llvm::DILineInfo::BadString) frame.place = {info.FileName, info.Line, info.Column};
    frame.inlined = i + 1 < inlined->getNumberOfFrames();
    frames.push_back(std::move(frame));
  }
  if (frames.empty()) frames.push_back(plain);
  return frames;
}

// ---- data

std::string Symbolizer::variable(const Run &run, uint64_t address, uint32_t modules_seen) {
  for (size_t i = std::min<size_t>(modules_seen, run.modules.size()); i-- > 0;) {
    const RunModule &module = run.modules[i];
    auto base = bias(module);
    if (!base) continue;
    for (const Segment &s : file(module).segments)
      if (address - *base - s.address < s.memory_size) return data(module, address - *base);
  }
  return {};
}

std::string Symbolizer::data(const RunModule &module, uint64_t address) {
  const File &known = file(module);
  auto [at, fresh] = data_.emplace(std::pair(&known, address), "");
  if (!fresh) return at->second;
  // A stripped binary keeps the names of its variables in the separate file.
  for (const std::string &path : {module.path, known.debug_file}) {
    if (path.empty()) continue;
    auto global = llvm_.symbolizeData(path, {address, llvm::object::SectionedAddress::UndefSection});
    if (!global) {
      llvm::consumeError(global.takeError());
      continue;
    }
    if (global->Name == llvm::DILineInfo::BadString || global->Name.empty() || address - global->Start >= global->Size)
      continue;
    at->second = variable_name(global->Name);
    if (address != global->Start) at->second += fmt::format("+{:#x}", address - global->Start);
    break;
  }
  return at->second;
}

} // namespace snarl
