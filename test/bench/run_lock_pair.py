"""What the preloaded library adds to an uncontended pthread_mutex lock and unlock pair.

    run_lock_pair.py LIBRARY [rounds]     builds lock_pair.c, runs it native, preloaded, and preloaded with the profile of
                                          locks (--contention), interleaved, and prints medians

Exit code 1 if a pair costs more than the bar allows.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

BARS = {"single": 1.7, "nested2": 1.7}
CASES = ["single", "nested2", "nested4", "many", "contended"]

library = os.path.abspath(sys.argv[1])
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9
source = pathlib.Path(__file__).with_name("lock_pair.c")

with tempfile.TemporaryDirectory() as folder:
    program = os.path.join(folder, "lock_pair")
    subprocess.run(["gcc", "-O2", "-pthread", str(source), "-o", program], check=True)
    preloaded = dict(os.environ, LD_PRELOAD=library, SNARL_OPTIONS=f"trace={folder}:print=0")

    profiled = dict(preloaded, SNARL_OPTIONS=preloaded["SNARL_OPTIONS"] + ":contention=1")

    def once(case, environment):
        return float(subprocess.run([program, case], env=environment, check=True, capture_output=True, text=True).stdout)

    print(f"{'case':<10} {'native ns':>9} {'snarl ns':>9} {'ratio':>6} {'profile ns':>11} {'ratio':>6}   (medians of {rounds} interleaved runs)")
    missed = False
    for case in CASES:
        runs = [[once(case, how) for how in (os.environ, preloaded, profiled)] for _ in range(rounds)]
        native, ours, profile = (statistics.median(column) for column in zip(*runs))
        ratio, profile_ratio = (statistics.median(run[i] / run[0] for run in runs) for i in (1, 2))
        bar = BARS.get(case)
        missed |= bar is not None and ratio > bar
        print(f"{case:<10} {native:>9.2f} {ours:>9.2f} {ratio:>5.2f}x {profile:>11.2f} {profile_ratio:>5.2f}x" + (f"   bar {bar}x" if bar else ""))
sys.exit(missed)
