// pthreads in the style of a driver: tables of functions, goto, locking macros and wrappers, reader-writer locks.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c11 -D_GNU_SOURCE > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#define guarded(m) for (int _i = (pthread_mutex_lock(m), 0); !_i; _i = (pthread_mutex_unlock(m), 1))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct buf {
	struct buf *next;
	size_t len;
	char data[64];
};

struct chan;
struct chan_ops {
	int (*open)(struct chan *c);
	void (*close)(struct chan *c);
	int (*xfer)(struct chan *c, struct buf *b);
};

struct stats {
	pthread_rwlock_t rw;
	unsigned long rx, tx, drops;
};

struct chan {
	pthread_mutex_t lock;
	const struct chan_ops *ops;
	struct buf *queue;
	unsigned depth;
	bool up;
	int users;
	struct stats st;
	struct dev *dev;
};

struct dev {
	pthread_mutex_t lock;
	struct chan ch[4];
	unsigned open_count;
	int state;
};

static struct dev the_dev;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_buf[256];
static size_t log_len;

static void dev_log(const char *s)
{
	pthread_mutex_lock(&log_lock);
	size_t n = strlen(s);
	if (log_len + n < sizeof log_buf) {
		memcpy(log_buf + log_len, s, n);
		log_len += n;
	}
	pthread_mutex_unlock(&log_lock);
}

size_t dev_log_len(void)
{
	return log_len; // expect: unguarded-access
}

static inline void chan_lock(struct chan *c) { pthread_mutex_lock(&c->lock); }
static inline void chan_unlock(struct chan *c) { pthread_mutex_unlock(&c->lock); }

static void __chan_flush(struct chan *c)
{
	struct buf *b = c->queue, *next; // clean: unguarded-access
	while (b) {
		next = b->next;
		free(b);
		b = next;
	}
	c->queue = NULL; // clean: unguarded-access
	c->depth = 0;
}

int chan_push(struct chan *c, const char *data, size_t len)
{
	struct buf *b;
	int rc = 0;

	if (len > sizeof b->data)
		return -EINVAL;
	b = malloc(sizeof *b);
	if (!b)
		return -ENOMEM;
	memcpy(b->data, data, len);
	b->len = len; // clean: unguarded-access
	chan_lock(c);
	if (!c->up) {
		rc = -EPIPE;
		goto out_free;
	}
	b->next = c->queue;
	c->queue = b;
	c->depth++;
	chan_unlock(c);
	return 0;

out_free:
	chan_unlock(c);
	free(b);
	return rc;
}

unsigned chan_depth(const struct chan *c)
{
	return c->depth; // expect: unguarded-access
}

static int raw_open(struct chan *c)
{
	chan_lock(c); // side: lock-order
	c->up = true;
	chan_unlock(c);
	return 0;
}

static void raw_close(struct chan *c)
{
	chan_lock(c);
	c->up = false;
	__chan_flush(c);
	chan_unlock(c);
}

static int raw_xfer(struct chan *c, struct buf *b)
{
	pthread_rwlock_wrlock(&c->st.rw);
	c->st.tx += b->len;
	pthread_rwlock_unlock(&c->st.rw);
	return 0;
}

static const struct chan_ops raw_ops = {
	.open = raw_open,
	.close = raw_close,
	.xfer = raw_xfer,
};

/* dev, then chan */
int dev_open(struct dev *d, unsigned i)
{
	int rc = -EINVAL;

	pthread_mutex_lock(&d->lock); // side: lock-order
	if (i >= ARRAY_SIZE(d->ch))
		goto out;
	rc = d->ch[i].ops->open(&d->ch[i]); // expect: lock-order
	if (rc)
		goto out;
	d->open_count++;
out:
	pthread_mutex_unlock(&d->lock);
	return rc;
}

/* chan, then dev */
void chan_reset(struct chan *c)
{
	guarded(&c->lock) { // side: lock-order
		__chan_flush(c);
		pthread_mutex_lock(&c->dev->lock); // expect: lock-order
		c->dev->state = 1;
		pthread_mutex_unlock(&c->dev->lock);
	}
}

void chan_reset_ok(struct chan *c)
{
	guarded(&c->lock)
		__chan_flush(c);
	pthread_mutex_lock(&c->dev->lock); // clean: lock-order
	c->dev->state = 2;
	pthread_mutex_unlock(&c->dev->lock);
}

void chan_stats(struct chan *c, unsigned long *rx, unsigned long *tx)
{
	pthread_rwlock_rdlock(&c->st.rw);
	*rx = c->st.rx;
	*tx = c->st.tx;
	pthread_rwlock_unlock(&c->st.rw);
}

void chan_drop(struct chan *c)
{
	c->st.drops++;
}

void chan_rx(struct chan *c, unsigned n)
{
	c->st.rx += n; // expect: unguarded-access
}

int chan_drain(struct chan *c)
{
	struct buf *b;
	int n = 0;

	chan_lock(c); // side: self-deadlock
	while ((b = c->queue) != NULL) {
		c->queue = b->next;
		c->depth--;
		if (c->ops->xfer(c, b) < 0)
			c->ops->close(c); // expect: self-deadlock
		free(b);
		n++;
	}
	chan_unlock(c);
	return n;
}

int chan_drain_ok(struct chan *c)
{
	struct buf *b;
	int n = 0;

	for (;;) {
		chan_lock(c);
		b = c->queue;
		if (!b) {
			chan_unlock(c);
			break;
		}
		c->queue = b->next;
		c->depth--;
		chan_unlock(c);
		if (c->ops->xfer(c, b) < 0)
			c->ops->close(c); // clean: self-deadlock
		free(b);
		n++;
	}
	return n;
}

static void *tx_thread(void *arg)
{
	struct chan *c = arg;

	for (int i = 0; i < 10; i++) {
		chan_push(c, "x", 1);
		chan_drain(c);
		chan_drain_ok(c);
		chan_rx(c, 1);
		chan_drop(c);
		chan_reset(c);
		chan_reset_ok(c);
	}
	return NULL;
}

static void *mon_thread(void *arg)
{
	struct dev *d = arg;
	unsigned long rx, tx, sum = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(d->ch); i++) {
		chan_stats(&d->ch[i], &rx, &tx);
		sum += rx + tx + chan_depth(&d->ch[i]);
		dev_open(d, i);
	}
	dev_log("mon\n");
	return sum + dev_log_len() ? d : NULL;
}

int main(void)
{
	pthread_t tx[4], mon;
	struct dev *d = &the_dev;

	pthread_mutex_init(&d->lock, NULL);
	d->state = 0; // clean: unguarded-access
	for (unsigned i = 0; i < ARRAY_SIZE(d->ch); i++) {
		pthread_mutex_init(&d->ch[i].lock, NULL);
		pthread_rwlock_init(&d->ch[i].st.rw, NULL);
		d->ch[i].ops = &raw_ops;
		d->ch[i].dev = d;
		d->ch[i].up = false; // clean: unguarded-access
	}
	for (unsigned i = 0; i < 4; i++)
		if (pthread_create(&tx[i], NULL, tx_thread, &d->ch[i]) != 0)
			exit(1);
	if (pthread_create(&mon, NULL, mon_thread, d) != 0)
		exit(1);
	dev_log("started\n");
	for (unsigned i = 0; i < 4; i++)
		pthread_join(tx[i], NULL);
	pthread_join(mon, NULL);
	return (int)(d->open_count + d->ch[0].depth + log_len); // clean: unguarded-access
}
