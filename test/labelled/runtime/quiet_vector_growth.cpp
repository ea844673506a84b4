// build: g++ -std=c++20 -O2 -g -pthread
// forbid: *
// exit: 0

// Elements with a mutex each in a vector that grows: elements move, their old memory serves the next vector. Even vectors are
// locked upwards by one worker, odd ones downwards by the other.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

struct Slot {
    std::mutex mu;
    int v = 0;
    Slot() = default;
    Slot(Slot&& o) noexcept : v(o.v) {}  // the new one has a mutex of its own
};
static std::atomic<std::vector<Slot>*> given[2];
static std::atomic<bool> over{false};

static void worker(int me) {
    while (!over) {
        auto* s = given[me].load();
        if (!s) {
            std::this_thread::yield();
            continue;
        }
        for (size_t i = 0; i + 1 < s->size(); ++i) {
            Slot &x = me ? (*s)[i] : (*s)[i + 1], &y = me ? (*s)[i + 1] : (*s)[i];
            std::lock_guard<std::mutex> a(x.mu);
            std::lock_guard<std::mutex> b(y.mu);
            ++x.v, ++y.v;
        }
        given[me] = nullptr;
    }
}
int main() {
    std::thread a(worker, 0), b(worker, 1);
    long sum = 0;
    for (int round = 0; round < 8; ++round) {
        std::vector<Slot> slots;
        for (int n = 0; n < 5; ++n) {
            slots.emplace_back();
            given[round % 2] = &slots;
            while (given[round % 2].load()) std::this_thread::yield();
        }
        for (auto& s : slots) sum += s.v;
    }
    over = true;
    a.join();
    b.join();
    std::printf("%ld\n", sum);
}
