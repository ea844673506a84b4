// build: clang++-19 -std=c++17 -O1 -g -pthread
// forbid: deadlock
// exit: 0

// A circle of a shared_timed_mutex and a mutex; the writer gives up after 150 ms. The wait is a circle only for that long.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>

static std::shared_timed_mutex map_m;
static std::mutex log_m;
static std::atomic<int> in{0};
static bool gave_up;
static int read_n;

static void meet() {
    ++in;
    while (in < 2) std::this_thread::yield();
}
int main() {
    std::thread r([] {
        std::shared_lock<std::shared_timed_mutex> s(map_m);
        meet();
        std::lock_guard<std::mutex> l(log_m);
        ++read_n;
    });
    std::thread w([] {
        std::lock_guard<std::mutex> l(log_m);
        meet();
        gave_up = !map_m.try_lock_for(std::chrono::milliseconds(150));
        if (!gave_up) map_m.unlock();
    });
    r.join();
    w.join();
    std::printf("%d %d\n", gave_up, read_n);
}
