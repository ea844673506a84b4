// build: g++ -std=c++17 -O2 -static-libstdc++ -pthread
// forbid: *
// exit: 0

// The first lock is let go before the second is taken, once by unlock(), once by swapping the guard; releases are not nested.
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

static std::mutex a, b, c;
static int na, nb, nc;

static void copy_ab() {
    std::unique_lock<std::mutex> l(a);
    int v = ++na;
    l.unlock();
    std::unique_lock<std::mutex> k(b);
    nb += v > 0;
}
static void copy_ba() {
    std::unique_lock<std::mutex> l(b);
    ++nb;
    l = std::unique_lock<std::mutex>();
    l = std::unique_lock<std::mutex>(a);
    ++na;
}
static void hand_over_hand() {  // a -> b -> c, never back
    a.lock();
    b.lock();
    a.unlock();
    c.lock();
    ++nc;
    b.unlock();
    c.unlock();
}
static void c_then_a() {
    {
        std::lock_guard<std::mutex> l(c);
        ++nc;
    }
    std::lock_guard<std::mutex> l(a);
    ++na;
}
int main() {
    std::thread t([] { for (int i = 0; i < 200; ++i) copy_ab(), hand_over_hand(); });
    std::thread u([] { for (int i = 0; i < 200; ++i) copy_ba(), c_then_a(); });
    t.join();
    u.join();
    std::printf("%d %d %d\n", na, nb, nc);
}
