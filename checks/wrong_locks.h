// Uses of a location that hold a lock, but one that does not protect it against the others.
#pragma once
#include "program.h"

namespace snarl {

struct WrongLock {
  enum Kind : uint8_t {
    SharedForWrite,  ///< the right lock, held as a reader while it writes
    OtherInstance,   ///< the lock of another object of the class
    OtherElement,    ///< the lock of another element of an array of locks
    MemberForStatic, ///< data of all objects under a lock of one
    OtherLock,       ///< a lock that the other uses do not hold
  } kind;
  const Use *use = nullptr;   ///< the one in the wrong
  const Use *right = nullptr; ///< one that it can meet; the lock it holds protects it
  Path held, expected;        ///< locks, each in the words of its use's function
  Site held_at, expected_at;
};

/// In the order of the uses; one per function and kind.
std::vector<WrongLock> wrong_locks(const Program &program, const SharedLocation &location);

} // namespace snarl
