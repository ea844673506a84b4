// build: g++ -std=c++17 -O3 -g -pthread
// forbid: *
// exit: 0

// Recursive locks of two kinds, balanced by guards, through exceptions as well; try_lock on one's own is fine too.
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <thread>

static std::recursive_mutex m;
static std::recursive_timed_mutex tm;
static int n, caught;

static int down(int k) {
    std::lock_guard<std::recursive_mutex> l(m);
    std::unique_lock<std::recursive_timed_mutex> t(tm);
    ++n;
    if (k == 0) throw std::runtime_error("bottom");
    return down(k - 1);
}
static void run() {
    for (int i = 0; i < 10; ++i) try {
            down(20);
        } catch (const std::runtime_error&) {
            std::lock_guard<std::recursive_mutex> l(m);
            if (m.try_lock()) {
                ++caught;
                m.unlock();
            }
        }
}
int main() {
    std::thread a(run), b(run);
    a.join();
    b.join();
    std::printf("%d %d %d\n", n, caught, m.try_lock());
    m.unlock();
}
