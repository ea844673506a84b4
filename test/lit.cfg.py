"""How the programs under test/ are run: one file, one program, its expectations in it.

By hand, from anywhere:   lit test/checks/some.cpp        (after ./dev build; `./dev lit test/checks/some.cpp` does both)
Another build directory:  lit --param build=DIR ...

RUN lines are bash. A test may use these words beside lit's own %s %t %S %T:

    %snarl            the command                      %clang %clangxx   clang 19
    %rt               libsnarl_rt.so                   %gcc %gxx         the system's gcc and g++
    %tidy             libsnarl_tidy.so                 %clang_tidy       clang-tidy 19
    FileCheck, not    LLVM's, also %filecheck, %not    %python           python3
    %root, %build     top of the repository, build     %sarif_validate   the SARIF validator, one file (feature: sarif)

Features for REQUIRES: libc++ (LLVM 19's C++ library is there), clang-tidy (the plugin and its host are there), sarif (./dev installed the validator).
"""
import os
import shutil

import lit.formats

LLVM = "/usr/lib/llvm-19/bin"
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
build = os.path.abspath(lit_config.params.get("build", os.path.join(root, "build")))

config.name = "snarl"
config.test_format = lit.formats.ShTest(execute_external=True)
config.suffixes = [".c", ".cpp", ".test"]
config.excludes = ["Inputs", "unit", "fuzz", "bench", "real", "labelled"]
config.test_source_root = os.path.join(root, "test")
config.test_exec_root = os.path.join(build, "test")

if lit_config.maxIndividualTestTimeIsSupported[0]:  # lit needs python3-psutil to end a test that hangs
    lit_config.maxIndividualTestTime = 600

snarl = os.path.join(build, "snarl")
if not os.path.exists(snarl):
    lit_config.fatal(f"{snarl} is not built: run ./dev build, or name the build directory with --param build=DIR")


def tool(name):
    """LLVM 19's tool, else what the system calls NAME-19, else NAME."""
    return shutil.which(name, path=LLVM) or shutil.which(name + "-19") or shutil.which(name) or name


def word(name, value):
    config.substitutions.append((rf"%{name}\b", value.replace("\\", "\\\\")))


tidy_plugin = os.path.join(build, "libsnarl_tidy.so")
word("snarl", snarl)
word("rt", os.path.join(build, "libsnarl_rt.so"))
word("tidy", tidy_plugin)
word("clang_tidy", tool("clang-tidy"))
word("clangxx", tool("clang++"))
word("clang", tool("clang"))
word("gxx", "g++")
word("gcc", "gcc")
word("filecheck", tool("FileCheck"))
word("not", tool("not"))
word("python", "python3")
word("root", root)
word("build", build)

if os.path.exists(tidy_plugin) and shutil.which(tool("clang-tidy")):
    config.available_features.add("clang-tidy")
if os.path.exists("/usr/lib/llvm-19/include/c++/v1/mutex"):
    config.available_features.add("libc++")
validator = os.path.join(build, "npm/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool")
if os.access(validator, os.X_OK):
    config.available_features.add("sarif")
    word("sarif_validate", f"{validator} validate")

config.environment["PATH"] = os.pathsep.join([LLVM, config.environment["PATH"]])
config.environment["LC_ALL"] = "C.UTF-8"
config.environment["TERM"] = "xterm"  # what colours depend on where there is a terminal
# Nothing a test leaves behind may be seen by another one, or by the user.
config.environment["HOME"] = os.path.join(build, "test", "home")
os.makedirs(config.environment["HOME"], exist_ok=True)
for name in ("XDG_CACHE_HOME", "SNARL_CACHE_DIR"):
    config.environment.pop(name, None)
