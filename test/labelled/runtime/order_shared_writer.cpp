// build: clang++-19 -std=c++20 -O2 -g -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: lookup_route reload_routes

// The reader of a shared_mutex takes a mutex inside; the writer holds the mutex and wants the shared_mutex exclusively.
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unistd.h>

static std::shared_mutex routes_m;
static std::mutex metrics_m;
static std::map<std::string, int> routes{{"/", 1}};
static int lookups, reloads;
static std::atomic<bool> looked{false};

__attribute__((noinline)) int lookup_route(const std::string& s) {
    std::shared_lock r(routes_m);
    std::lock_guard m(metrics_m);
    ++lookups;
    return routes.count(s);
}
__attribute__((noinline)) void reload_routes() {
    std::lock_guard m(metrics_m);
    ++reloads;
    std::unique_lock w(routes_m);
    routes["/new"] = 2;
}
int main() {
    std::thread a([] { lookup_route("/"); looked = true; });
    std::thread b([] {
        for (int i = 0; i < 5000 && !looked; ++i) usleep(1000);
        reload_routes();
    });
    a.join();
    b.join();
    std::printf("%d %d %zu\n", lookups, reloads, routes.size());
}
