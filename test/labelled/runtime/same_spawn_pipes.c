// build: gcc -std=gnu11 -O3 -g -pthread
// forbid: *
// exit: 9

// popen, posix_spawn with file actions, vfork + exec, pipes to children, each from its own thread; output in a fixed order.
#define _GNU_SOURCE
#include <pthread.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;
static char text[3][64];
static int code[3];

static void* by_popen(void* p) {
    FILE* f = popen("echo popen; exit 2", "r");
    if (f && fgets(text[0], 64, f)) code[0] = WEXITSTATUS(pclose(f));
    return p;
}
static void* by_spawn(void* p) {
    int fds[2], st;
    pid_t pid;
    posix_spawn_file_actions_t fa;
    char* argv[] = {"sh", "-c", "echo spawned; exit 3", NULL};
    if (pipe2(fds, O_CLOEXEC)) return p;
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_adddup2(&fa, fds[1], 1);
    if (posix_spawn(&pid, "/bin/sh", &fa, NULL, argv, environ)) return p;
    posix_spawn_file_actions_destroy(&fa);
    close(fds[1]);
    for (size_t n = 0; n < 63;) {
        ssize_t r = read(fds[0], text[1] + n, 63 - n);
        if (r <= 0) break;
        n += (size_t)r;
    }
    close(fds[0]);
    waitpid(pid, &st, 0);
    code[1] = WEXITSTATUS(st);
    return p;
}
static void* by_vfork(void* p) {
    int st;
    pid_t pid = vfork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", "exit 4", (char*)NULL);
        _exit(127);
    }
    waitpid(pid, &st, 0);
    code[2] = WEXITSTATUS(st);
    strcpy(text[2], "vforked\n");
    return p;
}
int main(void) {
    void* (*body[])(void*) = {by_popen, by_spawn, by_vfork};
    pthread_t t[3];
    for (int k = 0; k < 3; ++k) pthread_create(&t[k], NULL, body[k], NULL);
    for (int k = 0; k < 3; ++k) pthread_join(t[k], NULL);
    for (int k = 0; k < 3; ++k) printf("%d %s", code[k], text[k]);
    return code[0] + code[1] + code[2];
}
