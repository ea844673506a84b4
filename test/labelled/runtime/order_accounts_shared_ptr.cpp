// build: clang++-19 -std=c++20 -O2 -g -static-libstdc++ -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: transfer

// Accounts in a vector of shared_ptr: transfers 0->1 and 1->0 lock source first. Statically linked C++ library.
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

struct Account {
    std::mutex mu;
    long balance = 100;
};
static std::vector<std::shared_ptr<Account>> bank;
static std::atomic<bool> there{false};

__attribute__((noinline)) void transfer(const std::shared_ptr<Account>& from, const std::shared_ptr<Account>& to, long n) {
    std::unique_lock<std::mutex> f(from->mu);
    if (from->balance < n) return;
    std::unique_lock<std::mutex> t(to->mu);
    from->balance -= n;
    to->balance += n;
}
int main() {
    for (int i = 0; i < 20; ++i) bank.push_back(std::make_shared<Account>());
    std::thread a([] {
        for (int i = 0; i + 1 < 10; ++i) transfer(bank[i], bank[i + 1], 5);
        there = true;
    });
    std::thread b([] {
        for (int i = 0; i < 5000 && !there; ++i) usleep(1000);
        transfer(bank[4], bank[3], 7);
    });
    a.join();
    b.join();
    std::printf("%ld %ld\n", bank[3]->balance, bank[4]->balance);
}
