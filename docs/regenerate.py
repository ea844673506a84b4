#!/usr/bin/env python3
"""Keeps what the documents show true: regenerate.py --build DIR [--check]

docs/rules.md is what `snarl explain --markdown` prints. In README.md and docs/*.md a block

    <!-- output of: COMMAND -->
    ```text
    ...
    ```

holds what COMMAND prints in a copy of docs/examples/orders that has been built in `build`, as its README says. Without
--check the blocks are written again; with it they are compared, and what differs from run to run by nature (process and
thread ids, addresses, times) is not looked at. Exit code 1 if something is out of date.
"""
import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- output of: (.*?) -->\n```\w*\n)(.*?)(```\n)", re.S)
# What may differ between two runs of the same command, and what stands for it in a comparison.
BY_NATURE = [
    (re.compile(r"0x[0-9a-f]+"), "0xADDRESS"),
    (re.compile(r"\b(process|pid|tid|LWP|thread id)( ?=? ?)\d+"), r"\1\2N"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s|seconds|milliseconds)\b"), "TIME"),
    (re.compile(r"\b\d+\.\d+\.trace\b"), "PID.N.trace"),
]


def normal(text):
    for pattern, word in BY_NATURE:
        text = pattern.sub(word, text)
    return text


def example(build):
    """A copy of the example, built; the folder in which the documents' commands run."""
    folder = build / "docs-example"
    source = ROOT / "docs/examples/orders"
    for file in source.rglob("*"):  # copy what changed, so that ninja does not build it all again
        copy = folder / file.relative_to(source)
        if file.is_file() and not (copy.exists() and copy.read_bytes() == file.read_bytes()):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    for command in (["cmake", "-G", "Ninja", "-B", "build"], ["ninja", "-C", "build"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"regenerate: {' '.join(command)} failed in {folder}:\n{done.stdout}{done.stderr}")
    return folder


def output_of(command, folder, build):
    environment = {**os.environ, "PATH": f"{build}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    return re.sub(r"[ \t]+$", "", done.stdout.rstrip("\n"), flags=re.M) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="where snarl was built")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    build = options.build.resolve()
    folder = example(build)
    stale = blocks = 0

    def judge(file, what, old, new):
        nonlocal stale
        if normal(old) == normal(new):
            return old
        stale += 1
        if options.check:
            print(f"{file.relative_to(ROOT)}: {what} is out of date (./dev docs writes it again)")
            print("\n".join(difflib.unified_diff(normal(old).splitlines(), normal(new).splitlines(), "shown", "now", "", "", 2, "")))
        return new

    rules = ROOT / "docs/rules.md"
    new = subprocess.run([build / "snarl", "explain", "--markdown"], capture_output=True, text=True, check=True).stdout
    texts = {rules: judge(rules, "the page", rules.read_text() if rules.exists() else "", new)}
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if file == rules:
            continue

        def again(match):
            nonlocal blocks
            blocks += 1
            new = output_of(match[2], folder, build)
            return match[1] + judge(file, f"the output of '{match[2]}'", match[3], new) + match[4]

        texts[file] = BLOCK.sub(again, file.read_text())
    if not options.check:
        for file, text in texts.items():
            file.write_text(text)
    print(f"{blocks} blocks and the rules page: {stale} {'out of date' if options.check else 'written again'}")
    return options.check and stale > 0


if __name__ == "__main__":
    sys.exit(main())
