// build: g++ -std=c++17 -O2 -pthread -rdynamic
// so: dlopen clang++-19 -std=c++17 -O2 -fPIC
// expect: deadlock actual
// exit: hang
// at: codec_decode player_seek

// The circle goes through a library opened at run time; no debug information on either side.
#ifdef IN_SO
#include <mutex>
extern "C" void player_progress();
static std::mutex codec_m;
static int frames;
extern "C" void codec_decode() {
    std::lock_guard<std::mutex> l(codec_m);
    ++frames;
    player_progress();
}
extern "C" void codec_reset() {
    std::lock_guard<std::mutex> l(codec_m);
    frames = 0;
}
#else
#include <atomic>
#include <cstdio>
#include <dlfcn.h>
#include <mutex>
#include <string>
#include <thread>

static std::mutex player_m;
static std::atomic<int> ready{0};
static int progress, seeks;
static void (*reset)();

static void meet() {
    ++ready;
    while (ready < 2) std::this_thread::yield();
}
extern "C" __attribute__((noinline)) void player_progress() {
    meet();
    player_m.lock();
    ++progress;
    player_m.unlock();
}
extern "C" __attribute__((noinline)) void player_seek() {
    player_m.lock();
    meet();
    reset();
    ++seeks;
    player_m.unlock();
}
int main(int, char** argv) {
    void* h = dlopen((std::string(argv[0]) + ".so").c_str(), RTLD_LAZY);
    if (!h) return 2;
    auto decode = reinterpret_cast<void (*)()>(dlsym(h, "codec_decode"));
    reset = reinterpret_cast<void (*)()>(dlsym(h, "codec_reset"));
    std::thread a(decode), b(player_seek);
    a.join();
    b.join();
    std::printf("%d %d\n", progress, seeks);
}
#endif
