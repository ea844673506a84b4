#!/usr/bin/env python3
"""What recording costs real programs: servers under load and compressors, plain, under `snarl run`, and under
`snarl run --record=full`, in turns.

    run_load.py --build DIR --work DIR [--pairs 5] [--only NAME]...

Each round runs all of them, in alternating order, one right after the other, so that what else the machine does meets
all. The figure is the median of the rounds' ratios, with the smallest and the largest beside it: on a shared machine a
single round says little. Compressors are timed by the CPU time of the whole process tree, and by the wall clock;
the start of `snarl run` and the report that it writes afterwards are part of both, about 25 ms of CPU time together.
"""
import argparse
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "real"))
import run_programs  # noqa: E402
import servers  # noqa: E402

CASES = {}
MODES = {"plain": [], "recorded": [], "full": ["--record=full", "--record-limit", "1024"]}


def case(function):
    """Registers `function(folder, prefix, inputs)`, which returns {what: figure}; bigger is better."""
    CASES[function.__name__.replace("_", "-")] = function
    return function


def under_load(kind, folder, prefix, **load):
    """Throughput, and the server's own CPU time per request, which other load on the machine disturbs less."""
    server = kind(folder, prefix)
    try:
        used = server.cpu_seconds()
        figures = server.load(**load)[0]
        used = server.cpu_seconds() - used
    finally:
        server.stop()
    figures = figures if isinstance(figures, dict) else {"requests/s": figures}
    return {**figures, "loads / CPU s": 1 / used}


@case
def memcached(folder, prefix, inputs):
    return under_load(servers.Memcached, folder, prefix, batches=20000, keys=1)


@case
def memcached_pipelined(folder, prefix, inputs):
    """A thousand requests at once: nearly no system calls, the worst that can be done to it."""
    return under_load(servers.Memcached, folder, prefix, batches=1000, keys=500)


@case
def redis(folder, prefix, inputs):
    return under_load(servers.RedisPlain, folder, prefix, requests=100000, tests="set,get")


@case
def redis_pipelined(folder, prefix, inputs):
    return under_load(servers.RedisPlain, folder, prefix, requests=1500000, tests="set,get", pipeline=16)


@case
def redis_io_threads(folder, prefix, inputs):
    return under_load(servers.Redis, folder, prefix, requests=100000, tests="set,get")


@case
def redis_io_threads_pipelined(folder, prefix, inputs):
    return under_load(servers.Redis, folder, prefix, requests=1000000, tests="set,get", pipeline=16)


def compress(folder, prefix, inputs, *command):
    """Megabytes per second of CPU time and of wall time."""
    sample = inputs / "sample"
    megabytes = sample.stat().st_size / 1e6
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    with open(sample, "rb") as stdin, open(folder / "stderr", "wb") as errors:
        subprocess.run([*map(str, prefix), *command], stdin=stdin, stdout=subprocess.DEVNULL, stderr=errors)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"MB/s of CPU": megabytes / cpu, "MB/s": megabytes / wall}


@case
def zstd(folder, prefix, inputs):
    return compress(folder, prefix, inputs, "zstd", "-T2", "-12", "-q", "-c")


@case
def pigz(folder, prefix, inputs):
    return compress(folder, prefix, inputs, "pigz", "-p", "2", "-9", "-n", "-c")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="where snarl was built")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for everything that is written")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", action="append", choices=CASES, help="just this one (may be repeated)")
    options = parser.parse_args()
    work = options.work.resolve()
    inputs = work / "programs/inputs"
    run_programs.make_inputs(inputs)
    snarl = options.build.resolve() / "snarl"
    print(f"{'program':<28}{'figure':<14}{'plain':>12}   recorded/plain          full/plain: median (smallest .. largest)")
    for name in options.only or CASES:
        figures = {}  # what -> {mode: [figure]}
        for pair in range(options.pairs + 1):  # the first warms up and does not count
            for mode in MODES if pair % 2 else reversed(MODES):
                folder = work / "load" / name
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                prefix = [snarl, "run", "--trace", folder / "trace", *MODES[mode], "--"] if mode != "plain" else []
                for what, figure in CASES[name](folder, prefix, inputs).items():
                    if pair:
                        figures.setdefault(what, {m: [] for m in MODES})[mode].append(figure)
        for what, by_mode in figures.items():
            line = f"{name:<28}{what:<14}{statistics.median(by_mode['plain']):12.4g}"
            for mode in ("recorded", "full"):
                ratios = [r / p for p, r in zip(by_mode["plain"], by_mode[mode])]
                line += f"   {statistics.median(ratios):.3f} ({min(ratios):.3f} .. {max(ratios):.3f})"
            print(line, flush=True)


if __name__ == "__main__":
    main()
