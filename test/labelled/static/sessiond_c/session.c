#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Login sessions: a table with one lock, sessions with a lock each, an audit file, a reaper thread. */

struct session {
	pthread_mutex_t mtx;
	pthread_cond_t changed;
	int id, state, fd;
	unsigned uses;
	char *user;
	time_t seen;
	struct session *next;
};

struct table {
	pthread_mutex_t mtx;
	pthread_spinlock_t stat_lock;
	pthread_rwlock_t cfg;
	struct session *head;
	unsigned n, opened, closed, failed;
	int max, timeout;
	int audit_fd;
};


static struct table tab;
static sem_t slots;
static pthread_mutex_t note_mtx = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t audit_mtx = PTHREAD_MUTEX_INITIALIZER;
static char note[128];
static atomic_uint audit_lines;

static void table_lock(struct table *t)
{
	int r = pthread_mutex_lock(&t->mtx); // clean: unreleased-lock; side: lock-order #acquire

	if (r)
		abort(); // clean: unreleased-lock
}

static void table_unlock(struct table *t)
{
	pthread_mutex_unlock(&t->mtx); // clean: unreleased-lock
}

static struct session *find(struct table *t, int id)
{
	for (struct session *s = t->head; s; s = s->next) // clean: unguarded-access, data-race
		if (s->id == id)
			return s; // clean: unreleased-lock
	return NULL;
}

static void session_free(struct session *s)
{
	if (!s)
		return;
	free(s->user); // clean: unguarded-access
	pthread_mutex_destroy(&s->mtx); // clean: unreleased-lock
	free(s);
}

static struct session *session_new(int id, const char *user)
{
	struct session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->user = strdup(user); // clean: unguarded-access
	if (!s->user)
		goto nouser;
	if (pthread_mutex_init(&s->mtx, NULL))
		goto nomtx;
	if (pthread_cond_init(&s->changed, NULL))
		goto nocond;
	s->id = id;
	s->state = 1; // clean: unguarded-access, data-race
	return s;
nocond:
	pthread_mutex_destroy(&s->mtx); // clean: unreleased-lock
nomtx:
	free(s->user);
nouser:
	free(s);
	return NULL; // clean: unreleased-lock
}

static int session_open(struct table *t, int id, const char *user)
{
	struct session *s;
	int err = 0;

	table_lock(t); // side: unreleased-lock #open
	if (find(t, id)) {
		table_unlock(t);
		return -EEXIST; // clean: unreleased-lock
	}
	s = session_new(id, user);
	if (!s)
		return -ENOMEM; // expect: unreleased-lock #open
	s->next = t->head;
	t->head = s;
	t->n++;
	t->opened++;
	table_unlock(t); // clean: unreleased-lock
	return err;
}

static int session_open_right(struct table *t, int id, const char *user)
{
	struct session *s = session_new(id, user);
	int err = -ENOMEM;

	if (!s)
		return err; // clean: unreleased-lock
	table_lock(t); // clean: unreleased-lock
	err = -EEXIST;
	if (find(t, id))
		goto out; // clean: unreleased-lock
	s->next = t->head;
	t->head = s;
	t->n++;
	s = NULL;
	err = 0;
out:
	table_unlock(t);
	session_free(s); // clean: unguarded-access
	return err; // clean: unreleased-lock
}

/* Returns the session locked. */
static struct session *session_acquire(struct table *t, int id)
{
	struct session *s;

	table_lock(t); // side: lock-order #acquire
	s = find(t, id);
	if (s)
		pthread_mutex_lock(&s->mtx); // side: lock-order #acquire; clean: unreleased-lock
	table_unlock(t);
	return s; // clean: unreleased-lock
}

static void session_release(struct session *s)
{
	s->uses++; // clean: unguarded-access
	pthread_mutex_unlock(&s->mtx); // clean: unreleased-lock
}

static int session_touch(struct table *t, int id)
{
	struct session *s = session_acquire(t, id); // clean: unreleased-lock

	if (!s)
		return -ENOENT; // clean: unreleased-lock
	s->seen = time(NULL); // clean: blocking-under-lock
	session_release(s);
	return 0; // clean: unreleased-lock
}

static int session_rename(struct table *t, int id, const char *user)
{
	struct session *s = session_acquire(t, id); // side: unreleased-lock #rename
	char *copy;

	if (!s)
		return -ENOENT;
	copy = strdup(user);
	if (!copy)
		return -ENOMEM; // expect: unreleased-lock #rename
	free(s->user);
	s->user = copy;
	session_release(s);
	return 0;
}

static int session_state(struct table *t, int id)
{
	struct session *s = session_acquire(t, id);
	int st;

	if (!s)
		return 0;
	st = s->state; // clean: unguarded-access, data-race
	session_release(s);
	return st;
}

static int session_set_state(struct session *s, int st)
{
	pthread_mutex_lock(&s->mtx);
	if (s->state == st)
		goto same;
	s->state = st;
	pthread_cond_broadcast(&s->changed); // clean: condvar-notify
same:
	pthread_mutex_unlock(&s->mtx); // clean: unreleased-lock
	return 0;
}

static int session_kill(struct session *s)
{
	s->state = 0; // expect: condvar-notify | unguarded-access | data-race #kill
	pthread_cond_broadcast(&s->changed); // side: condvar-notify #kill
	return 0;
}

static int session_await(struct session *s, int st)
{
	pthread_mutex_lock(&s->mtx); // side: unreleased-lock #await
	while (s->state != st) {
		if (s->state < 0)
			return -EIO; // expect: unreleased-lock #await
		pthread_cond_wait(&s->changed, &s->mtx); // clean: condvar-wait, blocking-under-lock
	}
	pthread_mutex_unlock(&s->mtx);
	return 0;
}

static int session_await_timed(struct session *s, int st, int secs)
{
	struct timespec ts;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += secs;
	pthread_mutex_lock(&s->mtx);
	while (s->state != st && r == 0)
		r = pthread_cond_timedwait(&s->changed, &s->mtx, &ts); // clean: condvar-wait, blocking-under-lock
	pthread_mutex_unlock(&s->mtx); // clean: unreleased-lock
	return -r;
}

static int session_await_any(struct session *s)
{
	pthread_mutex_lock(&s->mtx);
	if (s->state == 1)
		pthread_cond_wait(&s->changed, &s->mtx); // expect: condvar-wait
	int st = s->state;
	pthread_mutex_unlock(&s->mtx);
	return st;
}

/* Closes while the session lock is held: session, then table. */
static int session_close(struct table *t, struct session *s)
{
	pthread_mutex_lock(&s->mtx); // side: lock-order #acquire
	s->state = 0;
	table_lock(t); // expect: lock-order #acquire
	t->closed++;
	t->n--;
	table_unlock(t);
	pthread_cond_broadcast(&s->changed); // clean: condvar-notify
	pthread_mutex_unlock(&s->mtx); // clean: unreleased-lock
	return 0;
}

static int session_count_try(struct table *t)
{
	int n = -EBUSY;

	switch (pthread_mutex_trylock(&t->mtx)) { // clean: unreleased-lock
	case 0:
		n = (int)t->n; // clean: unguarded-access
		pthread_mutex_unlock(&t->mtx); // clean: unreleased-lock
		break;
	case EBUSY:
		break; // clean: unreleased-lock
	default:
		n = -EINVAL;
	}
	return n; // clean: unreleased-lock
}

static int session_try_close(struct session *s)
{
	int r = pthread_mutex_trylock(&s->mtx); // side: unreleased-lock #tryclose

	if (r == EBUSY)
		return -EBUSY; // clean: unreleased-lock
	if (s->state == 0)
		return 0; // expect: unreleased-lock #tryclose
	s->state = 0;
	pthread_mutex_unlock(&s->mtx);
	return 1;
}

static int session_timed_close(struct session *s)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec++;
	if (pthread_mutex_timedlock(&s->mtx, &ts) != 0) // clean: unreleased-lock
		return -ETIMEDOUT; // clean: unreleased-lock
	s->state = 0;
	pthread_mutex_unlock(&s->mtx); // clean: unreleased-lock
	return 0;
}

static void stats_fail(struct table *t)
{
	pthread_spin_lock(&t->stat_lock); // clean: unreleased-lock
	t->failed++;
	pthread_spin_unlock(&t->stat_lock); // clean: unreleased-lock
}

static unsigned stats_failed(struct table *t, unsigned limit)
{
	unsigned n;

	pthread_spin_lock(&t->stat_lock); // side: unreleased-lock #failed
	n = t->failed;
	if (n > limit)
		return limit; // expect: unreleased-lock #failed
	pthread_spin_unlock(&t->stat_lock);
	return n;
}

static void stats_clear(struct table *t)
{
	t->failed = 0; // expect: unguarded-access | data-race
}

static void stats_slow(struct table *t)
{
	pthread_spin_lock(&t->stat_lock);
	usleep(t->failed * 1000); // expect: blocking-under-lock
	pthread_spin_unlock(&t->stat_lock);
}

static int cfg_timeout(struct table *t)
{
	int v;

	pthread_rwlock_rdlock(&t->cfg); // clean: unreleased-lock
	v = t->timeout; // clean: unguarded-access, wrong-lock
	pthread_rwlock_unlock(&t->cfg); // clean: unreleased-lock
	return v;
}

static int cfg_set(struct table *t, int timeout, int max)
{
	if (pthread_rwlock_wrlock(&t->cfg) != 0) // side: unreleased-lock #cfg
		return -EDEADLK; // clean: unreleased-lock
	if (timeout < 0)
		goto bad;
	t->timeout = timeout;
	t->max = max;
	pthread_rwlock_unlock(&t->cfg);
	return 0; // clean: unreleased-lock
bad:
	return -EINVAL; // expect: unreleased-lock #cfg
}

static int cfg_try(struct table *t)
{
	int v = -1;

	if (!pthread_rwlock_tryrdlock(&t->cfg)) { // clean: unreleased-lock
		v = t->timeout;
		pthread_rwlock_unlock(&t->cfg);
	}
	return v; // clean: unreleased-lock
}

static int cfg_nested(struct table *t)
{
	int v;

	pthread_rwlock_wrlock(&t->cfg); // side: self-deadlock #nested
	v = cfg_timeout(t); // expect: self-deadlock #nested
	pthread_rwlock_unlock(&t->cfg);
	return v;
}

static int cfg_loop(struct table *t, int *out, int n)
{
	for (int i = 0; i < n; i++) {
		pthread_rwlock_rdlock(&t->cfg); // side: unreleased-lock #loop
		if (t->max == i)
			continue; // expect: unreleased-lock #loop
		out[i] = t->max;
		pthread_rwlock_unlock(&t->cfg);
	}
	return n;
}

static int cfg_loop_right(struct table *t, int *out, int n)
{
	for (int i = 0; i < n; i++) {
		pthread_rwlock_rdlock(&t->cfg); // clean: unreleased-lock, self-deadlock
		if (t->max == i) {
			pthread_rwlock_unlock(&t->cfg);
			continue; // clean: unreleased-lock
		}
		out[i] = t->max;
		pthread_rwlock_unlock(&t->cfg);
		if (out[i] < 0)
			break; // clean: unreleased-lock
	}
	return n;
}

static int note_set(const char *s)
{
	int rc = 0;

	pthread_mutex_lock(&note_mtx); // clean: unreleased-lock
	do {
		if (strlen(s) >= sizeof note) {
			rc = -ENAMETOOLONG;
			break; // clean: unreleased-lock
		}
		strcpy(note, s); // clean: unguarded-access
	} while (0);
	pthread_mutex_unlock(&note_mtx); // clean: unreleased-lock
	return rc;
}

static size_t note_len(void)
{
	pthread_mutex_lock(&note_mtx); // side: unreleased-lock #len
	return strlen(note); // expect: unreleased-lock #len
}

static size_t note_copy(char *to, size_t n)
{
	pthread_mutex_lock(&note_mtx); // clean: unreleased-lock
	strncpy(to, note, n);
	to[n - 1] = 0;
	pthread_mutex_unlock(&note_mtx); // clean: unreleased-lock
	return n;
}

static void note_done(int failed)
{
	if (!failed)
		pthread_mutex_lock(&note_mtx); // clean: unreleased-lock
	if (!failed) {
		note[0] = 0; // clean: unguarded-access
		pthread_mutex_unlock(&note_mtx); // clean: unreleased-lock
	}
}

static void note_twice(void)
{
	pthread_mutex_lock(&note_mtx);
	note[0] = 0;
	pthread_mutex_unlock(&note_mtx);
	note_set("twice"); // clean: self-deadlock
	pthread_mutex_unlock(&note_mtx); // expect: unreleased-lock
}

static int audit(struct table *t, const char *s)
{
	pthread_mutex_lock(&audit_mtx);
	dprintf(t->audit_fd, "%s\n", s); // maybe: blocking-under-lock
	fsync(t->audit_fd); // expect: blocking-under-lock
	pthread_mutex_unlock(&audit_mtx);
	atomic_fetch_add_explicit(&audit_lines, 1, memory_order_relaxed); // clean: data-race, unguarded-access
	return 0;
}

static int audit_remote(struct table *t, const char *host)
{
	struct addrinfo *ai = NULL;
	int r;

	table_lock(t);
	r = getaddrinfo(host, "514", NULL, &ai); // expect: blocking-under-lock
	table_unlock(t);
	if (r)
		return -EHOSTUNREACH;
	freeaddrinfo(ai);
	return getaddrinfo(host, "515", NULL, &ai); // clean: blocking-under-lock
}

static int audit_hook(struct table *t)
{
	int st;

	table_lock(t);
	pid_t p = fork(); // maybe: blocking-under-lock
	if (p == 0)
		_exit(0); // clean: unreleased-lock
	waitpid(p, &st, 0); // expect: blocking-under-lock
	table_unlock(t);
	waitpid(-1, &st, WNOHANG); // clean: blocking-under-lock
	return st;
}

static int audit_hook_right(struct table *t)
{
	int st = 0;
	pid_t p;

	table_lock(t);
	waitpid(-1, &st, WNOHANG); // clean: blocking-under-lock
	table_unlock(t);
	p = fork(); // clean: blocking-under-lock
	if (p == 0)
		_exit(0);
	waitpid(p, &st, 0); // clean: blocking-under-lock
	return st;
}

static int peek_all(struct table *t)
{
	char b;
	int n = 0;

	table_lock(t);
	for (struct session *s = t->head; s; s = s->next)
		n += recv(s->fd, &b, 1, MSG_PEEK | MSG_DONTWAIT) > 0; // clean: blocking-under-lock
	for (struct session *s = t->head; s; s = s->next)
		n += recv(s->fd, &b, 1, 0) > 0; // expect: blocking-under-lock
	table_unlock(t);
	return n;
}

static int take_slot(struct table *t)
{
	sem_wait(&slots); // clean: blocking-under-lock
	table_lock(t);
	if (sem_trywait(&slots) == 0) // clean: blocking-under-lock
		sem_post(&slots); // clean: blocking-under-lock
	sem_wait(&slots); // expect: blocking-under-lock
	table_unlock(t);
	sem_post(&slots);
	return sem_post(&slots); // clean: blocking-under-lock
}

static unsigned table_n(struct table *t)
{
	return t->n; // expect: unguarded-access | data-race
}

static void *client(void *arg)
{
	int id = (int)(long)arg, out[4];
	char buf[64];
	struct session *s;

	take_slot(&tab);
	if (session_open(&tab, id, "a") && session_open_right(&tab, id + 100, "b"))
		stats_fail(&tab);
	session_touch(&tab, id);
	session_rename(&tab, id, "c");
	s = session_acquire(&tab, id); // clean: unreleased-lock
	if (s) {
		session_release(s);
		session_set_state(s, 2);
		session_await_timed(s, 3, 1);
		session_await(s, 3);
		session_await_any(s);
		session_try_close(s);
		session_timed_close(s);
		session_kill(s);
		session_close(&tab, s);
	}
	stats_slow(&tab);
	stats_clear(&tab);
	cfg_loop(&tab, out, 4);
	cfg_loop_right(&tab, out, 4);
	cfg_nested(&tab);
	note_set("client");
	note_copy(buf, sizeof buf);
	note_done(0);
	note_twice();
	audit(&tab, buf);
	audit_remote(&tab, "log");
	audit_hook(&tab);
	audit_hook_right(&tab);
	peek_all(&tab);
	return NULL;
}

int main(void)
{
	pthread_t t[4];
	int n = 0;

	pthread_mutex_init(&tab.mtx, NULL);
	pthread_spin_init(&tab.stat_lock, PTHREAD_PROCESS_PRIVATE);
	pthread_rwlock_init(&tab.cfg, NULL);
	sem_init(&slots, 0, 8);
	tab.timeout = 30; // clean: unguarded-access, data-race
	tab.max = 8; // clean: unguarded-access, data-race
	tab.audit_fd = 2; // clean: unguarded-access, data-race
	for (; n < 4; n++)
		if (pthread_create(&t[n], NULL, client, (void *)(long)n))
			break;
	cfg_set(&tab, 60, 16);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL); // clean: thread-lifetime, blocking-under-lock
	printf("%u sessions, %u failed, %zu\n", tab.n, stats_failed(&tab, 9), note_len()); // clean: unguarded-access, data-race
	return session_count_try(&tab) + cfg_try(&tab) + session_state(&tab, 1) + (int)table_n(&tab) < 0;
}
