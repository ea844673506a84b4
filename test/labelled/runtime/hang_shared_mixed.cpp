// build: clang++-19 -std=c++20 -O2 -g -pthread
// expect: deadlock actual
// exit: hang
// at: read_config write_config

// Holder of a shared lock wants a mutex; holder of the mutex wants the shared_mutex exclusively.
#include <barrier>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>

static std::shared_mutex config_m;
static std::timed_mutex log_m;
static std::barrier both{2};
static int value, lines;

__attribute__((noinline)) void read_config() {
    std::shared_lock r(config_m);
    both.arrive_and_wait();
    std::lock_guard l(log_m);
    lines += value;
}
__attribute__((noinline)) void write_config() {
    std::lock_guard l(log_m);
    both.arrive_and_wait();
    std::unique_lock w(config_m);
    ++value;
}
int main() {
    std::thread a(read_config), b(write_config);
    a.join();
    b.join();
    std::printf("%d %d\n", value, lines);
}
