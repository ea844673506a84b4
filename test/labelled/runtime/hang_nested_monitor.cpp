// build: g++ -std=c++20 -O1 -g -pthread
// expect: deadlock actual
// exit: hang
// at: take_token put_token

// Nested monitor: the taker waits on the inner condition variable with the outer lock held, the giver needs the outer lock first.
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

static std::mutex outer_m, inner_m;
static std::condition_variable nonempty;
static int tokens;
static std::atomic<bool> taking{false};

__attribute__((noinline)) void take_token() {
    std::lock_guard<std::mutex> o(outer_m);
    std::unique_lock<std::mutex> i(inner_m);
    taking = true;
    while (tokens == 0) nonempty.wait(i);
    --tokens;
}
__attribute__((noinline)) void put_token() {
    while (!taking) std::this_thread::yield();
    std::lock_guard<std::mutex> o(outer_m);
    std::lock_guard<std::mutex> i(inner_m);
    ++tokens;
    nonempty.notify_one();
}
int main() {
    std::thread t(take_token), p(put_token);
    t.join();
    p.join();
    std::printf("%d\n", tokens);
}
