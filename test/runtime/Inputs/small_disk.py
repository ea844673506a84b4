"""small_disk.py LIBRARY SNARL PROGRAM FOLDER: the disk of the traces is full, then has room again. In a namespace of its
own, where a disk of 16 KiB can be mounted; without the right to make one nothing is tried."""
import os
import pathlib
import subprocess
import sys

library, snarl, program, folder = sys.argv[1:]
folder = pathlib.Path(folder)
if os.environ.get("IN_NAMESPACE") is None:
    folder.mkdir()
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", folder], capture_output=True).returncode:
        sys.exit(print("no disk can be mounted: not tried"))
    sys.exit(subprocess.run([*unshare, sys.executable, *sys.argv], env=dict(os.environ, IN_NAMESPACE="1")).returncode)

for options in "", ":record=full":
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24k", "none", folder], check=True)
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(8192))  # the program takes it away in the middle
    done = subprocess.run([program, ballast], capture_output=True, text=True,
                          env=dict(os.environ, LD_PRELOAD=library, SNARL_OPTIONS=f"trace={folder}:print=0{options}"))
    assert (done.returncode, done.stdout, done.stderr) == (12, "4032\n", ""), done
    (trace,) = folder.glob("*.trace")
    content = trace.read_bytes()
    lines = content.split(b"\n")
    assert lines.pop() == b"", "the last line is torn"
    assert len(content) <= 16384 + 8192 and len(lines) > 100, len(content)
    for line in lines:
        assert line[:1].isalpha() and line[1:2] in (b" ", b""), f"a torn line: {line!r}"
    (lost,) = [int(line.split()[2], 16) for line in lines if line.startswith(b"C lines_lost ")][:1]
    assert lost > 1000, lost
    report = subprocess.run([snarl, "report", folder], capture_output=True, text=True)
    assert report.returncode == 0 and f"{lost} lines lost" in report.stderr, report
    subprocess.run(["umount", folder], check=True)
    print("lines lost, counted, none torn")
