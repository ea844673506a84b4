#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Supervisor of child processes: signal handlers set flags or write to a pipe, a thread reads it. */

struct child {
	pid_t pid;
	char name[16];
	int restarts;
};

static int pipefd[2];
static volatile sig_atomic_t got_hup, got_term;
static atomic_int nchild;
static volatile int plain_count;
static struct child *table;
static int table_n;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;
static bool reload;
static char *config;

static void on_hup(int s)
{
	(void)s;
	got_hup = 1; // clean: signal-unsafe-call
}

static void on_int(int s)
{
	char c = (char)s;
	int e = errno; // clean: signal-unsafe-call

	(void)!write(pipefd[1], &c, 1); // clean: signal-unsafe-call
	errno = e; // clean: signal-unsafe-call
}

static void on_chld(int s)
{
	int e = errno;

	(void)s;
	while (waitpid(-1, NULL, WNOHANG) > 0) // clean: signal-unsafe-call, blocking-under-lock
		atomic_fetch_sub(&nchild, 1); // clean: signal-unsafe-call, data-race
	errno = e;
}

static void on_usr1(int s)
{
	printf("usr1 %d\n", s); // expect: signal-unsafe-call
}

static void log_line(const char *t)
{
	time_t now = time(NULL); // clean: signal-unsafe-call
	char *s = ctime(&now); // side: signal-unsafe-call #ctime

	(void)!write(2, t, strlen(t));
	(void)!write(2, s, strlen(s));
}

static void on_usr2(int s)
{
	(void)s;
	log_line("usr2"); // expect: signal-unsafe-call #ctime
}

static void notify_all(void)
{
	pthread_mutex_lock(&m); // side: signal-unsafe-call #mutex
	reload = true;
	pthread_cond_broadcast(&cv); // clean: condvar-notify
	pthread_mutex_unlock(&m); // clean: unreleased-lock
}

static void on_cont(int s)
{
	(void)s;
	notify_all(); // expect: signal-unsafe-call #mutex
}

static void on_tstp(int s)
{
	(void)s;
	table = realloc(table, 100 * sizeof *table); // expect: signal-unsafe-call; maybe: data-race, unguarded-access
}

static void on_ttin(int s)
{
	(void)s;
	setenv("LAST", "ttin", 1); // expect: signal-unsafe-call
}

static void on_ttou(int s)
{
	char buf[16];

	(void)s;
	memset(buf, 'x', sizeof buf); // clean: signal-unsafe-call
	(void)!write(2, buf, sizeof buf); // clean: signal-unsafe-call
}

static void fmt(char *to, int n)
{
	int i = 0;

	do {
		to[i++] = (char)('0' + n % 10); // clean: signal-unsafe-call
	} while ((n /= 10) && i < 10);
	to[i] = 0;
}

static void on_xcpu(int s)
{
	char b[12];

	fmt(b, s); // clean: signal-unsafe-call
	(void)!write(2, b, strlen(b)); // clean: signal-unsafe-call
	_exit(3); // clean: signal-unsafe-call
}

static void on_xfsz(int s)
{
	fprintf(stderr, "limit %d\n", s); // expect: signal-unsafe-call
	exit(4); // expect: signal-unsafe-call
}

static void on_prof(int s, siginfo_t *si, void *ctx)
{
	(void)ctx;
	if (si->si_code == SI_TIMER) // clean: signal-unsafe-call
		kill(getpid(), SIGHUP); // clean: signal-unsafe-call
	(void)s;
}

static void on_sys(int s, siginfo_t *si, void *ctx)
{
	(void)ctx;
	(void)s;
	char *t = strdup("sys"); // expect: signal-unsafe-call

	if (t)
		t[0] = (char)si->si_code;
}

static void on_bus(int s)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	sigaction(s, &sa, NULL); // clean: signal-unsafe-call
	raise(s); // clean: signal-unsafe-call
}

static void at_exit_fn(void)
{
	printf("bye\n"); // maybe: signal-unsafe-call
	free(table); // maybe: signal-unsafe-call
}

static void on_pwr(int s)
{
	(void)s;
	sync(); // maybe: signal-unsafe-call
	got_term = 1; // clean: signal-unsafe-call
}

static int install(int sig, void (*h)(int))
{
	struct sigaction sa;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = h;
	sigemptyset(&sa.sa_mask);
	return sigaction(sig, &sa, NULL);
}

static int child_add(pid_t pid, const char *name)
{
	struct child *t;

	pthread_mutex_lock(&m); // side: unreleased-lock #cadd
	t = realloc(table, (size_t)(table_n + 1) * sizeof *t);
	if (!t)
		return -ENOMEM; // expect: unreleased-lock #cadd
	table = t; // maybe: signal-unsafe-call, data-race
	t[table_n].pid = pid;
	strncpy(t[table_n].name, name, sizeof t->name - 1);
	table_n++;
	pthread_mutex_unlock(&m);
	return 0; // clean: unreleased-lock
}

static int child_count(void)
{
	return table_n; // expect: unguarded-access | data-race
}

static int child_restarts(int i)
{
	int r = -1;

	pthread_mutex_lock(&m);
	if (i < 0 || i >= table_n)
		goto out; // clean: unreleased-lock
	r = table[i].restarts; // clean: unguarded-access
out:
	pthread_mutex_unlock(&m); // clean: unreleased-lock
	return r;
}

static void *reader(void *arg)
{
	char c;

	(void)arg;
	while (read(pipefd[0], &c, 1) == 1) { // clean: blocking-under-lock
		printf("signal %d\n", c); // clean: signal-unsafe-call
		plain_count++; // expect: data-race | unguarded-access | double-checked-locking #plain
		if (c == SIGTERM)
			break;
		pthread_mutex_lock(&m);
		for (int i = 0; i < table_n; i++)
			table[i].restarts++;
		pthread_mutex_unlock(&m); // clean: unreleased-lock
	}
	return NULL;
}

static void *reloader(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&m);
	while (!reload)
		pthread_cond_wait(&cv, &m); // clean: condvar-wait, blocking-under-lock
	reload = false;
	free(config);
	config = strdup("new"); // clean: unguarded-access, signal-unsafe-call
	pthread_mutex_unlock(&m); // clean: unreleased-lock
	return NULL;
}

static void *sigwaiter(void *arg)
{
	sigset_t *set = arg;
	int s;

	while (sigwait(set, &s) == 0) {
		printf("got %d\n", s); // clean: signal-unsafe-call
		if (s == SIGALRM)
			break;
		notify_all(); // clean: signal-unsafe-call, self-deadlock
	}
	return NULL;
}

int main(void)
{
	pthread_t a, b, c;
	sigset_t set;

	if (pipe(pipefd))
		return 1;
	atexit(at_exit_fn); // clean: signal-unsafe-call
	install(SIGHUP, on_hup);
	install(SIGINT, on_int);
	install(SIGCHLD, on_chld);
	install(SIGUSR1, on_usr1);
	install(SIGUSR2, on_usr2);
	install(SIGCONT, on_cont);
	install(SIGTSTP, on_tstp);
	install(SIGTTIN, on_ttin);
	install(SIGTTOU, on_ttou);
	install(SIGXCPU, on_xcpu);
	install(SIGXFSZ, on_xfsz);
	install(SIGBUS, on_bus);
	install(SIGPWR, on_pwr);
	struct sigaction sa = { .sa_sigaction = on_prof, .sa_flags = SA_SIGINFO };
	sigaction(SIGPROF, &sa, NULL);
	sa.sa_sigaction = on_sys;
	sigaction(SIGSYS, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&a, NULL, reader, NULL) || pthread_create(&b, NULL, reloader, NULL) ||
	    pthread_create(&c, NULL, sigwaiter, &set))
		return 1;
	while (!got_term) { // maybe: data-race
		pause(); // clean: blocking-under-lock
		if (got_hup) { // maybe: data-race, check-then-act
			got_hup = 0; // maybe: data-race, check-then-act
			child_add(1, "x");
			notify_all();
		}
		if (plain_count > 3) // side: data-race #plain
			break;
		if (child_count() > 3 && child_restarts(0) > 9)
			break;
	}
	close(pipefd[1]);
	pthread_kill(c, SIGALRM);
	notify_all();
	pthread_join(a, NULL); // clean: thread-lifetime
	pthread_join(b, NULL); // clean: thread-lifetime
	pthread_join(c, NULL); // clean: thread-lifetime
	return table_n; // clean: unguarded-access, data-race
}
