// --checks, --list-checks, --warnings-as-errors.
// RUN: %snarl check --list-checks | FileCheck %s --check-prefix=LIST
// LIST-DAG: {{^}}lock-order{{$}}
// LIST-DAG: {{^}}self-deadlock{{$}}
// RUN: %snarl check --list-checks --checks='-*,snarl-lock-*' | FileCheck %s --check-prefix=SOME --implicit-check-not=self
// SOME: {{^}}lock-order{{$}}
// RUN: %snarl check --list-checks --checks='-*' | count 0
// RUN: %snarl check --checks=lock-odrer %s -- 2> %t.err; test $? = 2
// RUN: FileCheck %s --check-prefix=UNKNOWN < %t.err
// UNKNOWN: snarl: error: there is no rule 'lock-odrer'; did you mean 'lock-order'?
// RUN: %snarl check --header-filter='(' %s -- 2> %t.err; test $? = 2
// RUN: FileCheck %s --check-prefix=REGEX < %t.err
// REGEX: snarl: error: --header-filter: '(' is not a regular expression
// RUN: %snarl check --checks='-*,lock-order' %s -- -std=c++20 | count 0
int x;
