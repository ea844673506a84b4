"""Threads, queues, locks, a pool of processes and a subprocess, as Python programs use them."""
import concurrent.futures
import hashlib
import queue
import subprocess
import sys
import threading


def digest(number):
    return hashlib.sha256(str(number).encode() * 1000).hexdigest()


def main():
    todo, done, lock = queue.Queue(maxsize=8), {}, threading.Lock()

    def work():
        while (number := todo.get()) is not None:
            result = digest(number)
            with lock:
                done[number] = result

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for number in range(2000):
        todo.put(number)
    for _ in threads:
        todo.put(None)
    for t in threads:
        t.join()
    print(hashlib.sha256(repr(sorted(done.items())).encode()).hexdigest())

    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print(sum(int(d, 16) % 1000 for d in pool.map(digest, range(200))))
    print(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout, end="")


if __name__ == "__main__":
    main()
