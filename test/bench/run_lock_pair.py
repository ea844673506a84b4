"""What the preloaded library adds to an uncontended pthread_mutex lock and unlock pair, beside other tools.

    run_lock_pair.py LIBRARY [ROUNDS] [--alone]

Builds lock_pair.c and runs it native, with the library, with record=full, with contention=1, and unless --alone is said
with those of these that are there: built by clang with -fsanitize=thread, under Helgrind, and with LLVM's preloadable
libclang_rt.dyndd. All take turns. Printed are medians of nanoseconds of CPU time for a pair, and of the ratio to the
native run of the same turn. CPU time, since on a busy machine the wall clock shows the others' work; two threads that
contend are told by both. Exit code 1 if a pair costs more than the bar allows.
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

BARS = {"single": 1.35, "nested2": 1.35, "nested4": 1.35, "many": 1.35, "contended": 1.35}
FEW, MANY = 20000, 1000000  # rounds: what is slow need not run long
SLOW = {"tsan": 200000, "helgrind": FEW, "dyndd": 200000}

arguments = [a for a in sys.argv[1:] if a != "--alone"]
library = os.path.abspath(arguments[0])
rounds = int(arguments[1]) if len(arguments) > 1 else 9
source = pathlib.Path(__file__).with_name("lock_pair.c")
dyndd = pathlib.Path("/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.dyndd-x86_64.so")

with tempfile.TemporaryDirectory() as folder:
    def build(compiler, name, *flags):
        program = os.path.join(folder, name)
        subprocess.run([compiler, "-O2", "-pthread", *flags, str(source), "-o", program], check=True)
        return program

    def preloaded(path, options):
        return dict(os.environ, LD_PRELOAD=str(path), SNARL_OPTIONS=options)

    plain = build("gcc", "lock_pair")
    options = f"trace={folder}:print=0"
    ways = {  # name -> command, environment
        "native": ([plain], os.environ),
        "snarl": ([plain], preloaded(library, options)),
        "full": ([plain], preloaded(library, options + ":record=full:record_limit_kb=1048576")),
        "contention": ([plain], preloaded(library, options + ":contention=1")),
    }
    if "--alone" not in sys.argv:
        if shutil.which("clang-19"):
            ways["tsan"] = [build("clang-19", "lock_pair_tsan", "-fsanitize=thread")], os.environ
        if shutil.which("valgrind"):
            ways["helgrind"] = ["valgrind", "--tool=helgrind", "-q", plain], os.environ
        if dyndd.exists():
            ways["dyndd"] = [plain], preloaded(dyndd, "")

    def once(way, case):
        """(wall, CPU) nanoseconds for a pair, or None: it crashed or did not end."""
        command, environment = ways[way]
        try:
            done = subprocess.run([*command, case, str(SLOW.get(way, MANY))], env=environment, capture_output=True,
                                  text=True, timeout=300)
            return tuple(map(float, done.stdout.split())) if done.returncode in (0, 66) else None
        except (subprocess.TimeoutExpired, ValueError):
            return None

    def median(values):
        return statistics.median(values) if values else None

    print(f"{'ns of CPU':<18}" + "".join(f"{way:>17}" for way in ways) + f"   ({rounds} turns)")
    missed = False
    for case in BARS:
        turns = []
        for turn in range(rounds):  # others than the library cost hundreds of times more: three turns tell enough
            turns.append({way: once(way, case) for way in ways if way not in SLOW or turn < 3})
        for clock in (1, 0) if case == "contended" else (1,):
            line = f"{case + (' (wall)' if clock == 0 else ''):<18}"
            for way in ways:
                both = [(t[way][clock], t["native"][clock]) for t in turns if t.get(way) and t["native"]]
                if not both:
                    line += f"{'failed':>17}"
                    continue
                ratio = median([a / b for a, b in both])
                line += f"{median([a for a, _ in both]):>9.1f} {ratio:>6.2f}x"
                missed |= way == "snarl" and clock == 1 and ratio > BARS[case]
            print(line, flush=True)
sys.exit(missed)
