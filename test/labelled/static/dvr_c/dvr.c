#define _POSIX_C_SOURCE 200809L
#include "dvr.h"

#include <errno.h>
#include <stdio.h>

static struct dvr the_dvr;

static int hw_tune(struct dvr *d, int idx, int channel)
{
	struct tuner *t = &d->tuner[idx];
	int rc = -EBUSY;

	pthread_mutex_lock(&t->lock);
	if (t->busy)
		goto out;
	t->busy = true;
	t->channel = channel;
	rc = 0;
out:
	pthread_mutex_unlock(&t->lock); // clean: unreleased-lock
	return rc;
}

static void hw_release(struct dvr *d, int idx)
{
	pthread_mutex_lock(&d->tuner[idx].lock);
	d->tuner[idx].busy = false; // clean: unguarded-access
	pthread_mutex_unlock(&d->tuner[idx].lock);
}

static const struct tuner_ops hw = { hw_tune, hw_release };

static int dvr_channel(struct dvr *d, int idx)
{
	return d->tuner[idx].channel; // expect: unguarded-access | data-race
}

/* Copies one tuner's channel to another; the lower index goes first. */
static void dvr_follow(struct dvr *d, int a, int b)
{
	int lo = a < b ? a : b, hi = a < b ? b : a;

	if (lo == hi)
		return;
	pthread_mutex_lock(&d->tuner[lo].lock);
	pthread_mutex_lock(&d->tuner[hi].lock); // clean: lock-order, self-deadlock
	d->tuner[b].channel = d->tuner[a].channel; // clean: unguarded-access
	pthread_mutex_unlock(&d->tuner[hi].lock);
	pthread_mutex_unlock(&d->tuner[lo].lock);
}

/* Disk accounting: disk, then the schedule. */
static int dvr_expire(struct dvr *d)
{
	int rc = 0;

	pthread_mutex_lock(&d->disk); // side: lock-order #disk
	if (d->used * 10 > d->quota * 9) {
		rc = sched_count(d) ? -EAGAIN : 0; // expect: lock-order #disk
		d->used -= d->used / 10;
	}
	pthread_mutex_unlock(&d->disk);
	return rc;
}

static int dvr_retune(struct dvr *d, int idx, int channel)
{
	int rc;

	pthread_mutex_lock(&d->tuner[idx].lock); // side: self-deadlock #retune
	if (d->tuner[idx].channel == channel) {
		pthread_mutex_unlock(&d->tuner[idx].lock);
		return 0;
	}
	d->tuner[idx].busy = false;
	rc = d->ops->tune(d, idx, channel); // expect: self-deadlock #retune
	pthread_mutex_unlock(&d->tuner[idx].lock);
	return rc;
}

static int dvr_retune_ok(struct dvr *d, int idx, int channel)
{
	pthread_mutex_lock(&d->tuner[idx].lock);
	d->tuner[idx].busy = false;
	pthread_mutex_unlock(&d->tuner[idx].lock);
	return d->ops->tune(d, idx, channel); // clean: self-deadlock
}

static void *recorder(void *arg)
{
	int idx = *(int *)arg;
	char title[32];

	for (int i = 0; i < 100; i++) {
		snprintf(title, sizeof title, "show %d/%d", idx, i);
		if (the_dvr.ops->tune(&the_dvr, idx, i) == 0 && sched_add(&the_dvr, title, idx) == 0)
			sched_remove(&the_dvr, title);
		pthread_mutex_lock(&the_dvr.disk);
		the_dvr.used += 4096;
		pthread_mutex_unlock(&the_dvr.disk);
	}
	dvr_retune(&the_dvr, idx, 7);
	dvr_retune_ok(&the_dvr, idx, 8);
	return NULL;
}

static void *janitor(void *arg)
{
	struct dvr *d = arg;

	for (int i = 0; i < 100; i++) {
		dvr_expire(d);
		dvr_follow(d, i % NTUNERS, (i + 1) % NTUNERS);
		if (sched_conflicts(d) + (unsigned)dvr_channel(d, 0) > 100 && !sched_busy(d, 1))
			sched_upgrade(d);
	}
	return NULL;
}

int main(void)
{
	pthread_t th[NTUNERS + 1];
	int idx[NTUNERS];

	the_dvr.ops = &hw; // clean: unguarded-access, data-race
	the_dvr.quota = 1 << 20; // clean: unguarded-access
	pthread_rwlock_init(&the_dvr.sched.rw, NULL);
	pthread_mutex_init(&the_dvr.disk, NULL);
	for (int i = 0; i < NTUNERS; i++) {
		pthread_mutex_init(&the_dvr.tuner[i].lock, NULL);
		the_dvr.tuner[i].channel = i; // clean: unguarded-access, data-race
		idx[i] = i;
	}
	for (int i = 0; i < NTUNERS; i++)
		if (pthread_create(&th[i], NULL, recorder, &idx[i]))
			return 1;
	if (pthread_create(&th[NTUNERS], NULL, janitor, &the_dvr))
		return 1;
	for (int i = 0; i <= NTUNERS; i++)
		pthread_join(th[i], NULL);
	printf("%llu bytes, %u conflicts\n", the_dvr.used, the_dvr.sched.conflicts); // clean: unguarded-access, data-race
	return 0;
}
