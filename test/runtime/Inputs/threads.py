import queue
import threading

lock, done, jobs = threading.RLock(), threading.Condition(), queue.Queue()
total = 0


def work():
    global total
    while (job := jobs.get()) is not None:
        with lock:
            with lock:
                total += job
        with done:
            done.notify_all()


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for n in range(500):
    jobs.put(n)
for _ in threads:
    jobs.put(None)
with done:
    done.wait_for(lambda: total == sum(range(500)), timeout=60)
for thread in threads:
    thread.join()
print(total, threading.active_count())
