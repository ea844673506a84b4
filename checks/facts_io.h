// Facts as a file: text, one record per line, versioned, the same bytes for the same facts. docs/facts-format.md.
#pragma once
#include "facts.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Support/raw_ostream.h"

namespace snarl {

inline constexpr unsigned kFactsVersion = 1;

void write_facts(const Facts &facts, llvm::raw_ostream &out);

/// The same records with names in place of string numbers, for people and tests. Cannot be read back.
void dump_facts(const Facts &facts, llvm::raw_ostream &out);

/// Any input gives facts or an error of one line ("FILE:LINE: what; remedy"). What is returned is consistent:
/// successors, parameters, locals and captures named by paths exist.
llvm::Expected<Facts> read_facts(llvm::MemoryBufferRef buffer);

} // namespace snarl
