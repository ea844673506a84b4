// build: g++ -std=c++17 -O3 -pthread
// expect: deadlock actual
// exit: hang
// at: edit_document save_document

// A recursive lock held twice against a plain mutex. No debug information.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

static std::recursive_mutex doc_m;
static std::mutex file_m;
static std::atomic<int> ready{0};
static int edits, saves;

static void meet() {
    ++ready;
    while (ready < 2) std::this_thread::yield();
}
extern "C" __attribute__((noinline)) void edit_document() {
    doc_m.lock();
    doc_m.lock();
    meet();
    std::lock_guard<std::mutex> f(file_m);
    ++edits;
    doc_m.unlock();
    doc_m.unlock();
}
extern "C" __attribute__((noinline)) void save_document() {
    std::lock_guard<std::mutex> f(file_m);
    meet();
    std::lock_guard<std::recursive_mutex> d(doc_m);
    ++saves;
}
int main() {
    std::thread a(edit_document), b(save_document);
    a.join();
    b.join();
    std::printf("%d %d\n", edits, saves);
}
