// build: clang++-19 -std=c++17 -O0 -g -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: store_blob evict_blob

// Own mutex and guard classes over pthread: the lock call is two frames below the interesting function.
#include <atomic>
#include <cstdio>
#include <pthread.h>
#include <thread>
#include <unistd.h>

class CriticalSection {
    pthread_mutex_t m_;
public:
    CriticalSection() {
        pthread_mutexattr_t a;
        pthread_mutexattr_init(&a);
        pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ADAPTIVE_NP);
        pthread_mutex_init(&m_, &a);
        pthread_mutexattr_destroy(&a);
    }
    ~CriticalSection() { pthread_mutex_destroy(&m_); }
    void Enter() { pthread_mutex_lock(&m_); }
    void Leave() { pthread_mutex_unlock(&m_); }
};
class AutoLock {
    CriticalSection& c_;
public:
    explicit AutoLock(CriticalSection& c) : c_(c) { c_.Enter(); }
    ~AutoLock() { c_.Leave(); }
};
static CriticalSection index_cs, disk_cs;
static int blobs, evicted;
static std::atomic<bool> stored{false};

__attribute__((noinline)) void store_blob() {
    AutoLock i(index_cs);
    AutoLock d(disk_cs);
    ++blobs;
}
__attribute__((noinline)) void evict_blob() {
    AutoLock d(disk_cs);
    AutoLock i(index_cs);
    --blobs, ++evicted;
}
int main() {
    std::thread a([] { store_blob(); store_blob(); stored = true; });
    std::thread b([] {
        for (int i = 0; i < 5000 && !stored; ++i) usleep(1000);
        evict_blob();
    });
    a.join();
    b.join();
    std::printf("%d %d\n", blobs, evicted);
}
