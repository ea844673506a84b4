// build: clang++-19 -std=c++20 -O1 -g -pthread
// forbid: *
// exit: 0

// Each call of submit() has its two mutexes on the stack, at the same addresses every time; there is no destroy call to see.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

struct Request {
    std::mutex head, body;
    int kind = 0, ran = 0;
};
static std::atomic<Request*> slot[2];
static std::atomic<bool> over{false};

static void serve(int me) {
    while (!over)
        if (Request* r = slot[me].load()) {
            {
                std::lock_guard<std::mutex> x(r->kind ? r->head : r->body);
                std::lock_guard<std::mutex> y(r->kind ? r->body : r->head);
                ++r->ran;
            }
            slot[me] = nullptr;
        } else
            std::this_thread::yield();
}
__attribute__((noinline)) int submit(int kind) {
    Request r;
    r.kind = kind;
    slot[kind] = &r;
    while (slot[kind].load()) std::this_thread::yield();
    return r.ran;
}
int main() {
    std::thread a(serve, 0), b(serve, 1);
    int ran = 0;
    for (int i = 0; i < 16; ++i) ran += submit(i % 2);
    over = true;
    a.join();
    b.join();
    std::printf("%d\n", ran);
}
