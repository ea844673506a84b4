// build: g++ -std=c++17 -O0 -pthread
// forbid: *
// exit: 3

// Closes every descriptor above 2, as daemons do, then opens its own (and expects the lowest number), locks in thread-local
// destructors, prints with a locale.
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <thread>
#include <unistd.h>

static std::mutex m;
static int flushed;

struct Buffer {
    int lines = 0;
    ~Buffer() {
        std::lock_guard<std::mutex> l(m);
        flushed += lines;
    }
};
static thread_local Buffer buffer;

int main() {
    std::setlocale(LC_ALL, "C");
    for (int fd = 3; fd < 1024; ++fd) close(fd);
    int fd = open("/dev/null", O_RDONLY);
    std::atexit([] {
        std::lock_guard<std::mutex> l(m);
        std::printf("flushed %d\n", flushed);
    });
    for (int k = 0; k < 4; ++k) std::thread([k] { buffer.lines += k; }).join();
    std::printf("fd %d, %.2f\n", fd, 2.5);
    close(fd);
    return fd;
}
