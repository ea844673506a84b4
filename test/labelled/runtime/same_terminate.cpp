// build: g++ -std=c++20 -O2 -g -pthread
// forbid: deadlock
// forbid: lock-order
// forbid: data-race
// exit: 134

// Exceptions cross threads through exception_ptr and futures; the last one leaves a thread function: terminate, abort.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

static std::mutex m;
static std::exception_ptr kept;

static void fail(const char* why) { throw std::runtime_error(why); }
int main() {
    std::set_terminate([] {
        try {
            std::rethrow_exception(std::current_exception());
        } catch (const std::exception& e) {
            std::printf("terminate: %s\n", e.what());
        }
        std::fflush(stdout);
        std::abort();
    });
    std::thread t([] {
        try {
            fail("one");
        } catch (...) {
            std::lock_guard<std::mutex> l(m);
            kept = std::current_exception();
        }
    });
    t.join();
    try {
        std::rethrow_exception(kept);
    } catch (const std::runtime_error& e) {
        std::puts(e.what());
    }
    auto f = std::async(std::launch::async, [] { fail("two"); });
    try {
        f.get();
    } catch (const std::runtime_error& e) {
        std::puts(e.what());
    }
    std::fflush(stdout);
    std::thread u([] { fail("three"); });
    u.join();
}
