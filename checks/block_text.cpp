#include "block_text.h"

namespace snarl {

const char *what_it_does(BlockKind kind) {
  switch (kind) {
  case BlockKind::Sleep: return "sleeps";
  case BlockKind::ThreadWait: return "waits for another thread";
  case BlockKind::SyncBridge: return "waits for asynchronous work to end";
  case BlockKind::FileIo: return "waits for a file";
  case BlockKind::Socket: return "waits for the network";
  case BlockKind::NameLookup: return "waits for a name server";
  case BlockKind::Process: return "waits for another process";
  case BlockKind::Input: return "waits for input";
  case BlockKind::ThirdParty: return "waits for a server";
  case BlockKind::Poll: return "waits for events";
  case BlockKind::Declared: return "is declared to block";
  }
  return "blocks";
}

BlockKind block_kind(const Op &op) {
  return op.kind == OpKind::Wait ? BlockKind::ThreadWait : op.block;
}

std::string api_of(const Op &op) {
  if (!op.api.empty()) return op.api.str().str();
  return op.callee_name.empty() ? "a wait" : op.callee_name.str().str();
}

} // namespace snarl
