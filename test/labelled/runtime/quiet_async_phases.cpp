// build: g++ -std=c++20 -O3 -g -pthread
// forbid: *
// exit: 0

// Tasks of std::async, one phase after the other: get() of the first comes before the start of the second.
#include <cstdio>
#include <future>
#include <mutex>

static std::mutex src_m, dst_m;
static int n;

static int pull() {
    std::scoped_lock<std::mutex> s(src_m);
    std::scoped_lock<std::mutex> d(dst_m);
    return ++n;
}
static int push() {
    std::scoped_lock<std::mutex> d(dst_m);
    std::scoped_lock<std::mutex> s(src_m);
    return ++n;
}
int main() {
    int sum = 0;
    for (int i = 0; i < 4; ++i) {
        auto f = std::async(std::launch::async, pull);
        sum += f.get();
        auto g = std::async(std::launch::async, push);
        sum += g.get();
    }
    std::printf("%d %d\n", n, sum);
}
