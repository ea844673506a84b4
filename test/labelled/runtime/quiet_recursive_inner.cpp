// build: g++ -std=c++17 -O0 -g -pthread
// forbid: *
// exit: 0

// R, A, and R again below A: the inner one cannot block, as the thread has R already.
#include <cstdio>
#include <mutex>
#include <thread>

static std::recursive_mutex tree_m;
static std::mutex cache_m;
static int nodes, cached;

static void touch() {
    std::lock_guard<std::recursive_mutex> r(tree_m);
    ++nodes;
}
static void fill() {
    std::lock_guard<std::recursive_mutex> r(tree_m);
    std::lock_guard<std::mutex> c(cache_m);
    ++cached;
    touch();
}
int main() {
    std::thread a([] { for (int i = 0; i < 100; ++i) fill(); });
    std::thread b([] { for (int i = 0; i < 100; ++i) fill(), touch(); });
    a.join();
    b.join();
    std::printf("%d %d\n", nodes, cached);
}
