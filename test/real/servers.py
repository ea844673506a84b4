"""Servers of the distribution, started with or without a prefix (`snarl run ... --`), and what puts them under load.

Used by run_programs.py (is anything changed?) and by test/bench/bench.py (what does it cost?).
"""
import hashlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """Started by the constructor, in a folder of its own; `stop` returns the exit code of what was started."""

    stop_signal = signal.SIGTERM

    def __init__(self, folder, prefix=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.pid_file = self.folder / "server.pid"
        self.pid_file.unlink(missing_ok=True)
        self.output = open(self.folder / "server.out", "wb")
        self.process = subprocess.Popen([*map(str, prefix), *map(str, self.command())], stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=subprocess.STDOUT, cwd=self.folder)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                if self.pid_file.exists() and self.pid_file.read_text().strip():
                    return
            except OSError:
                if self.process.poll() is not None:
                    break
            time.sleep(0.1)
        self.process.kill()
        raise RuntimeError(f"{type(self).__name__} did not start, see {self.output.name}")

    def cpu_seconds(self):
        """CPU time the server itself has used until now, all threads, without its children."""
        fields = pathlib.Path(f"/proc/{int(self.pid_file.read_text())}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, timeout=60):
        """Ends the server itself (not what stands before it) in the way its own init script would."""
        try:
            os.kill(int(self.pid_file.read_text()), self.stop_signal)
        except (OSError, ValueError):
            pass  # it has ended already, and taken the file with it
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "did not end"
        finally:
            self.output.close()


class Memcached(Server):
    def command(self):
        return ["memcached", "-p", self.port, "-U", 0, "-l", "127.0.0.1", "-t", 4, "-m", 64, "-P", self.pid_file,
                *(["-u", "root"] if os.getuid() == 0 else [])]

    def load(self, batches=100, connections=4, keys=500):
        """Sets and gets over several connections, `keys` of each sent at once before the replies are read; returns
        (requests per second, digest of all replies)."""
        value = b"v" * 100
        digests = [None] * connections

        def client(number):
            sets = b"".join(b"set k%d.%d 0 0 %d\r\n%s\r\n" % (number, k, len(value), value) for k in range(keys))
            gets = b"".join(b"get k%d.%d\r\n" % (number, k) for k in range(keys))
            replies = len(b"STORED\r\n") * keys + sum(
                len(b"VALUE k%d.%d 0 %d\r\n%s\r\nEND\r\n" % (number, k, len(value), value)) for k in range(keys))
            digest = hashlib.sha256()
            with socket.create_connection(("127.0.0.1", self.port)) as s:
                s.settimeout(60)
                for _ in range(batches):
                    if keys > 100:  # more than the sockets' buffers hold: send while receiving
                        threading.Thread(target=s.sendall, args=(sets + gets,)).start()
                    else:
                        s.sendall(sets + gets)
                    left = replies
                    while left:
                        data = s.recv(min(left, 1 << 18))
                        if not data:
                            raise ConnectionError("memcached closed the connection")
                        digest.update(data)
                        left -= len(data)
            digests[number] = digest.hexdigest()

        threads = [threading.Thread(target=client, args=(n,)) for n in range(connections)]
        start = time.monotonic()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return 2 * keys * batches * connections / (time.monotonic() - start), str(digests)


class Redis(Server):
    arguments = ("--io-threads", 2, "--io-threads-do-reads", "yes", "--appendonly", "yes")

    def command(self):
        return ["redis-server", "--port", self.port, "--dir", self.folder, "--save", "", "--pidfile", self.pid_file,
                "--daemonize", "no", *self.arguments]

    def cli(self, *arguments):
        return subprocess.run(["redis-cli", "-p", str(self.port), *arguments], capture_output=True, text=True,
                              timeout=60).stdout

    def load(self, requests=20000, tests="set,get,lpush,lpop", pipeline=1):
        """redis-benchmark, `pipeline` requests sent at once; returns ({test: requests per second}, the replies to commands whose answers are fixed)."""
        done = subprocess.run(["redis-benchmark", "-p", str(self.port), "-n", str(requests), "-c", "20", "-r", "1000",
                               "-P", str(pipeline), "-t", tests, "--csv"], capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise RuntimeError("redis-benchmark: " + done.stderr)
        rates = {test: float(rate) for test, rate in re.findall(r'^"(\w+)[^"]*","([\d.]+)"', done.stdout, re.M)}
        answers = [self.cli(*command.split()) for command in (
            "del counter", "incrby counter 40", "incrby counter 2", "rpush list a b c", "lrange list 0 -1",
            "bgrewriteaof", "get counter", "flushall async", "dbsize")]
        return rates, "".join(answers)

    def stop(self, timeout=60):
        self.cli("shutdown", "nosave")
        return super().stop(timeout)


class RedisPlain(Redis):
    """As it comes, without I/O threads and without a log."""
    arguments = ()


class MariaDb(Server):
    """Prepared tables of sysbench, reads and writes of two clients."""

    def command(self):
        data = self.folder / "data"
        if not data.exists():
            subprocess.run(["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={data}",
                            "--auth-root-authentication-method=normal"], check=True, capture_output=True)
        self.socket = f"/tmp/snarl-mariadb-{self.port}.sock"  # a path in the folder may be too long
        return ["mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--port={self.port}",
                f"--socket={self.socket}", f"--pid-file={self.pid_file}", "--bind-address=127.0.0.1",
                "--innodb-flush-log-at-trx-commit=2"]

    def sql(self, text):
        return subprocess.run(["mariadb", "--no-defaults", "-uroot", f"--socket={self.socket}", "-N", "-e", text],
                              capture_output=True, text=True, timeout=120).stdout

    def load(self, events=400):
        """sysbench's mixed transactions; returns (transactions per second, answers with fixed content)."""
        self.sql("create database if not exists sbtest")
        bench = ["sysbench", "oltp_read_write", "--db-driver=mysql", f"--mysql-socket={self.socket}", "--mysql-user=root",
                 "--tables=2", "--table-size=2000", "--threads=2", f"--events={events}", "--time=0", "--rand-seed=7"]
        subprocess.run([*bench, "cleanup"], capture_output=True, timeout=600)
        subprocess.run([*bench, "prepare"], check=True, capture_output=True, timeout=600)
        done = subprocess.run([*bench, "run"], check=True, capture_output=True, text=True, timeout=600).stdout
        rate = float(re.search(r"transactions:.*\(([\d.]+) per sec", done).group(1))
        return rate, self.sql("create table sbtest.t (a int); insert into sbtest.t values (1),(2),(3); select sum(a) from "
                              "sbtest.t; select count(*) from sbtest.sbtest1")


class HaProxy(Server):
    """Two threads before an nginx."""
    stop_signal = signal.SIGUSR1  # the soft one, with an exit code of its own

    def command(self):
        self.behind = Nginx(self.folder / "behind")
        self.configuration = self.folder / "haproxy.cfg"
        self.configuration.write_text(f"""
            global
              nbthread 2
            defaults
              mode http
              timeout connect 5s
              timeout client 60s
              timeout server 60s
            listen front
              bind 127.0.0.1:{self.port}
              server behind 127.0.0.1:{self.behind.port}\n""")
        return ["sh", "-c", f"echo $$ > {self.pid_file}; exec haproxy -db -f {self.configuration}"]

    def load(self, rounds=150, connections=4):
        return Nginx.load(self, rounds, connections)

    def stop(self, timeout=60):
        try:
            return super().stop(timeout)
        finally:
            self.behind.stop()


class Nginx(Server):
    def command(self):
        content = self.folder / "content"
        content.mkdir(exist_ok=True)
        for i in range(8):
            (content / f"{i}.txt").write_bytes(bytes([65 + i]) * (1000 << i))
        (self.folder / "nginx.conf").write_text(f"""
            {'user root;' if os.getuid() == 0 else ''}
            daemon off; worker_processes 2; pid {self.pid_file}; error_log {self.folder}/error.log;
            thread_pool files threads=4;
            events {{ worker_connections 256; }}
            http {{
              access_log off; aio threads=files;
              {' '.join(f'{kind}_temp_path {self.folder}/{kind};'
                        for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))}
              server {{ listen 127.0.0.1:{self.port}; root {content}; }}
            }}""")
        return ["nginx", "-p", self.folder, "-e", self.folder / "error.log", "-c", self.folder / "nginx.conf"]

    def load(self, rounds=150, connections=4):
        """Fetches all files again and again; returns (requests per second, digest of what came)."""
        digests = [None] * connections

        def client(number):
            digest = hashlib.sha256()
            with socket.create_connection(("127.0.0.1", self.port)) as s:
                stream = s.makefile("rwb")
                for r in range(rounds):
                    stream.write(b"GET /%d.txt HTTP/1.1\r\nHost: localhost\r\n\r\n" % (r % 8))
                    stream.flush()
                    digest.update(stream.readline())
                    length = 0
                    while (line := stream.readline().lower()) not in (b"\r\n", b""):
                        if line.startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    digest.update(stream.read(length))
            digests[number] = digest.hexdigest()

        threads = [threading.Thread(target=client, args=(n,)) for n in range(connections)]
        start = time.monotonic()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return rounds * connections / (time.monotonic() - start), str(digests)
