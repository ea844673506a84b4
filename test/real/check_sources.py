#!/usr/bin/env python3
"""Checks the sources of real programs: Debian's source packages, as the distribution builds them.

    check_sources.py --build DIR --work DIR [--only NAME]... [--prepare] [--list]

Fetches the source (`apt-get source`, from the mirrors this machine uses already, with lists of its own so that the
system's are left alone), makes a compile database, runs `snarl check` and prints the counts by rule and, with --list,
the findings. The judgement on each finding stands in docs/real-world.md. SARIF and text stay in the work folder.
"""
import argparse
import collections
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

# name -> packages its configuration needs, and the commands that leave a compile_commands.json in the source folder
# (bear records what make runs; cmake writes the database without compiling anything).
CMAKE = "cmake -S . -B . -DCMAKE_BUILD_TYPE=Debug -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -Wno-dev "
SOURCES = {
    "leveldb": ([], [CMAKE + "-DLEVELDB_BUILD_TESTS=OFF -DLEVELDB_BUILD_BENCHMARKS=OFF"]),
    "memcached": (["libevent-dev"], ["./configure CFLAGS=-O0", "bear -- make -j{jobs} memcached"]),
    "redis": ([], ["bear -- make -j{jobs} -C src MALLOC=libc OPTIMIZATION=-O0 redis-server"]),
    "mosquitto": (["libssl-dev", "libcjson-dev"], [CMAKE + "-DDOCUMENTATION=OFF -DWITH_CLIENTS=ON"]),
}


def run(command, cwd, log, env=None):
    with open(log, "a") as out:
        out.write(f"$ {command}\n")
        out.flush()
        done = subprocess.run(command, shell=True, cwd=cwd, stdout=out, stderr=out, env=env)
    if done.returncode:
        sys.exit(f"check_sources: '{command}' failed in {cwd}; its output is in {log}")


def apt_lists(work, log):
    """A private apt state that knows the source packages of the mirrors in use; returns the options that select it."""
    apt = work / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    options = (f"-o Dir::Etc::sourcelist={apt}/sources.list -o Dir::Etc::sourceparts=- -o Dir::State::lists={apt}/lists "
               f"-o Dir::Cache={apt}/cache -o APT::Sandbox::User=")
    if not (apt / "sources.list").exists():
        targets = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                                  "Created-By: Packages"], capture_output=True, text=True, check=True).stdout
        mirrors = sorted({line for line in targets.splitlines() if line.endswith(" main")})
        if not mirrors:
            sys.exit("check_sources: apt knows no mirror: run apt-get update first")
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (apt / "sources.list").write_text("".join(f"deb-src [signed-by={keyring}] {mirror}\n" for mirror in mirrors))
        run(f"apt-get -qq {options} update", work, log)
    return options


def prepare(name, work, log):
    """Source folder of `name` with its compile database, made once."""
    packages, commands = SOURCES[name]
    home = work / "sources" / name
    home.mkdir(parents=True, exist_ok=True)
    folders = [f for f in home.iterdir() if f.is_dir()]
    if not folders:
        run(f"apt-get -qq {apt_lists(work, log)} source {name}", home, log)
        folders = [f for f in home.iterdir() if f.is_dir()]
    source = folders[0]
    if not list(source.glob("**/compile_commands.json")):
        missing = [p for p in packages if subprocess.run(["dpkg", "-s", p], capture_output=True).returncode]
        if missing:
            root = "" if os.getuid() == 0 else "sudo "
            run(f"{root}env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "
                + " ".join(missing), work, log)
        for command in commands:
            run(command.format(jobs=os.cpu_count()), source, log)
    return source


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="where snarl was built")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for sources and results")
    parser.add_argument("--only", action="append", choices=SOURCES, help="just this one (may be repeated)")
    parser.add_argument("--prepare", action="store_true", help="fetch and configure, check nothing")
    parser.add_argument("--list", action="store_true", help="print the findings, too")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in options.only or SOURCES:
        source = prepare(name, work, work / f"{name}.log")
        files = len(json.loads((source / "compile_commands.json").read_text()))
        if options.prepare:
            print(f"{source.name}: {files} files in {source}")
            continue
        sarif = work / f"{name}.sarif"
        command = [options.build / "snarl", "check", "-p", source, "--quiet", "--sarif", sarif]
        start = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        seconds = time.monotonic() - start
        (work / f"{name}.txt").write_text(done.stdout + done.stderr)
        if done.returncode not in (0, 1):
            failed = True
            print(f"{source.name}: exit code {done.returncode} from {shlex.join(map(str, command))}")
            print(done.stderr[-2000:])
        if not sarif.exists():
            continue
        results = json.loads(sarif.read_text())["runs"][0].get("results", [])
        rules = collections.Counter(result["ruleId"] for result in results)
        counts = ", ".join(f"{count} {rule}" for rule, count in sorted(rules.items())) or "nothing"
        print(f"{source.name}: {files} files in {seconds:.1f} s, found {counts}")
        if options.list:
            for result in results:
                place = result["locations"][0]["physicalLocation"]
                print(f"  {place['artifactLocation']['uri']}:{place.get('region', {}).get('startLine', 0)}: "
                      f"{result['message']['text']} [{result['ruleId']}]")
    return failed


if __name__ == "__main__":
    sys.exit(main())
