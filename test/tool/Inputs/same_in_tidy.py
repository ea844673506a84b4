"""same_in_tidy.py SNARL CLANG-TIDY PLUGIN FOLDER WORK: checks every rule's examples and every .cpp of FOLDER with both; the
places, messages and rules must be the same. clang-tidy gets all files in one process, as it would in a project."""
import pathlib
import re
import subprocess
import sys

snarl, clang_tidy, plugin, folder, work = sys.argv[1:]
files = sorted(pathlib.Path(folder).glob("*.cpp"))
pages = subprocess.run([snarl, "explain", "--markdown"], capture_output=True, text=True, check=True).stdout
for number, code in enumerate(re.findall(r"```cpp\n(.*?)```", pages, re.S)):
    files.append(pathlib.Path(work) / f"example{number}.cpp")
    files[-1].write_text(code)
assert len(files) > 10

HEAD = re.compile(r"(?m)^([^:\n]+:\d+:\d+): (?:note|warning|error): (.*) \[(?:snarl-)?([a-z-]+)\]$")


def findings(*command):
    """(place, message, rule); paths from the root, which is where both are run."""
    text = subprocess.run(command, capture_output=True, text=True, cwd="/").stdout
    return {(place.lstrip("/"), message, rule) for place, message, rule in HEAD.findall(text)}


arguments = ["--", "-std=c++20", "-w", f"-I{folder}/Inputs"]
tidy = [clang_tidy, "--quiet", f"--load={plugin}", "--checks=-*,snarl-*", "--header-filter=.*"]
in_tidy = findings(*tidy, *map(str, files), *arguments)
alone = set().union(*(findings(snarl, "check", "--quiet", "--enable=strict", str(file), *arguments) for file in files))
assert alone, "the examples are reported"
for finding in sorted(alone ^ in_tidy):
    print("only alone:" if finding in alone else "only in clang-tidy:", *finding)
sys.exit(alone != in_tidy)
