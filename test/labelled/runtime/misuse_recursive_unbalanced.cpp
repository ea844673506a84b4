// build: g++ -std=c++17 -O2 -static-libstdc++ -pthread
// expect: unreleased-lock
// forbid: self-deadlock
// exit: 0
// at: scan_folder

// A recursive lock taken twice and given back once; the thread ends. No debug information.
#include <cstdio>
#include <mutex>
#include <thread>

static std::recursive_mutex tree_m;
static int folders;

extern "C" __attribute__((noinline)) void scan_folder(int depth) {
    tree_m.lock();
    ++folders;
    if (depth == 0) return;  // forgets the unlock
    scan_folder(depth - 1);
    tree_m.unlock();
}
int main() {
    std::thread t(scan_folder, 2);
    t.join();
    bool mine = tree_m.try_lock();
    std::printf("%d %d\n", folders, mine);
}
