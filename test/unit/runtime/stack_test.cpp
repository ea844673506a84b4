#include "runtime/real.h"
#include "runtime/stack.h"
#include "trace_in_memory.h"
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <execinfo.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <vector>

using namespace snarl_rt;

namespace {

StackBounds whole_stack() {
  pthread_attr_t a;
  void *start = nullptr;
  size_t size = 0;
  pthread_getattr_np(pthread_self(), &a);
  pthread_attr_getstack(&a, &start, &size);
  pthread_attr_destroy(&a);
  return {reinterpret_cast<uintptr_t>(start), reinterpret_cast<uintptr_t>(start) + size};
}

/// Our frames from the caller of this function on, against the C library's.
__attribute__((noinline)) void compare_with_libc(const StackBounds &bounds) {
  uintptr_t ours[kMaxFrames];
  void *libc[kMaxFrames];
  uint32_t n = unwind(SNARL_CALLER.as_frame(), bounds, ours, kMaxFrames);
  int m = backtrace(libc, kMaxFrames);
  ASSERT_EQ(static_cast<int>(n), m - 1);
  for (int i = 1; i < m; ++i) EXPECT_EQ(ours[i - 1] + 1, reinterpret_cast<uintptr_t>(libc[i])) << "frame " << i;
}

/// A frame whose size is known only when it runs, and one that is aligned more than the caller's.
__attribute__((noinline)) void with_alloca(size_t bytes) {
  auto *room = static_cast<volatile char *>(__builtin_alloca(bytes));
  room[0] = 1;
  compare_with_libc(whole_stack());
  room[bytes - 1] = 2;
}
__attribute__((noinline)) void realigned(int depth) {
  [[maybe_unused]] alignas(64) volatile char room[64] = {};
  if (depth)
    realigned(depth - 1);
  else
    compare_with_libc(whole_stack());
  room[0] = 1;
}

StackMemory memory;
StackBounds bounds_for_memo;
__attribute__((noinline)) StackId place() {
  Caller caller = SNARL_CALLER;
  StackId known = memory.recall(caller);
  return known ? known : memory.look_up(caller, bounds_for_memo);
}
__attribute__((noinline)) StackId through_a() {
  StackId id = place();
  __asm__ volatile("");
  return id;
}
__attribute__((noinline)) StackId through_b() {
  StackId id = place();
  __asm__ volatile("nop");
  return id;
}

volatile int in_handler = 0;
void handler(int) {
  uintptr_t ours[kMaxFrames];
  uint32_t n = unwind(SNARL_CALLER.as_frame(), {}, ours, kMaxFrames);
  in_handler = static_cast<int>(n);
}

} // namespace

TEST(Unwind, AgreesWithLibc) {
  compare_with_libc(whole_stack());
}
TEST(Unwind, DynamicFrames) {
  with_alloca(100);
  with_alloca(5000);
}
TEST(Unwind, RealignedFrames) {
  realigned(5);
}
TEST(Unwind, WithoutBoundsReadsBySystemCall) {
  compare_with_libc({});
}
TEST(Unwind, RowsAreLookedUpAgainAfterForgetting) {
  forget_rows();
  compare_with_libc(whole_stack());
}

TEST(Unwind, ThroughASignalFrame) {
  real::resolve_all();
  signal(SIGUSR1, handler);
  raise(SIGUSR1);
  signal(SIGUSR1, SIG_DFL);
  EXPECT_GT(in_handler, 5) << "the interrupted frames are missing";
}

TEST(Unwind, GarbageEndsTheStackAndNothingElse) {
  uintptr_t ours[kMaxFrames];
  Frame nonsense{0x1234, 0x5678, 0x9abc, false};
  EXPECT_EQ(unwind(nonsense, {}, ours, kMaxFrames), 1u);
  Frame half = SNARL_CALLER.as_frame();
  half.sp = 64; // right code, unmapped stack
  half.bp = 64;
  EXPECT_LE(unwind(half, {}, ours, kMaxFrames), 2u);
}

TEST(Unwind, RowsSurvivePacking) {
  for (int32_t offset : {0, 8, -8, 4096, -100000, (1 << 27) - 1, -(1 << 27)}) {
    UnwindRow row;
    row.cfa = UnwindRow::DerefBp;
    row.bp = UnwindRow::AtBp;
    row.cfa_offset = offset;
    row.bp_offset = -offset / 2;
    UnwindRow back = UnwindRow::unpack(row.pack());
    EXPECT_EQ(back.cfa, row.cfa);
    EXPECT_EQ(back.bp, row.bp);
    EXPECT_EQ(back.cfa_offset, row.cfa_offset);
    EXPECT_EQ(back.bp_offset, row.bp_offset);
  }
}

TEST(StackTable, EqualStacksAreOne) {
  std::vector<uintptr_t> pcs = {1, 2, 3, 4};
  StackId first = stacks.intern(pcs.data(), 4);
  EXPECT_NE(first, 0u);
  EXPECT_EQ(stacks.intern(pcs.data(), 4), first);
  EXPECT_NE(stacks.intern(pcs.data(), 3), first);
  pcs[3] = 5;
  EXPECT_NE(stacks.intern(pcs.data(), 4), first);
  EXPECT_EQ(stacks.find(first)->pcs()[3], 4u);
  EXPECT_EQ(stacks.find(0), nullptr);
  EXPECT_EQ(stacks.find(123456789), nullptr);
}

TEST(StackMemory, SamePlaceSameNumber) {
  bounds_for_memo = whole_stack();
  StackId seen[3];
  volatile int rounds = 3; // unknown to the compiler: an unrolled loop would be three places
  for (int i = 0; i < rounds; ++i) seen[i] = through_a();
  EXPECT_NE(seen[0], 0u);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
}

TEST(StackMemory, CallersAreToldApart) {
  bounds_for_memo = whole_stack();
  for (int i = 0; i < 3; ++i) EXPECT_NE(through_a(), through_b());
}
