// build: clang++-19 -std=c++17 -O2 -pthread -rdynamic
// so: dlopen g++ -std=c++17 -O1 -fPIC
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: plugin_render host_paint

// A plug-in opened at run time calls back into the host; built with another compiler, no debug information.
#ifdef IN_SO
#include <mutex>
extern "C" void host_invalidate();
static std::mutex plugin_m;
static int renders;
extern "C" void plugin_render() {
    plugin_m.lock();
    ++renders;
    host_invalidate();
    plugin_m.unlock();
}
extern "C" int plugin_renders() {
    std::lock_guard<std::mutex> l(plugin_m);
    return renders;
}
#else
#include <atomic>
#include <cstdio>
#include <dlfcn.h>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>

static std::mutex window_m;
static int dirty, painted;
static std::atomic<bool> rendered{false};
static int (*renders)();

extern "C" __attribute__((visibility("default"), noinline)) void host_invalidate() {
    std::lock_guard<std::mutex> l(window_m);
    ++dirty;
}
extern "C" __attribute__((noinline)) void host_paint() {
    std::lock_guard<std::mutex> l(window_m);
    painted += renders();
}
int main(int, char** argv) {
    void* h = dlopen((std::string(argv[0]) + ".so").c_str(), RTLD_NOW);
    if (!h) return 2;
    auto render = reinterpret_cast<void (*)()>(dlsym(h, "plugin_render"));
    renders = reinterpret_cast<int (*)()>(dlsym(h, "plugin_renders"));
    std::thread a([=] { render(); rendered = true; });
    std::thread b([] {
        for (int i = 0; i < 5000 && !rendered; ++i) usleep(1000);
        host_paint();
    });
    a.join();
    b.join();
    std::printf("%d %d\n", dirty, painted);
}
#endif
