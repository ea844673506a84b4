#define _POSIX_C_SOURCE 200809L
#include "radio.h"

#include <errno.h>
#include <stddef.h>

void stats_err(struct radio *r)
{
	pthread_mutex_lock(&r->stats.lock); // side: self-deadlock #clear; side: lock-order #stats
	r->stats.err++;
	pthread_mutex_unlock(&r->stats.lock);
}

/* Resets the counters; a reset with errors left counts as one. */
void stats_clear(struct radio *r)
{
	pthread_mutex_lock(&r->stats.lock); // side: self-deadlock #clear
	r->stats.rx = r->stats.tx = 0;
	if (r->stats.err > 0)
		stats_err(r); // expect: self-deadlock #clear
	pthread_mutex_unlock(&r->stats.lock);
}

static int mac_parse(const void *frame, unsigned len)
{
	return frame && len > 8 ? 0 : -EBADMSG;
}

int mac_rx(struct radio *r, const void *frame, unsigned len)
{
	int rc = mac_parse(frame, len);

	if (rc)
		goto bad;
	rc = ring_push(&r->rxq, frame); // clean: lock-order
	if (rc)
		goto bad;
	pthread_mutex_lock(&r->stats.lock);
	r->stats.rx++;
	pthread_mutex_unlock(&r->stats.lock);
	return 0;
bad:
	stats_err(r); // clean: self-deadlock
	return rc;
}

/* Statistics, then configuration. */
void mac_event(struct radio *r, int what)
{
	pthread_mutex_lock(&r->stats.lock); // side: lock-order #stats
	r->stats.err += what > 0;
	if (what > 3) {
		pthread_mutex_lock(&r->cfg); // expect: lock-order #stats; side: self-deadlock #event
		r->power /= 2;
		pthread_mutex_unlock(&r->cfg);
	}
	pthread_mutex_unlock(&r->stats.lock);
}
