#ifndef RADIO_H
#define RADIO_H
#include <pthread.h>

struct radio;

struct radio_ops {
	int (*rx)(struct radio *r, const void *frame, unsigned len);
	int (*tx)(struct radio *r, const void *frame, unsigned len);
	void (*event)(struct radio *r, int what);
};

struct ring {
	pthread_spinlock_t slock;
	unsigned head, tail, drops;
	const void *slot[64];
};

struct radio {
	pthread_mutex_t cfg;
	struct ring rxq, txq;
	const struct radio_ops *ops;
	int power, channel;
	unsigned resets;
	struct {
		pthread_mutex_t lock;
		unsigned long rx, tx, err;
	} stats;
};

void ring_init(struct ring *q);
int ring_push(struct ring *q, const void *p);
const void *ring_pop(struct ring *q);
unsigned ring_len(struct ring *q);
void ring_move(struct ring *from, struct ring *to);

void stats_err(struct radio *r);
void stats_clear(struct radio *r);
int mac_rx(struct radio *r, const void *frame, unsigned len);
void mac_event(struct radio *r, int what);
#endif
