#include "cfi.h"
#include "real.h"

namespace snarl_rt {
namespace {

// ---- reading DWARF's encodings (DWARF 5, 7.6 and LSB Core, "Exception Frames")

struct Reader {
  const uint8_t *at;
  template <class T> T fixed() {
    T value;
    __builtin_memcpy(&value, at, sizeof value);
    at += sizeof value;
    return value;
  }
  uint64_t uleb() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      uint8_t byte = *at++;
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if (!(byte & 0x80)) return value;
    }
  }
  int64_t sleb() {
    uint64_t value = 0;
    for (int shift = 0;;) {
      uint8_t byte = *at++;
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if (!(byte & 0x80))
        return shift < 64 && (byte & 0x40) ? int64_t(value | (~uint64_t{0} << shift)) : int64_t(value);
    }
  }
  /// A pointer in one of the DW_EH_PE_ encodings; pc-relative or absolute ones only, the others give 0.
  uintptr_t encoded(uint8_t encoding) {
    uintptr_t place = reinterpret_cast<uintptr_t>(at), value = 0;
    switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c: value = fixed<uint64_t>(); break;
    case 0x02: value = fixed<uint16_t>(); break;
    case 0x03: value = fixed<uint32_t>(); break;
    case 0x0a: value = static_cast<uintptr_t>(int64_t{fixed<int16_t>()}); break;
    case 0x0b: value = static_cast<uintptr_t>(int64_t{fixed<int32_t>()}); break;
    case 0x01: value = uleb(); break;
    case 0x09: value = static_cast<uintptr_t>(sleb()); break;
    default: return 0;
    }
    if ((encoding & 0x70) == 0x10) value += place;
    return value;
  }
};

struct Cie {
  const uint8_t *instructions = nullptr, *end = nullptr;
  uint64_t code_align = 1;
  int64_t data_align = 1;
  uint8_t fde_encoding = 0;
  bool augmented = false, signal = false, known = false;
};

/// Length field of a CIE or FDE; `end` is set to one past the entry.
bool entry(Reader &reader, const uint8_t *&end) {
  uint64_t length = reader.fixed<uint32_t>();
  if (length == 0xffffffff) length = reader.fixed<uint64_t>();
  end = reader.at + length;
  return length != 0;
}

Cie read_cie(const uint8_t *start) {
  Cie cie;
  Reader reader{start};
  if (!entry(reader, cie.end)) return cie;
  reader.at += 4; // id
  uint8_t version = reader.fixed<uint8_t>();
  const char *augmentation = reinterpret_cast<const char *>(reader.at);
  reader.at += length(augmentation) + 1;
  cie.code_align = reader.uleb();
  cie.data_align = reader.sleb();
  if (version == 1)
    ++reader.at;
  else
    reader.uleb();
  cie.instructions = reader.at;
  if (augmentation[0] == 'z') {
    cie.augmented = true;
    uint64_t bytes = reader.uleb();
    cie.instructions = reader.at + bytes;
    for (const char *c = augmentation + 1; *c; ++c) {
      if (*c == 'R')
        cie.fde_encoding = reader.fixed<uint8_t>();
      else if (*c == 'L')
        ++reader.at;
      else if (*c == 'P') {
        uint8_t encoding = reader.fixed<uint8_t>();
        reader.encoded(encoding);
      } else if (*c == 'S')
        cie.signal = true;
      else if (*c != 'B')
        return cie;
    }
  } else if (augmentation[0]) {
    return cie;
  }
  cie.known = true;
  return cie;
}

constexpr uint64_t kBp = 6, kSp = 7, kReturn = 16;

/// What call frame instructions work on, reduced to the registers of UnwindRow.
struct State {
  UnwindRow row;
  bool return_lost = false, return_odd = false;
};

/// `DW_OP_bregN offset [DW_OP_deref]`: the forms compilers emit for re-aligned stacks.
bool simple_expression(Reader reader, uint64_t bytes, uint64_t &base, int64_t &offset, bool &deref) {
  const uint8_t *end = reader.at + bytes;
  uint8_t op = reader.fixed<uint8_t>();
  if (op < 0x70 || op > 0x8f) return false;
  base = op - 0x70u;
  offset = reader.sleb();
  deref = reader.at < end && *reader.at == 0x06;
  return reader.at + deref == end;
}

/// Runs instructions until `pc` is passed; `place` is the address they speak of. False if something is not understood.
bool run(Reader reader, const uint8_t *end, const Cie &cie, const State &initial, uintptr_t place, uintptr_t pc,
         State &state) {
  State remembered[4];
  int depth = 0;
  auto offset_rule = [&](uint64_t reg, int64_t factored) {
    int64_t offset = factored * cie.data_align;
    if (reg == kBp) state.row.bp = UnwindRow::AtCfa, state.row.bp_offset = static_cast<int32_t>(offset);
    if (reg == kReturn) state.return_odd = offset != -8, state.return_lost = false;
  };
  auto restore = [&](uint64_t reg) {
    if (reg == kBp) state.row.bp = initial.row.bp, state.row.bp_offset = initial.row.bp_offset;
    if (reg == kReturn) state.return_lost = initial.return_lost, state.return_odd = initial.return_odd;
  };
  auto same_value = [&](uint64_t reg) {
    if (reg == kBp) state.row.bp = UnwindRow::Same;
  };
  auto cfa_register = [&](uint64_t reg) {
    state.row.cfa = reg == kSp ? UnwindRow::FromSp : reg == kBp ? UnwindRow::FromBp : UnwindRow::None;
  };
  while (reader.at < end) {
    uint8_t op = reader.fixed<uint8_t>();
    uint64_t low = op & 0x3f, reg = 0, bytes = 0, base = 0;
    int64_t offset = 0;
    bool deref = false;
    switch (op & 0xc0) {
    case 0x40: // DW_CFA_advance_loc
      place += low * cie.code_align;
      if (place > pc) return true;
      continue;
    case 0x80: offset_rule(low, static_cast<int64_t>(reader.uleb())); continue;
    case 0xc0: restore(low); continue;
    default: break;
    }
    switch (op) {
    case 0x00: break; // nop
    case 0x01:        // set_loc
      place = reader.encoded(cie.fde_encoding);
      if (place > pc) return true;
      break;
    case 0x02: // advance_loc1
      place += reader.fixed<uint8_t>() * cie.code_align;
      if (place > pc) return true;
      break;
    case 0x03: // advance_loc2
      place += reader.fixed<uint16_t>() * cie.code_align;
      if (place > pc) return true;
      break;
    case 0x04: // advance_loc4
      place += reader.fixed<uint32_t>() * cie.code_align;
      if (place > pc) return true;
      break;
    case 0x05:
      reg = reader.uleb();
      offset_rule(reg, static_cast<int64_t>(reader.uleb()));
      break; // offset_extended
    case 0x06: restore(reader.uleb()); break;
    case 0x07: // undefined
      if ((reg = reader.uleb()) == kReturn) state.return_lost = true;
      break;
    case 0x08: same_value(reader.uleb()); break;
    case 0x09:
      reader.uleb();
      reader.uleb();
      break;   // register
    case 0x0a: // remember_state
      if (depth == 4) return false;
      remembered[depth++] = state;
      break;
    case 0x0b: // restore_state
      if (depth == 0) return false;
      state = remembered[--depth];
      break;
    case 0x0c: // def_cfa
      cfa_register(reader.uleb());
      state.row.cfa_offset = static_cast<int32_t>(reader.uleb());
      break;
    case 0x0d: cfa_register(reader.uleb()); break;
    case 0x0e: state.row.cfa_offset = static_cast<int32_t>(reader.uleb()); break;
    case 0x0f: // def_cfa_expression
      bytes = reader.uleb();
      state.row.cfa = UnwindRow::None;
      if (simple_expression(reader, bytes, base, offset, deref) && (base == kBp || base == kSp)) {
        state.row.cfa = deref ? (base == kBp ? UnwindRow::DerefBp : UnwindRow::DerefSp)
                              : (base == kBp ? UnwindRow::FromBp : UnwindRow::FromSp);
        state.row.cfa_offset = static_cast<int32_t>(offset);
      }
      reader.at += bytes;
      break;
    case 0x10: // expression: the register is saved at the address
      reg = reader.uleb();
      bytes = reader.uleb();
      if (reg == kBp) {
        if (!simple_expression(reader, bytes, base, offset, deref) || base != kBp || deref) return false;
        state.row.bp = UnwindRow::AtBp;
        state.row.bp_offset = static_cast<int32_t>(offset);
      } else if (reg == kReturn) {
        state.return_odd = true;
      }
      reader.at += bytes;
      break;
    case 0x11:
      reg = reader.uleb();
      offset_rule(reg, reader.sleb());
      break;   // offset_extended_sf
    case 0x12: // def_cfa_sf
      cfa_register(reader.uleb());
      state.row.cfa_offset = static_cast<int32_t>(reader.sleb() * cie.data_align);
      break;
    case 0x13: state.row.cfa_offset = static_cast<int32_t>(reader.sleb() * cie.data_align); break;
    case 0x14:
      reader.uleb();
      reader.uleb();
      break; // val_offset
    case 0x15:
      reader.uleb();
      reader.sleb();
      break; // val_offset_sf
    case 0x16:
      reader.uleb();
      bytes = reader.uleb();
      reader.at += bytes;
      break;                         // val_expression
    case 0x2e: reader.uleb(); break; // GNU_args_size
    default: return false;
    }
  }
  return true;
}

/// Address of the FDE that covers `pc`, by the binary search table of .eh_frame_hdr; null if there is none. `start`, if
/// given, gets the address of the function.
const uint8_t *find_fde(const uint8_t *header, uintptr_t pc, uintptr_t *start = nullptr) {
  // version 1, pointer any, count udata4, table of (datarel sdata4, datarel sdata4): what every linker writes
  if (header[0] != 1 || header[2] != 0x03 || header[3] != 0x3b) return nullptr;
  Reader reader{header + 4};
  reader.encoded(header[1]);
  uint32_t count = reader.fixed<uint32_t>();
  struct Row {
    int32_t pc, fde;
  };
  const uint8_t *table = reader.at;
  auto row = [&](uint32_t i) {
    Row result;
    __builtin_memcpy(&result, table + i * sizeof(Row), sizeof(Row));
    return result;
  };
  intptr_t relative = static_cast<intptr_t>(pc - reinterpret_cast<uintptr_t>(header));
  uint32_t low = 0, high = count; // the last row whose pc is not above
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (row(middle).pc <= relative)
      low = middle + 1;
    else
      high = middle;
  }
  if (low && start) *start = reinterpret_cast<uintptr_t>(header) + static_cast<uintptr_t>(intptr_t{row(low - 1).pc});
  return low ? header + row(low - 1).fde : nullptr;
}

// ---- cache of rows: direct mapped, no lock. A torn or foreign entry fails its check and is looked up again.

struct CachedRow {
  uint64_t check; ///< pc ^ bits ^ epoch
  uint64_t bits;
};
constexpr size_t kCachedRows = 4096;
CachedRow cached_rows[kCachedRows];
uint64_t rows_epoch = 0;

bool read_word(uintptr_t address, const StackBounds &bounds, uintptr_t &value) {
  if (SNARL_LIKELY(bounds.contains(address, sizeof value))) {
    value = *reinterpret_cast<const uintptr_t *>(address);
    return true;
  }
  return read_memory(&value, reinterpret_cast<const void *>(address), sizeof value);
}

UnwindRow cached_row(uintptr_t pc) {
  uint64_t salt = pc ^ (load(rows_epoch) << 48);
  CachedRow &slot = cached_rows[mix(pc) % kCachedRows];
  uint64_t bits = load(slot.bits);
  if ((load(slot.check) ^ bits) == salt && bits) return UnwindRow::unpack(bits);
  UnwindRow row = find_row(pc);
  bits = row.pack();
  store(slot.bits, bits);
  store(slot.check, bits ^ salt);
  return row;
}

/// Offsets in the kernel's rt_sigframe, seen from the return address slot upwards: struct ucontext, then its registers.
constexpr uintptr_t kUcontextRegisters = 40;
constexpr uintptr_t kUcontextBp = kUcontextRegisters + 8 * 10, kUcontextSp = kUcontextRegisters + 8 * 15,
                    kUcontextPc = kUcontextRegisters + 8 * 16;

} // namespace

uint64_t UnwindRow::pack() const {
  return uint64_t{1} << 63 | uint64_t{cfa} << 58 | uint64_t{bp} << 56 |
         (uint64_t(uint32_t(cfa_offset)) & 0xfffffff) << 28 | (uint64_t(uint32_t(bp_offset)) & 0xfffffff);
}

UnwindRow UnwindRow::unpack(uint64_t bits) {
  auto extend = [](uint64_t value) { return static_cast<int32_t>(static_cast<uint32_t>(value & 0xfffffff) << 4) >> 4; };
  UnwindRow row;
  row.cfa = static_cast<Cfa>(bits >> 58 & 7);
  row.bp = static_cast<Bp>(bits >> 56 & 3);
  row.cfa_offset = extend(bits >> 28);
  row.bp_offset = extend(bits);
  return row;
}

UnwindRow row_from_fde(const uint8_t *fde, uintptr_t pc) {
  const uint8_t *end = nullptr;
  Reader reader{fde};
  if (!entry(reader, end)) return {};
  const uint8_t *id_place = reader.at;
  uint32_t back = reader.fixed<uint32_t>();
  if (!back) return {};
  Cie cie = read_cie(id_place - back);
  if (!cie.known) return {};
  uintptr_t start = reader.encoded(cie.fde_encoding);
  uintptr_t size = reader.encoded(cie.fde_encoding & 0x0f);
  if (pc < start || pc - start >= size) return {};
  if (cie.augmented) {
    uint64_t bytes = reader.uleb();
    reader.at += bytes;
  }
  UnwindRow row;
  if (cie.signal) {
    row.cfa = UnwindRow::Signal;
    return row;
  }
  State initial, state;
  if (!run(Reader{cie.instructions}, cie.end, cie, initial, 0, ~uintptr_t{0}, initial)) return {};
  state = initial;
  if (!run(reader, end, cie, initial, start, pc, state)) return {};
  if (state.return_lost)
    state.row.cfa = UnwindRow::Outermost;
  else if (state.return_odd)
    state.row.cfa = UnwindRow::None;
  return state.row;
}

UnwindRow find_row(uintptr_t pc) {
  const uint8_t *header = real::unwind_header(pc);
  if (!header) return {};
  const uint8_t *fde = find_fde(header, pc);
  return fde ? row_from_fde(fde, pc) : UnwindRow{};
}

uintptr_t function_start(uintptr_t pc) {
  uintptr_t start = 0;
  const uint8_t *header = real::unwind_header(pc);
  return header && find_fde(header, pc, &start) ? start : 0;
}

bool step(Frame &frame, const StackBounds &bounds) {
  UnwindRow row = cached_row(frame.exact ? frame.pc : frame.pc - 1);
  uintptr_t cfa = 0, bp = frame.bp, pc = 0;
  switch (row.cfa) {
  case UnwindRow::FromSp: cfa = frame.sp + static_cast<uintptr_t>(intptr_t{row.cfa_offset}); break;
  case UnwindRow::FromBp: cfa = frame.bp + static_cast<uintptr_t>(intptr_t{row.cfa_offset}); break;
  case UnwindRow::DerefBp:
    if (!read_word(frame.bp + static_cast<uintptr_t>(intptr_t{row.cfa_offset}), bounds, cfa)) return false;
    break;
  case UnwindRow::DerefSp:
    if (!read_word(frame.sp + static_cast<uintptr_t>(intptr_t{row.cfa_offset}), bounds, cfa)) return false;
    break;
  case UnwindRow::Signal:
    if (!read_word(frame.sp + kUcontextBp, bounds, bp) || !read_word(frame.sp + kUcontextPc, bounds, pc) ||
        !read_word(frame.sp + kUcontextSp, bounds, cfa))
      return false;
    frame = {pc, cfa, bp, true};
    return pc != 0;
  default: return false;
  }
  if (cfa <= frame.sp || (cfa & 7)) return false;
  if (row.bp == UnwindRow::AtCfa) {
    if (!read_word(cfa + static_cast<uintptr_t>(intptr_t{row.bp_offset}), bounds, bp)) return false;
  } else if (row.bp == UnwindRow::AtBp) {
    if (!read_word(frame.bp + static_cast<uintptr_t>(intptr_t{row.bp_offset}), bounds, bp)) return false;
  }
  if (!read_word(cfa - 8, bounds, pc) || pc < 4096) return false;
  frame = {pc, cfa, bp, false};
  return true;
}

void forget_rows() {
  __atomic_add_fetch(&rows_epoch, 1, __ATOMIC_RELAXED);
}

} // namespace snarl_rt
