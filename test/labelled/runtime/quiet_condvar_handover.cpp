// build: g++ -std=c++20 -O1 -g -pthread
// forbid: *
// exit: 0

// The consumer uses the opposite order, but only after the producer said through a condition variable that it is done for good.
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

static std::mutex parts_m, shelf_m, done_m;
static std::condition_variable done_cv;
static bool done;
static int parts, shelf;

static void produce() {
    for (int i = 0; i < 10; ++i) {
        std::lock_guard<std::mutex> p(parts_m);
        std::lock_guard<std::mutex> s(shelf_m);
        ++parts, ++shelf;
    }
    {
        std::lock_guard<std::mutex> l(done_m);
        done = true;
    }
    done_cv.notify_all();
}
static void consume() {
    {
        std::unique_lock<std::mutex> l(done_m);
        done_cv.wait(l, [] { return done; });
    }
    for (int i = 0; i < 10; ++i) {
        std::lock_guard<std::mutex> s(shelf_m);
        std::lock_guard<std::mutex> p(parts_m);
        --parts, --shelf;
    }
}
int main() {
    std::thread c(consume), p(produce);
    p.join();
    c.join();
    std::printf("%d %d\n", parts, shelf);
}
