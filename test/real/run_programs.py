#!/usr/bin/env python3
"""Runs real programs plain and under `snarl run`: nothing they do may change.

    run_programs.py --build DIR --work DIR [--rounds N] [--only NAME]... [--list]

For each program: standard output, exit code and what it wrote are compared, and it has to end. Printed are the ratios of
wall time and of CPU time, medians of interleaved rounds (on a busy machine only the second says much), and what snarl
found. Both include the start of `snarl run` and its report, about 25 ms of CPU time. The exit code is 1 if any program
crashed, hung or changed. Programs that are not installed are left out, and named.
"""
import argparse
import collections
import hashlib
import json
import math
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

import servers

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "docs/examples/orders"
PROGRAMS = {}
NEEDS = {}  # program -> the command that has to be there


def program(function, command=None):
    """Registers `function(folder, prefix)`: does the work in an empty folder and returns what must not change."""
    name = function.__name__.replace("_", "-")
    PROGRAMS[name] = function
    if command:
        NEEDS[name] = command
    return function


def needs(command):
    """As `program`, for what may not be installed."""
    return lambda function: program(function, command)


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
    (folder / "small").write_bytes((folder / "sample").read_bytes()[:12 << 20])
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


def small(folder, prefix, *command):
    """As filter_program, on 12 MB."""
    with open(inputs(folder) / "small", "rb") as stdin:
        code, out = run(prefix, command, folder, stdin=stdin)
    return code, hashlib.sha256(out).hexdigest()


def lines(result):
    """Of what comes in any order."""
    return result[0], sorted(result[1].splitlines())


@needs("pbzip2")
def pbzip2(folder, prefix):
    return small(folder, prefix, "pbzip2", "-p2", "-c")


@needs("lbzip2")
def lbzip2(folder, prefix):
    return small(folder, prefix, "lbzip2", "-n2", "-c")


@needs("plzip")
def plzip(folder, prefix):
    return small(folder, prefix, "plzip", "-n2", "-3", "-B1MiB", "-c")


@needs("7zz")
def sevenzip(folder, prefix):
    code, _ = run(prefix, ["7zz", "a", "-mmt2", "-mx3", "-bd", "out.7z", inputs(folder) / "small"], folder)
    return code, digest(folder / "out.7z")


@program
def tar_zstd(folder, prefix):
    code, out = run(prefix, ["tar", "-C", HEADERS / "llvm", "--sort=name", "-I", "zstd -T2", "-c", "."], folder)
    return code, hashlib.sha256(out).hexdigest()


@needs("mksquashfs")
def mksquashfs(folder, prefix):
    code, _ = run(prefix, ["mksquashfs", (HEADERS / "llvm").resolve(), "out.sqfs", "-processors", "2", "-mkfs-time", "0", "-all-time",
                           "0", "-no-progress"], folder)
    return code, digest(folder / "out.sqfs")


@needs("ffmpeg")
def ffmpeg(folder, prefix):
    code, out = run(prefix, ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=d=6:s=640x360", "-threads",
                             "2", "-c:v", "libx264", "-preset", "faster", "-bitexact", "-f", "h264", "-"], folder)
    return code, hashlib.sha256(out).hexdigest()


@needs("convert")
def imagemagick(folder, prefix):
    code, out = run(prefix, ["convert", "-limit", "thread", "2", "-size", "900x900", "gradient:red-blue", "-blur", "0x6",
                             "-rotate", "10", "-resize", "150%", "ppm:-"], folder)
    return code, hashlib.sha256(out).hexdigest()


@needs("rg")
def ripgrep(folder, prefix):
    return lines(run(prefix, ["rg", "-j4", "-c", "[Mm]utex|[a-z]+_lock", *[HEADERS, "/usr/include"] * 3], folder))


@needs("fdfind")
def fd(folder, prefix):
    return lines(run(prefix, ["fdfind", "-j4", "-u", r"\.h$", *["/usr/include", HEADERS, "/usr/lib", "/usr/share"] * 2], folder))


@program
def lld(folder, prefix):
    library = pathlib.Path("/usr/lib/llvm-19/lib")
    code, _ = run(prefix, ["ld.lld-19", "--threads=2", "-shared", "-O2", "--whole-archive",
                           *(library / f"libLLVM{part}.a" for part in ("Support", "Core", "Analysis", "CodeGen", "Passes")),
                           "-o", "out.so"], folder)
    return code, digest(folder / "out.so")


@program
def perl(folder, prefix):
    return run(prefix, ["perl", "-Mthreads", "-Mthreads::shared", "-MThread::Queue", "-e", """
        my ($q, $sum) = (Thread::Queue->new, 0); share($sum);
        my @t = map { threads->create(sub { while (defined(my $n = $q->dequeue)) { lock($sum); $sum += $n * $n } }) } 1..4;
        $q->enqueue($_) for 1..100000; $q->end; $_->join for @t; print "$sum\n";"""], folder)


@needs("java")
def java(folder, prefix):
    return run(prefix, ["java", "-XX:+UseParallelGC", "-XX:ParallelGCThreads=2", "-Xmx256m", "--list-modules"], folder)


@needs("stress-ng")
def stress_ng(folder, prefix):
    return run(prefix, ["stress-ng", "-q", "--temp-path", folder, "--mutex", "2", "--mutex-ops", "200000",
                        "--pthread", "1", "--pthread-max", "16", "--pthread-ops", "300", "--timeout", "120"], folder)


@needs("rsync")
def rsync(folder, prefix):
    code, _ = run(prefix, ["rsync", "-a", "--checksum", f"{HEADERS}/llvm/", "copy"], folder)
    return code, sorted((str(f.relative_to(folder)), digest(f)) for f in (folder / "copy").rglob("*") if f.is_file())


def fetch(folder, prefix, *command):
    """A client that loads the 8 files of an nginx several at a time."""
    server = servers.Nginx(folder / "server")
    try:
        code, _ = run(prefix, [*command, *(f"http://127.0.0.1:{server.port}/{i}.txt" for i in range(8))], folder)
    finally:
        server.stop()
    return code, [digest(folder / f"{i}.txt") for i in range(8)]


@needs("curl")
def curl(folder, prefix):
    return fetch(folder, prefix, "curl", "-sS", "--parallel", "--remote-name-all")


@needs("aria2c")
def aria2(folder, prefix):
    return fetch(folder, prefix, "aria2c", "-q", "-Z", "-x4", "-s4", "--no-conf")


@needs("mariadbd")
def mariadb(folder, prefix):
    return serve(servers.MariaDb, folder, prefix)


@needs("haproxy")
def haproxy(folder, prefix):
    return serve(servers.HaProxy, folder, prefix)


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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--list", action="store_true", help="print the findings, too")
    options = parser.parse_args()
    work = options.work.resolve() / "programs"
    snarl = options.build.resolve() / "snarl"
    changed, missing, walls, cpus = [], [], [], []
    make_inputs(work / "inputs")
    print(f"{'program':<16}{'plain s':>8}{'wall':>7}{'CPU':>7}  {'behaviour':<12}found")
    for name in options.only or PROGRAMS:
        if name in NEEDS and not shutil.which(NEEDS[name]):
            missing.append(name)
            continue
        plain, wall, cpu, found, problem = measure(PROGRAMS[name], work / name, snarl, options.rounds)
        if problem:
            changed.append(name)
        else:
            walls.append(wall)
            cpus.append(cpu)
        rules = collections.Counter(r["ruleId"] for r in found or [])
        print(f"{name:<16}{plain:8.2f}{wall:7.2f}{cpu:7.2f}  {'DIFFERENT' if problem else 'same':<12}"
              + (", ".join(f"{n} {rule}" for rule, n in sorted(rules.items())) or ("no report" if found is None else "nothing")),
              flush=True)
        if problem:
            print("    " + problem)
        if options.list:
            for result in found or []:
                print(f"    {result['message']['text']} [{result['ruleId']}, {result['properties'].get('tier', '')}]")
    if walls:
        mean = lambda ratios: math.exp(statistics.fmean(map(math.log, ratios)))
        print(f"{len(walls)} programs, geometric means: wall {mean(walls):.3f}, CPU {mean(cpus):.3f}")
    if missing:
        print(f"not installed: {', '.join(missing)}")
    if changed:
        print(f"behaved differently under snarl: {', '.join(changed)}")
    return bool(changed)


def measure(function, folder, snarl, rounds):
    """Plain and recorded in turns: (median plain seconds, median ratio of wall time, of CPU time, findings, what is
    wrong)."""
    sarif = folder / "found.sarif"
    plain, walls, cpus, found = [], [], [], None
    for turn in range(rounds):
        figures, results = {}, {}
        for under_snarl in (False, True) if turn % 2 == 0 else (True, False):
            here = folder / ("snarl" if under_snarl else "plain")
            shutil.rmtree(here, ignore_errors=True)
            here.mkdir(parents=True)
            prefix = []
            if under_snarl:
                shutil.rmtree(folder / "trace", ignore_errors=True)
                sarif.unlink(missing_ok=True)
                prefix = [snarl, "run", "--trace", folder / "trace", "--sarif", sarif, "--"]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.monotonic()
            try:
                results[under_snarl] = function(here, prefix)
            except (subprocess.TimeoutExpired, RuntimeError, OSError) as error:
                return 0, 0, 0, found, f"{'under snarl' if under_snarl else 'plain'}: {error}"
            seconds = time.monotonic() - start
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            figures[under_snarl] = seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found = findings(sarif)
        if not same([results[False], results[True]], found):
            return 0, 0, 0, found, "changed: " + " became ".join(str(results[k])[:200] for k in (False, True))
        plain.append(figures[False][0])
        walls.append(figures[True][0] / figures[False][0])
        cpus.append(figures[True][1] / max(figures[False][1], 0.001))
    return statistics.median(plain), statistics.median(walls), statistics.median(cpus), found, None


def same(results, found):
    """Equal, but for this: with findings, `snarl run` ends with 1 where the program itself ended with 0."""
    def expected(plain, seen):
        if isinstance(plain, tuple):
            return len(plain) == len(seen) and all(map(expected, plain, seen))
        return plain == seen or (found and type(plain) is int and plain == 0 and seen == 1)
    return expected(*results)


if __name__ == "__main__":
    sys.exit(main())
