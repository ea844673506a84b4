// build: clang++-19 -std=c++20 -O2 -g -pthread
// forbid: *
// exit: 0

// The gate is a shared_mutex: the one side holds it for writing, so it excludes the others, which only read it and agree on the order.
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>

static std::shared_mutex epoch;
static std::mutex keys, vals;
static int n;

static void reader_side() {
    std::shared_lock e(epoch);
    std::lock_guard k(keys);
    std::lock_guard v(vals);
    ++n;
}
static void writer_side() {
    std::unique_lock e(epoch);
    std::lock_guard v(vals);
    std::lock_guard k(keys);
    ++n;
}
int main() {
    std::thread a([] { for (int i = 0; i < 200; ++i) reader_side(); });
    std::thread b([] { for (int i = 0; i < 200; ++i) reader_side(); });
    std::thread c([] { for (int i = 0; i < 200; ++i) writer_side(); });
    a.join();
    b.join();
    c.join();
    std::printf("%d\n", n);
}
