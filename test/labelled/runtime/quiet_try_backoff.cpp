// build: clang++-19 -std=c++20 -O2 -static-libstdc++ -pthread
// forbid: *
// exit: 0

// unique_lock with try_to_lock for the second lock, in both orders; the first is released between attempts.
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>

static std::mutex a;
static std::shared_mutex b;
static int n;

template <class M, class N>
static void with_both(M& first, N& second) {
    for (;;) {
        std::unique_lock<M> x(first);
        std::unique_lock<N> y(second, std::try_to_lock);
        if (y.owns_lock()) {
            ++n;
            return;
        }
        x.unlock();
        std::this_thread::yield();
    }
}
int main() {
    std::thread t([] { for (int i = 0; i < 200; ++i) with_both(a, b); });
    std::thread u([] { for (int i = 0; i < 200; ++i) with_both(b, a); });
    t.join();
    u.join();
    std::printf("%d\n", n);
}
