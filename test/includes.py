"""Who may include whom: includes.py ROOT. Prints each include that points the wrong way; exit code 1 if there is one.

    runtime/  nothing of ours but itself
    checks/   itself and Clang, and the vocabulary of traces
    tool/     itself, checks/*.h and runtime/trace_format.h
"""
import pathlib
import re
import sys

MAY_INCLUDE = {"runtime": {"runtime"}, "checks": {"checks"}, "tool": {"tool", "checks"}}
VOCABULARY = "runtime/trace_format.h"

root = pathlib.Path(sys.argv[1])
files = [f for folder in MAY_INCLUDE for f in sorted((root / folder).rglob("*")) if f.suffix in (".h", ".cpp", ".inc", ".def")]
wrong = 0
for file in files:
    folder = file.relative_to(root).parts[0]
    for number, line in enumerate(file.read_text().splitlines(), 1):
        included = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not included:
            continue
        target = next((p for p in (file.parent / included[1], root / included[1]) if p.is_file()), None)
        if target is None:
            continue  # the system's, LLVM's or fmt's
        target = target.resolve().relative_to(root.resolve())
        if target.parts[0] not in MAY_INCLUDE[folder] and not (folder != "runtime" and str(target) == VOCABULARY):
            print(f"{file.relative_to(root)}:{number}: {folder}/ must not include {target}")
            wrong += 1
if not files:
    sys.exit(f"{root}: no sources found")
sys.exit(wrong > 0)
