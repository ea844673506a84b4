// build: g++ -std=c++17 -O2 -g -pthread
// forbid: *
// exit: 0

// The initialiser locks the other way round, but nobody gets past call_once before it is over.
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

static std::once_flag once;
static std::mutex fonts_m, glyphs_m;
static int fonts, glyphs;

static void load() {
    std::lock_guard<std::mutex> g(glyphs_m);
    std::lock_guard<std::mutex> f(fonts_m);
    fonts = glyphs = 1;
}
static void draw() {
    std::call_once(once, load);
    std::lock_guard<std::mutex> f(fonts_m);
    std::lock_guard<std::mutex> g(glyphs_m);
    ++fonts, ++glyphs;
}
int main() {
    std::vector<std::thread> ts;
    for (int k = 0; k < 4; ++k) ts.emplace_back([] { for (int i = 0; i < 20; ++i) draw(); });
    for (auto& t : ts) t.join();
    std::printf("%d %d\n", fonts, glyphs);
}
