// build: g++ -std=c++17 -O1 -g -pthread
// forbid: *
// exit: 0

// A new session is locked while nobody knows it, and put into the registry so; everyone else goes registry first.
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

struct Session {
    std::mutex mu;
    int id = 0;
};
static std::mutex registry_m;
static std::vector<std::shared_ptr<Session>> registry;
static long seen;

static void open_session(int id) {
    auto s = std::make_shared<Session>();
    std::lock_guard<std::mutex> mine(s->mu);
    {
        std::lock_guard<std::mutex> r(registry_m);
        registry.push_back(s);
    }
    s->id = id;  // visitors wait for this
}
static void visit_all() {
    std::lock_guard<std::mutex> r(registry_m);
    for (auto& s : registry) {
        std::lock_guard<std::mutex> l(s->mu);
        seen += s->id != 0 ? 0 : 1;
    }
}
int main() {
    std::thread a([] { for (int i = 1; i <= 30; ++i) open_session(i); });
    std::thread b([] { for (int i = 1; i <= 30; ++i) open_session(i); });
    std::thread c([] { for (int i = 0; i < 30; ++i) visit_all(); });
    a.join();
    b.join();
    c.join();
    visit_all();
    std::printf("%zu %ld\n", registry.size(), seen);
}
