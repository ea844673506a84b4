// The SARIF validator has nothing to say against what we write, not even where a file does not compile.
// REQUIRES: sarif
// RUN: %snarl check --sarif %t.sarif %s %S/sarif.cpp -- -std=c++20 > %t.out 2>&1 || true
// RUN: %sarif_validate %t.sarif > %t.log 2>&1
// RUN: not grep -E "error|failed" %t.log
#include "no_such_header.h"
