// Signal handlers and what they reach.
// RUN: %snarl check --checks=-*,signal-unsafe-call --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <mutex>
#include <semaphore.h>
#include <setjmp.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

static volatile std::sig_atomic_t quit;
static std::atomic<int> last{0};
static int wake_pipe[2];
static sem_t wake;
static sigjmp_buf again;
static std::mutex log_mutex;
static std::vector<int> seen;
static int hits;
static bool verbose;

static void on_term(int signal) {
  int saved = errno;
  quit = 1;
  last.store(signal);
  char c = 't';
  if (write(wake_pipe[1], &c, 1) < 0 || verbose) quit = 2;
  sem_post(&wake);
  errno = saved;
}

static void on_usr1(int) {
  std::printf("status\n"); // expect: signal-unsafe-call
}

static void note(int signal) {
  std::lock_guard<std::mutex> lock(log_mutex); // expect: signal-unsafe-call
  seen.push_back(signal);
}

static void on_usr2(int signal) { note(signal); }

static void on_alarm(int) {
  ++hits; // expect: signal-unsafe-call
}

static void on_fault(int, siginfo_t *, void *) {
  static const char message[] = "fault\n";
  if (write(2, message, sizeof message - 1) < 0) abort();
  _exit(1);
}

static void on_retry(int) { siglongjmp(again, 1); }

static void on_hup(int) {
  std::string text = "hup"; // expect: signal-unsafe-call
  if (write(1, text.data(), text.size()) < 0) _exit(1);
}

static void on_child(int) {
  throw 1; // expect: signal-unsafe-call
}

static void on_exit_request(int) {
  exit(0); // expect: signal-unsafe-call
}

static void install(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

// Waits for signals on a thread of its own: an ordinary thread.
static void signal_thread() {
  sigset_t all;
  sigfillset(&all);
  int signal = 0;
  sigwait(&all, &signal);
  std::printf("signal %d\n", signal);
}

int main(int argc, char **) {
  verbose = argc > 1;
  std::signal(SIGTERM, on_term);
  std::signal(SIGPIPE, SIG_IGN);
  install(SIGUSR1, on_usr1);
  install(SIGUSR2, on_usr2);
  install(SIGALRM, on_alarm);
  install(SIGILL, on_retry);
  install(SIGHUP, on_hup);
  install(SIGCHLD, on_child);
  install(SIGINT, [](int signal) { on_exit_request(signal); });
  install(SIGQUIT, [](int) { std::cerr << "quit\n"; }); // expect: signal-unsafe-call
  struct sigaction fault {};
  fault.sa_sigaction = on_fault;
  fault.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &fault, nullptr);
  std::thread waits(signal_thread);
  while (!quit) {
    pause();
    if (hits > 3) std::printf("%d\n", hits); // side: signal-unsafe-call
    note(0);
  }
  waits.join();
}
