// The same with LLVM's C++ library, shared and static.
// REQUIRES: libc++
// RUN: for flags in "-O1" "-O1 -static-libstdc++" "-O2 -no-pie -fno-pie"; do %clangxx -stdlib=libc++ $flags -std=c++20 -fexperimental-library -g -pthread -I%S/Inputs %s -o %t || exit 1; %t > %t.native; %snarl run -- %t > %t.ours 2> %t.err || exit 1; cmp %t.native %t.ours; cat %t.err; %not %snarl run -- %t inversion 2>&1; done | FileCheck %s
#include "standard_library.h"
// CHECK-COUNT-3: [lock-order, ordered]
