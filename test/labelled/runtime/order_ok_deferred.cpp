// build: g++ -std=c++17 -O3 -pthread
// forbid: *
// exit: 0

// Deferred unique_locks of three kinds of mutex taken together by std::lock, in every order.
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>

static std::mutex a;
static std::recursive_mutex b;
static std::shared_mutex c;
static int n;

static void abc() {
    std::unique_lock<std::mutex> x(a, std::defer_lock);
    std::unique_lock<std::recursive_mutex> y(b, std::defer_lock);
    std::unique_lock<std::shared_mutex> z(c, std::defer_lock);
    std::lock(x, y, z);
    ++n;
}
static void cba() {
    std::lock(c, b, a);
    std::lock_guard<std::shared_mutex> z(c, std::adopt_lock);
    std::lock_guard<std::recursive_mutex> y(b, std::adopt_lock);
    std::lock_guard<std::mutex> x(a, std::adopt_lock);
    ++n;
}
int main() {
    std::thread t([] { for (int i = 0; i < 500; ++i) abc(); });
    std::thread u([] { for (int i = 0; i < 500; ++i) cba(); });
    t.join();
    u.join();
    std::printf("%d\n", n);
}
