"""as_native.py FOLDER LIBRARY SNARL PROGRAM CASE...: each case without and with the library. Both must print and return
the same; then what was recorded, and what `snarl report` says is missing."""
import os
import pathlib
import signal
import subprocess
import sys

folder, library, snarl, program, *cases = sys.argv[1:]


def run(case, traces, **more):
    done = subprocess.run([program, case, str(traces)], capture_output=True, text=True, timeout=300,
                          env=dict(os.environ, **more))
    return done.returncode, done.stdout, done.stderr


for case in cases:
    traces = pathlib.Path(folder) / case
    traces.mkdir()
    native = run(case, "/nowhere/at/all")
    ours = run(case, traces, LD_PRELOAD=library, SNARL_OPTIONS=f"trace={traces}:print=0")
    print(f"== {case}: {ours[0]}", "as native" if ours == native else f"DIFFERENT {native} {ours}")
    if not traces.exists():
        print("no traces")
        continue
    for trace in traces.glob("*.trace"):
        lines = trace.read_bytes().split(b"\n")
        torn = [line for line in lines[:-1] if not line[:1].isalpha() or line[1:2] not in (b" ", b"")]
        print("torn" if torn or lines[-1] else "whole lines", "with situations" if b"\nA " in trace.read_bytes() else "")
    report = subprocess.run([snarl, "report", str(traces)], capture_output=True, text=True)
    if report.returncode not in (0, 1):
        print("UNREADABLE", report.stderr)
    for line in (report.stdout + report.stderr).splitlines():
        if "lost" in line or "dropped" in line or "seccomp" in line or "not recorded" in line or "denied" in line:
            print(line.split(": ", 2)[-1])
