// Who can never run again? The pure part of live deadlock detection: no threads, no locks, no system.
//
// A thread that waits is stuck if one of those it needs is stuck: a writer needs every reader to leave, so one stuck
// reader is enough. The set of stuck threads is the greatest fixpoint: begin with everybody who waits without a time
// limit, take out whoever could still be served by somebody outside, until nothing changes.
// A wait that anybody could end (condition variable, semaphore, barrier) is stuck if nobody at all is left outside, and
// all threads of the process are known. Short of that it is probably stuck if everybody who ever ended such a wait on
// that object is: these are its peers, and unlike those of a lock all of them must be stuck.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace snarl_rt {

struct WaitNode {
  enum Need : uint8_t {
    Nothing,  ///< runs, or will by itself: a timed wait, a wait for something outside the process
    Peers,    ///< the threads in its peer list
    Anybody,  ///< any thread that runs; the peer list has those who did it before, if that is known
    Hopeless, ///< the one it needs is gone
  };
  Need need = Nothing;
  uint32_t first_peer = 0, peers = 0; ///< range in the peer array
  bool hard = false;                  ///< the wait is for a lock or an initialiser, as no idle thread's is
  bool stuck = false;                 ///< result
  bool by_wakers = false;             ///< result, for Anybody: all who did it before are stuck
  uint32_t next = 0;                  ///< result: the stuck peer it waits for, where there is one
  bool marked = false;                ///< scratch of find_cycle's caller
};

/// Sets `stuck` and `next`. `closed`: there is no thread beside these.
inline void find_stuck(WaitNode *nodes, uint32_t count, const uint32_t *peers, bool closed) {
  for (uint32_t i = 0; i < count; ++i) nodes[i].stuck = nodes[i].need != WaitNode::Nothing;
  for (bool changed = true; changed;) {
    changed = false;
    bool all_stuck = closed;
    for (uint32_t i = 0; i < count; ++i) all_stuck &= nodes[i].stuck;
    for (uint32_t i = 0; i < count; ++i) {
      WaitNode &node = nodes[i];
      if (!node.stuck || node.need == WaitNode::Hopeless) continue;
      if (node.need == WaitNode::Anybody) {
        node.by_wakers = node.peers != 0;
        for (uint32_t k = 0; k < node.peers; ++k) node.by_wakers &= nodes[peers[node.first_peer + k]].stuck;
        if (node.by_wakers) node.next = peers[node.first_peer];
      }
      bool stays = node.need == WaitNode::Anybody && (all_stuck || node.by_wakers);
      for (uint32_t k = 0; node.need == WaitNode::Peers && k < node.peers && !stays; ++k)
        if (nodes[peers[node.first_peer + k]].stuck) {
          stays = true;
          node.next = peers[node.first_peer + k];
        }
      if (stays) continue;
      node.stuck = false;
      changed = true;
    }
  }
}

/// Follows `next` from a stuck node. Returns the length of the cycle reached and sets `entry` to its first node
/// reached; 0 if the way ends at a node that needs just anybody or is hopeless, which `entry` then is.
inline uint32_t find_cycle(const WaitNode *nodes, uint32_t count, uint32_t start, uint32_t &entry) {
  auto leads_on = [&](uint32_t node) { return nodes[node].need == WaitNode::Peers || nodes[node].by_wakers; };
  uint32_t at = start;
  for (uint32_t steps = 0; steps < count && leads_on(at); ++steps) at = nodes[at].next;
  entry = at;
  if (!leads_on(at)) return 0;
  uint32_t length = 1;
  for (uint32_t next = nodes[at].next; next != at; next = nodes[next].next) ++length;
  return length;
}

} // namespace snarl_rt
