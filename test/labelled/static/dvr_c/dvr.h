#ifndef DVR_H
#define DVR_H
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define NTUNERS 4

struct dvr;

struct tuner_ops {
	int (*tune)(struct dvr *d, int idx, int channel);
	void (*release)(struct dvr *d, int idx);
};

struct tuner {
	pthread_mutex_t lock;
	int channel;
	bool busy;
	unsigned long frames;
};

struct recording {
	char title[32];
	int tuner;
	struct recording *next;
};

struct schedule {
	pthread_rwlock_t rw;
	struct recording *head;
	unsigned count;
	unsigned conflicts;
};

struct dvr {
	struct tuner tuner[NTUNERS];
	struct schedule sched;
	pthread_mutex_t disk;
	unsigned long long used, quota;
	const struct tuner_ops *ops;
};

int sched_add(struct dvr *d, const char *title, int tuner);
int sched_remove(struct dvr *d, const char *title);
unsigned sched_count(struct dvr *d);
unsigned sched_conflicts(struct dvr *d);
int sched_upgrade(struct dvr *d);
bool sched_busy(struct dvr *d, int tuner);
#endif
