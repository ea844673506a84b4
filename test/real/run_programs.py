#!/usr/bin/env python3
"""Runs real programs plain and under `snarl run`: nothing they do may change.

    run_programs.py --build DIR --work DIR [--only NAME]... [--list]

For each program: standard output, exit code and what it wrote are compared, and it has to end. Printed are the wall-time
ratio and what snarl found. The exit code is 1 if any program crashed, hung or changed.
"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import servers

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "docs/examples/orders"
PROGRAMS = {}


def program(function):
    """Registers `function(folder, prefix)`: does the work in an empty folder and returns what must not change."""
    PROGRAMS[function.__name__.replace("_", "-")] = function
    return function


HEADERS = pathlib.Path("/usr/lib/llvm-19/include")


def make_inputs(folder):
    """What the programs work on, made once: a file of 48 MB, a git pack, a program that uses SQLite from four threads."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "sample").exists():
        with open(folder / "sample.new", "wb") as out:
            for place, folders, names in os.walk(HEADERS, followlinks=True):
                folders.sort()
                for name in sorted(names):
                    if out.tell() < 48 << 20:
                        out.write((pathlib.Path(place) / name).read_bytes())
        os.rename(folder / "sample.new", folder / "sample")
    if not (folder / "sample.pack").exists():
        source = folder / "repository"
        shutil.rmtree(source, ignore_errors=True)
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", source]
        subprocess.run(["git", "init", "-q", source], check=True)
        shutil.copytree(HEADERS / "llvm", source / "llvm")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "headers"], check=True)
        names = subprocess.run([*git, "rev-list", "--objects", "HEAD"], capture_output=True, check=True).stdout
        pack = subprocess.run([*git, "pack-objects", "--stdout", "-q"], input=names, capture_output=True, check=True)
        (folder / "sample.pack").write_bytes(pack.stdout)
    subprocess.run(["cc", "-O1", "-g", HERE / "sqlite_threads.c", "-o", folder / "sqlite_threads", "-pthread", "-lsqlite3"],
                   check=True)


def inputs(folder):
    return folder.parent.parent / "inputs"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(prefix, command, folder, timeout=1200, **more):
    """Exit code and standard output; what is written to standard error goes to a file beside the folder."""
    with open(folder / "stderr", "ab") as errors:
        done = subprocess.run([*map(str, prefix), *map(str, command)], stdout=subprocess.PIPE, stderr=errors, cwd=folder,
                              timeout=timeout, stdin=more.pop("stdin", subprocess.DEVNULL), **more)
    return done.returncode, done.stdout


def filter_program(folder, prefix, *command):
    """A compressor, from a file to standard output and back."""
    with open(inputs(folder) / "sample", "rb") as stdin:
        code, out = run(prefix, command, folder, stdin=stdin)
    return code, hashlib.sha256(out).hexdigest()


@program
def xz(folder, prefix):
    return filter_program(folder, prefix, "xz", "-T2", "--block-size=4MiB", "-1", "-c")


@program
def zstd(folder, prefix):
    return filter_program(folder, prefix, "zstd", "-T2", "-6", "-q", "-c")


@program
def pigz(folder, prefix):
    return filter_program(folder, prefix, "pigz", "-p", "2", "-n", "-c")


@program
def sqlite3(folder, prefix):
    return run(prefix, [inputs(folder) / "sqlite_threads", folder / "t.db"], folder)


@program
def python3(folder, prefix):
    return run(prefix, [sys.executable, HERE / "python_threads.py"], folder)


@program
def git_index_pack(folder, prefix):
    subprocess.run(["git", "init", "-q", "--bare", folder / "to.git"], check=True)
    with open(inputs(folder) / "sample.pack", "rb") as stdin:
        result = run(prefix, ["git", "-C", folder / "to.git", "index-pack", "--threads=4", "--stdin"], folder, stdin=stdin)
    return result, sorted((f.name, digest(f)) for f in (folder / "to.git/objects/pack").iterdir())


@program
def cmake_ninja(folder, prefix):
    configured = run(prefix, ["cmake", "-G", "Ninja", "-S", EXAMPLE, "-B", "out", "-DCMAKE_CXX_COMPILER=clang++-19",
                              "-DCMAKE_BUILD_TYPE=MinSizeRel", "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld-19"], folder)
    built = run(prefix, ["ninja", "-C", "out", "-j2"], folder, env={**os.environ, "CCACHE_DISABLE": "1"})
    # Which of two jobs is done first is not the program's promise: compare what was built, and how many steps it took.
    return configured[0], built[0], len(built[1].splitlines()), digest(folder / "out/liborders.a")


@program
def clang_tidy(folder, prefix):
    return run(prefix, ["clang-tidy-19", "--checks=-*,bugprone-*,concurrency-*", EXAMPLE / "src/order_service.cpp", "--",
                        "-std=c++20"], folder)


@program
def memcached(folder, prefix):
    return serve(servers.Memcached, folder, prefix)


@program
def redis_server(folder, prefix):
    return serve(servers.Redis, folder, prefix)


@program
def nginx(folder, prefix):
    return serve(servers.Nginx, folder, prefix)


def serve(kind, folder, prefix):
    server = kind(folder, prefix)
    try:
        answers = server.load()[1]
    finally:
        code = server.stop()
    return code, answers


def findings(sarif):
    if not sarif.exists():
        return None
    return [result for run in json.loads(sarif.read_text())["runs"] for result in run.get("results", [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="where snarl was built")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for everything that is written")
    parser.add_argument("--only", action="append", choices=PROGRAMS, help="just this one (may be repeated)")
    parser.add_argument("--list", action="store_true", help="print the findings, too")
    options = parser.parse_args()
    work = options.work.resolve() / "programs"
    snarl = options.build.resolve() / "snarl"
    changed = []
    make_inputs(work / "inputs")
    print(f"{'program':<16}{'plain':>8}{'snarl':>8}{'ratio':>7}  {'behaviour':<12}found")
    for name in options.only or PROGRAMS:
        folder = work / name
        seconds, results, problem = [], [], None
        for under_snarl in (False, True):
            here = folder / ("snarl" if under_snarl else "plain")
            shutil.rmtree(here, ignore_errors=True)
            here.mkdir(parents=True)
            sarif = folder / "found.sarif"
            shutil.rmtree(folder / "trace", ignore_errors=True)
            sarif.unlink(missing_ok=True)
            prefix = [snarl, "run", "--trace", folder / "trace", "--sarif", sarif, "--"] if under_snarl else []
            start = time.monotonic()
            try:
                results.append(PROGRAMS[name](here, prefix))
            except (subprocess.TimeoutExpired, RuntimeError, OSError) as error:
                problem = f"{'under snarl' if under_snarl else 'plain'}: {error}"
                break
            seconds.append(time.monotonic() - start)
        found = findings(folder / "found.sarif")
        rules = collections.Counter(r["ruleId"] for r in found or [])
        if not problem and not same(results, found):
            problem = "changed: " + " became ".join(str(r)[:200] for r in results)
        if problem:
            changed.append(name)
        ratio = f"{seconds[1] / seconds[0]:.2f}" if len(seconds) == 2 else "-"
        print(f"{name:<16}" + "".join(f"{s:8.2f}" for s in (seconds + [0, 0])[:2]) + f"{ratio:>7}  "
              f"{'DIFFERENT' if problem else 'same':<12}"
              + (", ".join(f"{n} {rule}" for rule, n in sorted(rules.items())) or ("no report" if found is None else "nothing")),
              flush=True)
        if problem:
            print("    " + problem)
        if options.list:
            for result in found or []:
                print(f"    {result['message']['text']} [{result['ruleId']}]")
    if changed:
        print(f"behaved differently under snarl: {', '.join(changed)}")
    return bool(changed)


def same(results, found):
    """Equal, but for this: with findings, `snarl run` ends with 1 where the program itself ended with 0."""
    def expected(plain, seen):
        if isinstance(plain, tuple):
            return len(plain) == len(seen) and all(map(expected, plain, seen))
        return plain == seen or (found and type(plain) is int and plain == 0 and seen == 1)
    return expected(*results)


if __name__ == "__main__":
    sys.exit(main())
