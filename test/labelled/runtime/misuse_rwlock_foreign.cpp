// build: clang++-19 -std=c++20 -O1 -g -pthread
// expect: unreleased-lock
// forbid: deadlock
// exit: 0
// at: finish_commit

// A write-locked shared_mutex moves to another thread inside its guard and is unlocked there.
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>

static std::shared_mutex db_m;
static int commits;

__attribute__((noinline)) void finish_commit(std::unique_lock<std::shared_mutex> l) {
    ++commits;
    l.unlock();
}
int main() {
    std::unique_lock<std::shared_mutex> l(db_m);
    std::thread t([l = std::move(l)]() mutable { finish_commit(std::move(l)); });
    t.join();
    std::printf("%d\n", commits);
}
