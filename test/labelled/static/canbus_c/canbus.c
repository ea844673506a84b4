#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

/* CAN gateway: two buses with a lock each, a routing table, a filter list, C11 threads. */

#define MAXROUTE 32

struct frame {
	unsigned id;
	unsigned char len, data[8];
};

struct bus {
	mtx_t tx;
	mtx_t state; /* taken after tx */
	cnd_t idle;
	int fd;
	int errors;
	bool off, busy;
	unsigned long sent, dropped;
};

struct route {
	unsigned from, to;
};

struct gateway {
	mtx_t m;
	mtx_t flt;
	struct route r[MAXROUTE];
	int n;
	unsigned *filter;
	int nfilter;
	struct bus *left, *right;
};

static struct bus bus0, bus1;
static struct gateway gw;
static mtx_t trace_m; /* recursive */
static char trace_buf[512];
static size_t trace_len;
static volatile sig_atomic_t want_stop, reloads;
static atomic_int live_frames;
static atomic_bool dumping;
static int last_signal;
static char *sig_note;
static FILE *siglog;

static void on_term(int s)
{
	(void)s;
	want_stop = 1; // clean: signal-unsafe-call, data-race
}

static void on_hup(int s)
{
	int e = errno;

	reloads++; // clean: signal-unsafe-call
	(void)!write(2, "hup\n", 4); // clean: signal-unsafe-call
	atomic_fetch_add(&live_frames, 0); // clean: signal-unsafe-call
	(void)s;
	errno = e;
}

static void on_usr1(int s)
{
	char buf[32];

	snprintf(buf, sizeof buf, "signal %d\n", s); // expect: signal-unsafe-call
	(void)!write(2, buf, strlen(buf)); // clean: signal-unsafe-call
	last_signal = s; // maybe: signal-unsafe-call, data-race
}

static void note_signal(int s)
{
	free(sig_note); // expect: signal-unsafe-call
	sig_note = malloc(16); // expect: signal-unsafe-call
	if (sig_note)
		sig_note[0] = (char)s;
}

static void on_usr2(int s)
{
	note_signal(s); // maybe: signal-unsafe-call
}

static void on_pipe(int s)
{
	syslog(LOG_WARNING, "pipe %d", s); // expect: signal-unsafe-call
}

static void on_winch(int s)
{
	(void)s;
	mtx_lock(&trace_m); // expect: signal-unsafe-call
	trace_len = 0;
	mtx_unlock(&trace_m); // maybe: signal-unsafe-call
}

static void on_chld(int s)
{
	(void)s;
	fputs("child\n", siglog); // expect: signal-unsafe-call
	fflush(siglog); // expect: signal-unsafe-call
}

static void on_segv(int s)
{
	signal(s, SIG_DFL); // clean: signal-unsafe-call
	raise(s); // clean: signal-unsafe-call
}

static void on_quit(int s)
{
	(void)s;
	exit(1); // expect: signal-unsafe-call
}

static void on_abrt(int s)
{
	(void)s;
	_exit(134); // clean: signal-unsafe-call
}

static void on_alrm(int s)
{
	struct timespec ts;

	(void)s;
	clock_gettime(CLOCK_MONOTONIC, &ts); // clean: signal-unsafe-call
	atomic_store(&dumping, ts.tv_sec & 1); // clean: signal-unsafe-call, data-race
	alarm(1); // clean: signal-unsafe-call
}

static void on_vtalrm(int s)
{
	time_t t = time(NULL); // clean: signal-unsafe-call
	struct tm *tm = localtime(&t); // expect: signal-unsafe-call

	want_stop = tm == NULL && s; // clean: signal-unsafe-call
}

static void trace(const char *s)
{
	mtx_lock(&trace_m); // clean: self-deadlock, lock-order
	size_t n = strlen(s);

	if (trace_len + n < sizeof trace_buf) {
		memcpy(trace_buf + trace_len, s, n);
		trace_len += n;
	}
	mtx_unlock(&trace_m); // clean: unreleased-lock
}

static void trace2(const char *a, const char *b)
{
	mtx_lock(&trace_m); // clean: self-deadlock
	trace(a); // clean: self-deadlock
	trace(b); // clean: self-deadlock
	mtx_unlock(&trace_m);
}

static int bus_send(struct bus *b, const struct frame *f)
{
	mtx_lock(&b->tx); // side: unreleased-lock #send; side: lock-order #reset
	mtx_lock(&b->state); // side: lock-order #reset
	if (b->off) {
		b->dropped++;
		mtx_unlock(&b->state);
		return -ENETDOWN; // expect: unreleased-lock #send
	}
	b->busy = true;
	b->sent++;
	mtx_unlock(&b->state);
	mtx_unlock(&b->tx);
	(void)!write(b->fd, f, sizeof *f); // clean: blocking-under-lock
	mtx_lock(&b->state);
	b->busy = false;
	mtx_unlock(&b->state);
	cnd_broadcast(&b->idle); // clean: condvar-notify
	return 0; // clean: unreleased-lock
}

static void bus_wait_idle(struct bus *b)
{
	mtx_lock(&b->state);
	while (b->busy)
		cnd_wait(&b->idle, &b->state); // clean: condvar-wait, blocking-under-lock
	mtx_unlock(&b->state); // clean: unreleased-lock
}

static void bus_drain(struct bus *b)
{
	mtx_lock(&b->tx); // side: condvar-wait #drain; side: lock-order #reset
	mtx_lock(&b->state); // side: lock-order #reset
	while (b->busy)
		cnd_wait(&b->idle, &b->state); // expect: condvar-wait | blocking-under-lock #drain
	mtx_unlock(&b->state);
	mtx_unlock(&b->tx);
}

static void bus_wait_once(struct bus *b)
{
	mtx_lock(&b->state);
	cnd_wait(&b->idle, &b->state); // expect: condvar-wait
	mtx_unlock(&b->state);
}

static int bus_error(struct bus *b)
{
	int off;

	mtx_lock(&b->state); // side: self-deadlock #err
	off = ++b->errors > 255;
	if (off)
		b->off = true;
	mtx_unlock(&b->state); // clean: unreleased-lock
	return off;
}

static int bus_poll(struct bus *b)
{
	struct pollfd p = { .fd = b->fd, .events = POLLIN };
	int r;

	mtx_lock(&b->state); // side: self-deadlock #err
	if (poll(&p, 1, 0) < 0) // clean: blocking-under-lock
		bus_error(b); // expect: self-deadlock #err
	mtx_unlock(&b->state);
	r = poll(&p, 1, -1); // clean: blocking-under-lock
	if (r < 0)
		bus_error(b); // clean: self-deadlock
	mtx_lock(&b->state);
	poll(&p, 1, 1000); // expect: blocking-under-lock
	mtx_unlock(&b->state);
	return r;
}

static bool bus_is_off(struct bus *b)
{
	return b->off; // expect: unguarded-access | data-race
}

static unsigned long bus_sent(struct bus *b)
{
	unsigned long n;

	mtx_lock(&b->state);
	n = b->sent; // clean: unguarded-access, data-race
	mtx_unlock(&b->state);
	return n;
}

static unsigned long bus_dropped(struct bus *b)
{
	unsigned long n;

	mtx_lock(&b->tx);
	n = b->dropped; // expect: wrong-lock | unguarded-access | data-race
	mtx_unlock(&b->tx);
	return n;
}

static void bus_reset(struct bus *b)
{
	mtx_lock(&b->state); // side: lock-order #reset
	b->errors = 0;
	b->off = false;
	mtx_lock(&b->tx); // expect: lock-order #reset
	lseek(b->fd, 0, SEEK_SET); // maybe: blocking-under-lock
	mtx_unlock(&b->tx);
	mtx_unlock(&b->state);
}

static void bus_restart(struct bus *b)
{
	mtx_lock(&b->tx); // side: lock-order #reset
	mtx_lock(&b->state); // expect: lock-order #reset
	b->off = false;
	mtx_unlock(&b->state);
	mtx_unlock(&b->tx); // clean: unreleased-lock
}

static int bus_try_reset(struct bus *b)
{
	mtx_lock(&b->state);
	if (mtx_trylock(&b->tx) != thrd_success) { // clean: lock-order, unreleased-lock
		mtx_unlock(&b->state);
		return -EBUSY; // clean: unreleased-lock
	}
	b->errors = 0;
	mtx_unlock(&b->tx);
	mtx_unlock(&b->state); // clean: unreleased-lock
	return 0;
}

/* Bridges: both transmit locks. */
static void bridge_right(void)
{
	mtx_lock(&bus0.tx); // side: lock-order #bridge
	mtx_lock(&bus1.tx); // expect: lock-order #bridge
	mtx_unlock(&bus1.tx);
	mtx_unlock(&bus0.tx);
}

static void bridge_left(void)
{
	mtx_lock(&bus1.tx); // side: lock-order #bridge
	mtx_lock(&bus0.tx); // expect: lock-order #bridge
	mtx_unlock(&bus0.tx);
	mtx_unlock(&bus1.tx);
}

static int route_find(struct gateway *g, unsigned from)
{
	for (int i = 0; i < g->n; i++) // clean: unguarded-access, data-race
		if (g->r[i].from == from) // clean: unguarded-access, data-race
			return i;
	return -1;
}

static int route_add(struct gateway *g, unsigned from, unsigned to)
{
	int rc = -ENOSPC;

	mtx_lock(&g->m);
	if (route_find(g, from) >= 0) {
		rc = -EEXIST;
		goto out;
	}
	if (g->n == MAXROUTE)
		goto out;
	g->r[g->n++] = (struct route){ from, to };
	rc = 0;
out:
	mtx_unlock(&g->m); // clean: unreleased-lock
	return rc; // clean: unreleased-lock
}

static int route_replace(struct gateway *g, unsigned from, unsigned to)
{
	int i;

	mtx_lock(&g->m); // side: check-then-act #replace
	i = route_find(g, from);
	mtx_unlock(&g->m);
	if (i < 0)
		return -ENOENT; // clean: unreleased-lock
	mtx_lock(&g->m);
	g->r[i].to = to; // expect: check-then-act #replace
	mtx_unlock(&g->m);
	return 0;
}

static int route_del(struct gateway *g, unsigned from)
{
	int i;

	mtx_lock(&g->m); // side: unreleased-lock #del
	i = route_find(g, from);
	if (i < 0)
		goto none;
	g->r[i] = g->r[--g->n]; // clean: check-then-act
	mtx_unlock(&g->m);
	return 0; // clean: unreleased-lock
none:
	trace("no route");
	return -ENOENT; // expect: unreleased-lock #del
}

static int route_count(struct gateway *g)
{
	return g->n; // expect: unguarded-access | data-race
}

static int filter_set(struct gateway *g, const unsigned *ids, int n)
{
	unsigned *copy = malloc((size_t)n * sizeof *copy);

	if (!copy)
		return -ENOMEM; // clean: unreleased-lock
	memcpy(copy, ids, (size_t)n * sizeof *copy);
	mtx_lock(&g->flt);
	unsigned *old = g->filter;
	g->filter = copy;
	g->nfilter = n;
	mtx_unlock(&g->flt); // clean: unreleased-lock
	free(old); // clean: unguarded-access
	return 0;
}

static bool filter_pass(struct gateway *g, unsigned id)
{
	bool ok = false;

	mtx_lock(&g->flt); // side: unreleased-lock #pass
	for (int i = 0; i < g->nfilter; i++)
		if (g->filter[i] == id)
			return true; // expect: unreleased-lock #pass
	mtx_unlock(&g->flt);
	return ok;
}

static bool filter_match(struct gateway *g, unsigned id)
{
	bool ok = false;

	mtx_lock(&g->flt);
	for (int i = 0; i < g->nfilter && !ok; i++)
		if (g->filter[i] == id) {
			ok = true;
			break; // clean: unreleased-lock
		}
	mtx_unlock(&g->flt); // clean: unreleased-lock
	return ok;
}

static const unsigned *filter_raw(struct gateway *g, int *n)
{
	*n = g->nfilter; // expect: unguarded-access | data-race
	return g->filter; // expect: unguarded-access | data-race
}

static int forward(struct gateway *g, const struct frame *f)
{
	struct frame out = *f;
	int i;

	if (!filter_match(g, f->id))
		return 0;
	mtx_lock(&g->m);
	i = route_find(g, f->id);
	if (i >= 0)
		out.id = g->r[i].to;
	mtx_unlock(&g->m);
	atomic_fetch_add(&live_frames, 1); // clean: data-race, unguarded-access
	return bus_send(g->right, &out); // clean: lock-order, blocking-under-lock
}

static int pump(void *arg)
{
	struct bus *b = arg;
	struct frame f;

	while (!want_stop) { // maybe: data-race
		if (bus_poll(b) <= 0)
			continue;
		if (read(b->fd, &f, sizeof f) != sizeof f) { // clean: blocking-under-lock
			bus_error(b);
			continue;
		}
		if (filter_pass(&gw, f.id))
			forward(&gw, &f);
		if (b == gw.left) // clean: data-race, unguarded-access
			bridge_right();
		else
			bridge_left();
		bus_drain(b);
		bus_wait_idle(b);
		if (bus_is_off(b))
			bus_restart(b);
		route_add(&gw, f.id, f.id + 1);
	}
	return 0;
}

static int control(void *arg)
{
	unsigned ids[] = { 1, 2, 3 };
	int n;

	(void)arg;
	while (!want_stop) { // maybe: data-race
		thrd_sleep(&(struct timespec){ .tv_sec = 1 }, NULL); // clean: blocking-under-lock
		filter_set(&gw, ids, 3);
		bus_try_reset(&bus0);
		bus_reset(&bus1);
		bus_wait_once(&bus1);
		route_replace(&gw, 1, 2);
		route_del(&gw, 3);
		trace2("ctl", bus_sent(&bus0) + bus_dropped(&bus0) ? "busy" : "idle");
		if (route_count(&gw) > 3 && filter_raw(&gw, &n))
			trace("full");
	}
	return 0;
}

static void bus_init(struct bus *b, int fd)
{
	mtx_init(&b->tx, mtx_plain);
	mtx_init(&b->state, mtx_plain);
	cnd_init(&b->idle);
	b->fd = fd; // clean: unguarded-access, data-race
	b->errors = 0; // clean: unguarded-access, data-race
	b->off = false; // clean: unguarded-access, data-race
}

int main(void)
{
	thrd_t t[3];

	siglog = fopen("/tmp/signals", "w");
	mtx_init(&trace_m, mtx_plain | mtx_recursive);
	mtx_init(&gw.m, mtx_plain);
	mtx_init(&gw.flt, mtx_plain);
	bus_init(&bus0, open("/dev/can0", O_RDWR));
	bus_init(&bus1, open("/dev/can1", O_RDWR));
	gw.left = &bus0; // clean: unguarded-access, data-race
	gw.right = &bus1;
	signal(SIGTERM, on_term);
	signal(SIGHUP, on_hup);
	signal(SIGUSR1, on_usr1);
	signal(SIGUSR2, on_usr2);
	signal(SIGPIPE, on_pipe);
	signal(SIGWINCH, on_winch);
	signal(SIGCHLD, on_chld);
	signal(SIGSEGV, on_segv);
	signal(SIGQUIT, on_quit);
	signal(SIGABRT, on_abrt);
	signal(SIGALRM, on_alrm);
	signal(SIGVTALRM, on_vtalrm);
	if (thrd_create(&t[0], pump, &bus0) != thrd_success ||
	    thrd_create(&t[1], pump, &bus1) != thrd_success ||
	    thrd_create(&t[2], control, NULL) != thrd_success)
		return 1;
	for (int i = 0; i < 3; i++)
		thrd_join(t[i], NULL); // clean: thread-lifetime, blocking-under-lock
	printf("%lu sent, %d routes\n", bus0.sent, gw.n); // clean: unguarded-access, data-race
	free(gw.filter); // clean: unguarded-access
	return 0;
}
