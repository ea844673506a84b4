"""kill_often.py PROGRAM LIBRARY SNARL FOLDER: kills the program after random numbers of its own marks, and has every
trace read. Where it is killed depends on how far it was, never on a clock."""
import os
import pathlib
import random
import shutil
import subprocess
import sys

program, library, snarl, folder = sys.argv[1:]
random.seed(1)
SINGLE, EACH = 30, 200


def run(name, options, arguments, marks):
    """Kills it after so many marks; the trace's lines."""
    traces = pathlib.Path(folder) / name
    traces.mkdir(parents=True)
    environment = dict(os.environ, LD_PRELOAD=library, SNARL_OPTIONS=f"trace={traces}:print=0{options}")
    process = subprocess.Popen([program, *arguments], env=environment, stdout=subprocess.PIPE, bufsize=0)
    while marks > 0:
        marks -= len(process.stdout.read(marks))
    process.kill()
    process.stdout.close()
    process.wait()
    (trace,) = traces.glob("*.trace")
    lines = trace.read_bytes().split(b"\n")
    if len(lines) > 1:  # killed before or in the first write: then it says so
        assert lines[0].startswith(b"V 1 "), lines[0]
    for line in lines[:-1]:
        assert line[:1].isalpha() and line[1:2] in (b" ", b""), f"{trace}: a torn line: {line!r}"
    return traces, lines


def report(*paths):
    answer = subprocess.run([snarl, "report", *paths], capture_output=True, text=True)
    assert answer.returncode in (0, 1), answer.stdout + answer.stderr
    assert "made no sense" not in answer.stderr + answer.stdout, answer.stderr
    assert "damaged" not in answer.stderr + answer.stdout, answer.stderr
    return answer.stdout + answer.stderr


shutil.rmtree(folder, ignore_errors=True)
situations = deadlocks = logs = 0
for n in range(EACH):
    kind = n % 5
    options = ":record=full" if kind == 3 else ":watch_ms=1" if kind == 4 else ""
    traces, lines = run(str(n), options, ["hang"] if kind == 4 else [], int(random.expovariate(1 / (1500 if kind == 4 else 150))) + 1)
    situations += sum(line.startswith(b"A ") for line in lines)
    deadlocks += sum(line.startswith(b"K ") for line in lines)
    logs += len(list(traces.glob("*.full")))
# Every one by itself would start snarl 200 times: some alone, all of them in turns of twenty.
everything = [str(path) for path in sorted(pathlib.Path(folder).iterdir())]
for path in random.sample(everything, SINGLE):
    report(path)
for start in range(0, EACH, 20):
    report(*everything[start : start + 20])
assert situations > 1000, f"hardly anything was recorded: {situations}"
assert deadlocks > 0, "no deadlock was told"
assert logs == EACH // 5, f"full logs: {logs}"
print(f"{EACH} traces read: {situations} situations, {deadlocks} deadlocks")
