"""kill_often.py PROGRAM LIBRARY SNARL FOLDER: kills the program after ever longer times, and has each trace read."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

program, library, snarl, folder = sys.argv[1:]
shutil.rmtree(folder, ignore_errors=True)
for n in range(12):
    traces = os.path.join(folder, str(n))
    os.makedirs(traces)
    environment = dict(os.environ, LD_PRELOAD=library, SNARL_OPTIONS=f"trace={traces}:print=0")
    process = subprocess.Popen([program], env=environment, stdout=subprocess.PIPE)
    process.stdout.read(3)
    time.sleep(0.0007 * n * n)
    process.kill()
    process.wait()
    (trace,) = pathlib.Path(traces).iterdir()
    lines = trace.read_bytes().split(b"\n")
    for line in lines[:-1]:
        assert line[:1].isalpha() and line[1:2] in (b" ", b""), f"{trace}: a torn line: {line!r}"
    assert lines[0].startswith(b"V 1 "), lines[0]
    report = subprocess.run([snarl, "report", traces], capture_output=True, text=True)
    assert report.returncode == 0, report.stdout + report.stderr
assert any(line.startswith(b"A ") for line in lines), "nothing was recorded"
print("12 traces read")
