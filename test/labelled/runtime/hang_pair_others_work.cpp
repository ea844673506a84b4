// build: g++ -std=c++17 -O2 -g -pthread
// expect: deadlock actual
// exit: hang
// at: index_photo tag_photo

// Two of five threads hang (detached), the rest and main go on: locks, condition variables, sleep.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

static std::mutex photos_m, tags_m, work_m;
static std::condition_variable work_cv;
static long work, done;
static std::atomic<int> ready{0};
static int n;

static void meet() {
    ++ready;
    while (ready < 2) std::this_thread::yield();
}
__attribute__((noinline)) void index_photo() {
    std::lock_guard<std::mutex> p(photos_m);
    meet();
    std::lock_guard<std::mutex> t(tags_m);
    ++n;
}
__attribute__((noinline)) void tag_photo() {
    std::lock_guard<std::mutex> t(tags_m);
    meet();
    std::lock_guard<std::mutex> p(photos_m);
    ++n;
}
static void healthy() {
    for (;;) {
        std::unique_lock<std::mutex> l(work_m);
        work_cv.wait(l, [] { return work > done; });
        ++done;
    }
}
int main() {
    std::thread(index_photo).detach();
    std::thread(tag_photo).detach();
    std::thread a(healthy), b(healthy);
    for (;;) {
        {
            std::lock_guard<std::mutex> l(work_m);
            ++work;
        }
        work_cv.notify_one();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}
