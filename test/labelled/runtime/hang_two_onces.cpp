// build: g++ -std=c++17 -O1 -g -pthread
// expect: deadlock actual
// exit: hang
// at: init_audio init_video

// Two call_once initialisers that each need the other's.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

static std::once_flag audio_once, video_once;
static std::atomic<int> inside{0};
static int audio, video;

void get_audio();
void get_video();
static void meet() {
    ++inside;
    while (inside < 2) std::this_thread::yield();
}
__attribute__((noinline)) void init_audio() {
    meet();
    get_video();
    audio = 1;
}
__attribute__((noinline)) void init_video() {
    meet();
    get_audio();
    video = 1;
}
__attribute__((noinline)) void get_audio() { std::call_once(audio_once, init_audio); }
__attribute__((noinline)) void get_video() { std::call_once(video_once, init_video); }
int main() {
    std::thread a(get_audio), b(get_video);
    a.join();
    b.join();
    std::printf("%d %d\n", audio, video);
}
