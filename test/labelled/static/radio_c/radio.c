#define _DEFAULT_SOURCE
#include "radio.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static int hw_tx(struct radio *r, const void *frame, unsigned len)
{
	if (len == 0)
		return -EINVAL;
	return ring_push(&r->txq, frame);
}

static const struct radio_ops mac_ops = { .rx = mac_rx, .tx = hw_tx, .event = mac_event };

/* With cfg held. */
static int apply(struct radio *r)
{
	if (r->channel > 100) // clean: unguarded-access
		return -EINVAL;
	r->resets++; // clean: unguarded-access
	return 0;
}

/* Configuration, then whatever the event handler takes. */
static int radio_tune(struct radio *r, int channel)
{
	int rc;

	pthread_mutex_lock(&r->cfg); // side: lock-order #stats; side: self-deadlock #scan; side: self-deadlock #event
	r->channel = channel;
	rc = apply(r);
	if (rc)
		r->ops->event(r, channel); // expect: lock-order #stats; expect: self-deadlock #event
	pthread_mutex_unlock(&r->cfg);
	return rc;
}

static int radio_tune_quiet(struct radio *r, int channel)
{
	int rc;

	pthread_mutex_lock(&r->cfg);
	r->channel = channel;
	rc = apply(r);
	pthread_mutex_unlock(&r->cfg);
	if (rc)
		r->ops->event(r, channel); // clean: lock-order, self-deadlock
	return rc;
}

static int radio_scan(struct radio *r)
{
	int best = 0;

	if (pthread_mutex_trylock(&r->cfg)) // side: self-deadlock #scan
		return -EBUSY; // clean: unreleased-lock
	for (int c = 1; c < 14; c++)
		if (radio_tune(r, c) == 0) // expect: self-deadlock #scan
			best = c;
	pthread_mutex_unlock(&r->cfg);
	return best;
}

static bool radio_loud(const struct radio *r)
{
	return r->power > 20; // expect: unguarded-access | data-race
}

static void radio_power(struct radio *r, int p)
{
	pthread_mutex_lock(&r->cfg);
	r->power = p;
	pthread_mutex_unlock(&r->cfg);
	r->resets = 0; // expect: unguarded-access | data-race
}

static int radio_calibrate(struct radio *r)
{
	pthread_mutex_lock(&r->cfg);
	r->power = 10;
	usleep(20000); // expect: blocking-under-lock
	r->power = 0;
	pthread_mutex_unlock(&r->cfg);
	usleep(20000); // clean: blocking-under-lock
	return 0;
}

static struct radio the_radio;

static void *irq_thread(void *arg)
{
	static const char frame[64];
	struct radio *r = arg;

	for (int i = 0; i < 1000; i++)
		if (r->ops->rx(r, frame, (unsigned)i % sizeof frame)) // clean: data-race, lock-order
			r->ops->event(r, i % 5);
	return NULL;
}

static void *tx_thread(void *arg)
{
	struct radio *r = arg;
	const void *p;

	while ((p = ring_pop(&r->rxq)) != NULL)
		r->ops->tx(r, p, 64);
	ring_move(&r->rxq, &r->txq);
	ring_move(&r->txq, &r->rxq);
	return NULL;
}

static void *ctl_thread(void *arg)
{
	struct radio *r = arg;

	radio_tune(r, 6);
	radio_tune_quiet(r, 11);
	radio_power(r, radio_loud(r) ? 5 : 25);
	if (radio_scan(r) < 0)
		radio_calibrate(r);
	stats_clear(r);
	return NULL;
}

int main(void)
{
	void *(*const entry[])(void *) = { irq_thread, tx_thread, ctl_thread, ctl_thread };
	pthread_t th[4];

	ring_init(&the_radio.rxq);
	ring_init(&the_radio.txq);
	pthread_mutex_init(&the_radio.cfg, NULL);
	pthread_mutex_init(&the_radio.stats.lock, NULL);
	the_radio.ops = &mac_ops; // clean: data-race, unguarded-access
	the_radio.power = 10; // clean: data-race, unguarded-access
	for (int i = 0; i < 4; i++)
		if (pthread_create(&th[i], NULL, entry[i], &the_radio))
			return 1;
	for (int i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
	printf("%lu rx %lu err %u left\n", the_radio.stats.rx, the_radio.stats.err, ring_len(&the_radio.rxq)); // clean: data-race, unguarded-access
	return 0;
}
