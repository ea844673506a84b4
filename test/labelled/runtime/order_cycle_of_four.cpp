// build: g++ -std=c++20 -O3 -g -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: north east south west

// A circle of four threads through virtual calls; each takes the next crossing's lock below its own.
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

static std::mutex crossing[4];
static int passed[4];
static std::atomic<int> turn{0};

struct Road {
    virtual ~Road() = default;
    virtual void drive() = 0;
};
__attribute__((noinline)) void pass(int second) {
    std::lock_guard<std::mutex> l(crossing[second]);
    ++passed[second];
}
struct north : Road { __attribute__((noinline)) void drive() override { std::lock_guard l(crossing[0]); pass(1); passed[0]++; } };
struct east : Road { __attribute__((noinline)) void drive() override { std::lock_guard l(crossing[1]); pass(2); passed[1]++; } };
struct south : Road { __attribute__((noinline)) void drive() override { std::lock_guard l(crossing[2]); pass(3); passed[2]++; } };
struct west : Road { __attribute__((noinline)) void drive() override { std::lock_guard l(crossing[3]); pass(0); passed[3]++; } };

int main() {
    std::vector<std::unique_ptr<Road>> roads;
    roads.push_back(std::make_unique<north>());
    roads.push_back(std::make_unique<east>());
    roads.push_back(std::make_unique<south>());
    roads.push_back(std::make_unique<west>());
    std::vector<std::thread> ts;
    for (int k = 0; k < 4; ++k)
        ts.emplace_back([&roads, k] {
            for (int i = 0; i < 5000 && turn < k; ++i) usleep(1000);
            roads[k]->drive();
            turn = k + 1;
            for (int i = 0; i < 5000 && turn < 4; ++i) usleep(1000);
        });
    for (auto& t : ts) t.join();
    std::printf("%d %d %d %d\n", passed[0], passed[1], passed[2], passed[3]);
}
