// The JSON of docs/output.md.
// RUN: cd %S && %snarl check --format=json json.cpp -- -std=c++20 > %t.json; test $? = 1
// RUN: %python -m json.tool %t.json > /dev/null
// RUN: FileCheck %s < %t.json
#include <mutex>

std::mutex mutex;
void inner() { std::lock_guard lock(mutex); }
void outer() {
  std::lock_guard lock(mutex);
  inner();
}
// CHECK: "format": "snarl-report",
// CHECK-NEXT: "formatVersion": 1,
// CHECK-NEXT: "snarlVersion": "{{[0-9.]+}}",
// CHECK-NEXT: "verb": "check",
// CHECK-NEXT: "successful": true,
// CHECK-NEXT: "findings": [
// CHECK-NEXT: {
// CHECK-NEXT: "rule": "self-deadlock",
// CHECK-NEXT: "severity": "error",
// CHECK-NEXT: "tier": "{{[a-z]+}}",
// CHECK-NEXT: "message": "{{.+}}",
// CHECK-NEXT: "place": {
// CHECK-NEXT: "file": "json.cpp",
// CHECK-NEXT: "line": [[@LINE-15]],
// CHECK: "key": "{{.+}}",
// CHECK: "steps": [
// CHECK: "suppressed": [],
// CHECK: "notices": []
