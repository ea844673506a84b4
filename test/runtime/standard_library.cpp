// Everything of the C++ library that locks or waits, through both libraries, shared and static, position independent or
// not: it works as without us, what is right is silent, and an inversion is found.
// RUN: for flags in "%gxx -O1" "%gxx -O2 -static-libstdc++" "%gxx -O0 -no-pie -fno-pie" "%clangxx -O1" "%clangxx -O2 -static-libstdc++"; do $flags -std=c++20 -g -pthread -I%S/Inputs %s -o %t || exit 1; %t > %t.native; %snarl run -- %t > %t.ours 2> %t.err || exit 1; cmp %t.native %t.ours; cat %t.err; %not %snarl run -- %t inversion 2>&1; done | FileCheck %s
#include "standard_library.h"
// CHECK-COUNT-5: [lock-order, ordered]
