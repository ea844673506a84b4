#!/usr/bin/env python3
"""CPU time of `snarl check` on one file against a syntax check by Clang, same flags.

    check_speed.py BUILD_DIR [--rounds N] [--limit 0.8] [--command 'CMD {file} -- {flags}']

Each of the files in stl/ is measured in turn with both commands, interleaved, so that a change of the machine's speed
touches both. Time is user plus system time of the children. Printed: the ratio of the medians per file, and the median
over the files. Exit status 1 if that is above the limit.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys

FLAGS = ["-std=c++20", "-w"]


def cpu(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):  # 1: findings
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="folder with the built `snarl`")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--limit", type=float, default=0.8)
    parser.add_argument("--clang", default=os.environ.get("CLANGXX", "clang++-19"))
    parser.add_argument("--command", help="instead of BUILD/snarl check: words with {file}; flags follow after --")
    args = parser.parse_args()
    files = sorted((pathlib.Path(__file__).parent / "stl").glob("*.cpp"))
    ratios = []
    print(f"{'file':28} {'clang ms':>9} {'snarl ms':>9} {'ratio':>6}")
    for file in files:
        if args.command:
            ours = [word.format(file=file) for word in args.command.split()] + ["--"] + FLAGS
        else:
            ours = [os.path.join(args.build, "snarl"), "check", "--no-cache", "--quiet", "-j1", str(file), "--"] + FLAGS
        theirs = [args.clang, "-fsyntax-only"] + FLAGS + [str(file)]
        mine, base = [], []
        cpu(theirs), cpu(ours)  # warm the page cache
        for _ in range(args.rounds):
            base.append(cpu(theirs))
            mine.append(cpu(ours))
        ratio = statistics.median(mine) / statistics.median(base)
        ratios.append(ratio)
        print(f"{file.name:28} {statistics.median(base) * 1000:9.0f} {statistics.median(mine) * 1000:9.0f} {ratio:6.2f}")
    middle = statistics.median(ratios)
    print(f"{'median':28} {'':9} {'':9} {middle:6.2f}   (limit {args.limit})")
    return middle > args.limit


if __name__ == "__main__":
    sys.exit(main())
