// build: g++ -std=c++17 -O2 -g -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: archive_mail fetch_mail

// The lock that is held was taken with a time-out; both of the inner acquisitions wait without one.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>
#include <unistd.h>

static std::timed_mutex inbox_m;
static std::recursive_timed_mutex archive_m;
static int inbox = 3, archive;
static std::atomic<bool> archived{false};

__attribute__((noinline)) void archive_mail() {
    if (!inbox_m.try_lock_for(std::chrono::seconds(8))) return;
    archive_m.lock();
    archive += inbox;
    inbox = 0;
    archive_m.unlock();
    inbox_m.unlock();
}
__attribute__((noinline)) void fetch_mail() {
    if (!archive_m.try_lock_until(std::chrono::system_clock::now() + std::chrono::seconds(8))) return;
    inbox_m.lock();
    ++inbox;
    inbox_m.unlock();
    archive_m.unlock();
}
int main() {
    std::thread a([] { archive_mail(); archived = true; });
    std::thread b([] {
        for (int i = 0; i < 5000 && !archived; ++i) usleep(1000);
        fetch_mail();
    });
    a.join();
    b.join();
    std::printf("%d %d\n", inbox, archive);
}
