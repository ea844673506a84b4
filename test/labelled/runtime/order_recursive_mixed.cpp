// build: g++ -std=c++17 -O0 -g -pthread
// expect: lock-order ordered
// forbid: deadlock
// forbid: self-deadlock
// exit: 0
// at: redraw resize

// A recursive lock, entered twice on one side, and a plain mutex. Unoptimised.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <unistd.h>

static std::recursive_mutex widget_m;
static std::mutex theme_m;
static int drawn, width = 80;
static std::atomic<bool> first{false};

static int inner_width() {
    std::lock_guard<std::recursive_mutex> l(widget_m);
    return width;
}
__attribute__((noinline)) void redraw() {
    std::lock_guard<std::recursive_mutex> l(widget_m);
    drawn += inner_width();
    std::lock_guard<std::mutex> t(theme_m);
    ++drawn;
}
__attribute__((noinline)) void resize() {
    std::unique_lock<std::mutex> t(theme_m);
    std::unique_lock<std::recursive_mutex> l(widget_m);
    width = 100;
}
int main() {
    std::thread a([] { redraw(); first = true; });
    std::thread b([] {
        for (int i = 0; i < 5000 && !first; ++i) usleep(1000);
        resize();
    });
    a.join();
    b.join();
    std::printf("%d %d\n", drawn, width);
}
