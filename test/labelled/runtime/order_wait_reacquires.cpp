// build: g++ -std=c++20 -O1 -g -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: await_jobs

// Everybody locks queue_m, then state_m. But await_jobs() waits on queue_m with state_m still held: when it wakes it takes queue_m
// again below state_m, and whoever has queue_m and wants state_m deadlocks with it.
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>
#include <unistd.h>

static std::mutex queue_m, state_m;
static std::condition_variable more;
static int jobs, state;
static std::atomic<bool> waiting{false}, woke{false};

__attribute__((noinline)) void await_jobs() {
    std::unique_lock<std::mutex> q(queue_m);
    std::lock_guard<std::mutex> s(state_m);
    waiting = true;  // whoever gets queue_m from here on finds us in the wait
    more.wait(q, [] { return jobs > 0; });
    ++state;
}
__attribute__((noinline)) void post_job() {
    {
        std::lock_guard<std::mutex> q(queue_m);
        ++jobs;
    }
    more.notify_one();
}
__attribute__((noinline)) void cancel_jobs() {
    std::lock_guard<std::mutex> q(queue_m);
    std::lock_guard<std::mutex> s(state_m);
    jobs = 0;
    state = 10;
}
int main() {
    std::thread a([] { await_jobs(); woke = true; });
    std::thread b([] {
        for (int i = 0; i < 5000 && !waiting; ++i) usleep(1000);
        post_job();
        for (int i = 0; i < 5000 && !woke; ++i) usleep(1000);
        cancel_jobs();
    });
    a.join();
    b.join();
    std::printf("%d %d\n", jobs, state);
}
