"""attach.py PROGRAM LIBRARY SNARL FOLDER: starts the program in several ways, asks what it does, lets it go on."""
import os
import shutil
import signal
import subprocess
import sys
import time

program, library, snarl, folder = sys.argv[1:]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)


def start(*arguments, options=f"trace={folder}:print=0", preload=library):
    environment = dict(os.environ, LD_PRELOAD=preload, SNARL_OPTIONS=options, PWD=folder)
    process = subprocess.Popen([program, *arguments], env=environment, cwd=folder,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(process.stdout.readline(), end="", flush=True)
    return process


def attach(pid):
    answer = subprocess.run([snarl, "attach", str(pid)], capture_output=True, text=True, timeout=60)
    print(answer.stdout + answer.stderr, f"exit {answer.returncode}", sep="", flush=True)


def go_on(process):
    out, _ = process.communicate("x", timeout=60)
    print(out, f"ended with {process.returncode}", sep="", flush=True)


print("== threads")
process = start()
attach(process.pid)
go_on(process)
print("== one thread")
process = start("alone")
attach(process.pid)
attach(process.pid)
go_on(process)
print("== preloaded by hand, relative folder")
process = start("alone", options="print=0")
attach(process.pid)
go_on(process)
print("== deadlock")
process = start("deadlock")
while not any(line.startswith("G ") for line in open(f"{folder}/{process.pid}.0.trace")):
    time.sleep(0.05)
attach(process.pid)
process.kill()
process.wait()
print("== not ours")
process = start("alone", preload="")
attach(process.pid)
go_on(process)
print("== gone")
attach(process.pid)
print("== stopped")
process = start()
os.kill(process.pid, signal.SIGSTOP)
os.waitid(os.P_PID, process.pid, os.WSTOPPED)
attach(process.pid)
os.kill(process.pid, signal.SIGCONT)
process.kill()
process.wait()
print("== nonsense")
attach("soon")
