// build: clang++-19 -std=c++20 -O2 -g -static-libstdc++ -pthread
// expect: deadlock actual
// exit: hang
// at: dine

// Five philosophers, forks on the heap, all have the left one. The waiter (main) joins them.
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

struct Table {
    explicit Table(int n) : forks(n) {}
    std::vector<std::mutex> forks;
    std::atomic<int> seated{0};
    int meals = 0;
    __attribute__((noinline)) void dine(size_t k) {
        std::lock_guard<std::mutex> left(forks[k]);
        ++seated;
        while (seated < (int)forks.size()) std::this_thread::yield();
        std::lock_guard<std::mutex> right(forks[(k + 1) % forks.size()]);
        ++meals;
    }
};
int main() {
    auto t = std::make_unique<Table>(5);
    std::vector<std::thread> ps;
    for (size_t k = 0; k < 5; ++k) ps.emplace_back(&Table::dine, t.get(), k);
    for (auto& p : ps) p.join();
    std::printf("%d\n", t->meals);
}
