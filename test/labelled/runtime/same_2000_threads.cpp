// build: clang++-19 -std=c++20 -O2 -g -pthread
// forbid: *
// exit: 0

// 2000 short threads in waves, some detached, each with a lock of its own and a common one; thread_local in each.
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

static std::mutex common;
static long sum;
static std::atomic<int> detached_done{0};
static thread_local std::unique_ptr<std::mutex> own = std::make_unique<std::mutex>();

static void work(int k) {
    std::lock_guard<std::mutex> o(*own);
    std::lock_guard<std::mutex> c(common);
    sum += k;
}
int main() {
    int started = 0;
    for (int wave = 0; wave < 40; ++wave) {
        std::vector<std::thread> ts;
        for (int k = 0; k < 50; ++k) {
            if (k % 10 == 0) {
                ++started;
                std::thread([k] { work(k); ++detached_done; }).detach();
            } else
                ts.emplace_back(work, k);
        }
        for (auto& t : ts) t.join();
    }
    while (detached_done < started) std::this_thread::yield();
    std::lock_guard<std::mutex> c(common);
    std::printf("%ld %d\n", sum, started);
}
