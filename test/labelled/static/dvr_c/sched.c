#define _POSIX_C_SOURCE 200809L
#include "dvr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* with sched.rw held */
static struct recording **find(struct schedule *s, const char *title)
{
	struct recording **p;

	for (p = &s->head; *p; p = &(*p)->next) // clean: unguarded-access
		if (strcmp((*p)->title, title) == 0)
			break;
	return p;
}

int sched_add(struct dvr *d, const char *title, int tuner)
{
	struct schedule *s = &d->sched;
	struct recording *r, **p;
	int rc;

	r = calloc(1, sizeof *r);
	if (!r)
		return -ENOMEM;
	strncpy(r->title, title, sizeof r->title - 1);
	r->tuner = tuner; // clean: unguarded-access, data-race
	pthread_rwlock_wrlock(&s->rw); // side: lock-order #disk
	p = find(s, title);
	if (*p) {
		s->conflicts++;
		rc = -EEXIST;
		goto err;
	}
	pthread_mutex_lock(&d->disk); // expect: lock-order #disk
	rc = d->used >= d->quota ? -ENOSPC : 0;
	pthread_mutex_unlock(&d->disk);
	if (rc)
		goto err;
	*p = r;
	s->count++;
	pthread_rwlock_unlock(&s->rw);
	return 0;
err:
	pthread_rwlock_unlock(&s->rw); // clean: unreleased-lock
	free(r);
	return rc;
}

int sched_remove(struct dvr *d, const char *title)
{
	struct schedule *s = &d->sched;
	struct recording **p, *r;

	pthread_rwlock_wrlock(&s->rw);
	p = find(s, title);
	r = *p;
	if (!r)
		goto out;
	*p = r->next;
out:
	pthread_rwlock_unlock(&s->rw);
	if (!r)
		return -ENOENT;
	s->count--; // expect: unguarded-access | data-race | wrong-lock
	d->ops->release(d, r->tuner); // clean: lock-order, unguarded-access
	free(r);
	return 0;
}

unsigned sched_count(struct dvr *d)
{
	unsigned n;

	pthread_rwlock_rdlock(&d->sched.rw);
	n = d->sched.count; // clean: unguarded-access
	pthread_rwlock_unlock(&d->sched.rw);
	return n;
}

unsigned sched_conflicts(struct dvr *d)
{
	return d->sched.conflicts; // expect: unguarded-access | data-race
}

/* Drops the first entry if there are more than two. */
int sched_upgrade(struct dvr *d)
{
	struct schedule *s = &d->sched;
	struct recording *r = NULL;

	pthread_rwlock_rdlock(&s->rw); // side: self-deadlock #upgrade
	if (s->count > 2) {
		pthread_rwlock_wrlock(&s->rw); // expect: self-deadlock #upgrade
		r = s->head;
		s->head = r->next;
		s->count--;
		pthread_rwlock_unlock(&s->rw); // maybe: unreleased-lock
	}
	pthread_rwlock_unlock(&s->rw); // maybe: unreleased-lock
	free(r);
	return 0;
}

bool sched_busy(struct dvr *d, int tuner)
{
	bool busy = false;

	pthread_rwlock_rdlock(&d->sched.rw);
	for (struct recording *r = d->sched.head; r && !busy; r = r->next)
		busy = r->tuner == tuner;
	pthread_rwlock_unlock(&d->sched.rw);
	return busy;
}
