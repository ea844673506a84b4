#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Batch queue: jobs with a lock each, a run queue, users with quota, one condition per queue. */

#define LOCK(x) pthread_mutex_lock(&(x)->mtx)
#define UNLOCK(x) pthread_mutex_unlock(&(x)->mtx)
#define SCOPED __attribute__((cleanup(scoped_end)))

struct user {
	pthread_mutex_t mtx;
	char name[16];
	int quota, running;
};

struct job {
	pthread_mutex_t mtx;
	int id, state, prio;
	struct user *owner;
	struct job *next;
};

struct queue {
	pthread_mutex_t mtx;
	pthread_cond_t more;
	struct job *head;
	int depth, peak;
	bool closed;
};

static void scoped_end(pthread_mutex_t **m)
{
	pthread_mutex_unlock(*m);
}

static pthread_mutex_t *scoped_begin(pthread_mutex_t *m)
{
	pthread_mutex_lock(m); // clean: unreleased-lock; side: self-deadlock #requeue; side: lock-order #prio
	return m;
}

static struct job *job_new(int id, struct user *u)
{
	struct job *j = calloc(1, sizeof *j);

	if (j) {
		pthread_mutex_init(&j->mtx, NULL);
		j->id = id;
		j->state = 1; // clean: unguarded-access, data-race
		j->owner = u;
	}
	return j;
}

static void queue_put(struct queue *q, struct job *j)
{
	SCOPED pthread_mutex_t *held = scoped_begin(&q->mtx); // side: self-deadlock #requeue

	(void)held;
	j->next = q->head;
	q->head = j;
	if (++q->depth > q->peak)
		q->peak = q->depth;
	pthread_cond_signal(&q->more); // clean: condvar-notify
}

static struct job *queue_take(struct queue *q)
{
	struct job *j = NULL;

	LOCK(q);
	while (!q->head && !q->closed)
		pthread_cond_wait(&q->more, &q->mtx); // clean: condvar-wait, blocking-under-lock
	if (!q->head)
		goto out;
	j = q->head;
	q->head = j->next;
	q->depth--;
out:
	UNLOCK(q); // clean: unreleased-lock
	return j;
}

static void queue_requeue(struct queue *q, int id)
{
	SCOPED pthread_mutex_t *held = scoped_begin(&q->mtx); // side: self-deadlock #requeue
	struct job *j = q->head;

	(void)held;
	if (!j || j->id != id)
		return; // clean: unreleased-lock
	q->head = j->next;
	q->depth--;
	queue_put(q, j); // expect: self-deadlock #requeue
}

static int queue_depth(struct queue *q)
{
	return q->depth; // expect: unguarded-access | data-race
}

/* Queue, then job. */
static void queue_boost(struct queue *q)
{
	SCOPED pthread_mutex_t *held = scoped_begin(&q->mtx); // side: lock-order #prio

	(void)held;
	for (struct job *j = q->head; j; j = j->next) {
		LOCK(j); // expect: lock-order #prio
		j->prio++;
		UNLOCK(j);
	}
}

/* Job, then queue. */
static void job_yield(struct queue *q, struct job *j)
{
	LOCK(j); // side: lock-order #prio
	j->state = 1;
	queue_put(q, j); // expect: lock-order #prio
	UNLOCK(j);
}

static void job_yield_ok(struct queue *q, struct job *j)
{
	LOCK(j);
	j->state = 1;
	UNLOCK(j);
	queue_put(q, j); // clean: lock-order, self-deadlock
}

/* User, then job. */
static int user_charge(struct user *u, struct job *j)
{
	int rc = 0;

	LOCK(u); // side: lock-order #charge
	if (u->running >= u->quota) {
		rc = -EDQUOT;
		goto out;
	}
	u->running++;
	LOCK(j); // expect: lock-order #charge
	j->state = 2;
	UNLOCK(j);
out:
	UNLOCK(u);
	return rc;
}

/* Job, then its owner. */
static void job_finish(struct job *j)
{
	LOCK(j); // side: lock-order #charge
	j->state = 3;
	LOCK(j->owner); // expect: lock-order #charge
	j->owner->running--;
	UNLOCK(j->owner);
	UNLOCK(j);
}

static void user_give(struct user *from, struct user *to, int n)
{
	struct user *a = from, *b = to;

	if (from == to)
		return;
	if (a > b) {
		a = to;
		b = from;
	}
	LOCK(a);
	LOCK(b); // clean: lock-order, self-deadlock
	from->quota -= n; // clean: unguarded-access
	to->quota += n; // clean: unguarded-access
	UNLOCK(b);
	UNLOCK(a);
}

static int user_free(const struct user *u)
{
	return u->quota - u->running; // expect: unguarded-access | data-race
}

static void user_reset(struct user *u)
{
	LOCK(u); // side: unreleased-lock #reset
	if (u->running == 0)
		return; // expect: unreleased-lock #reset
	u->running = 0;
	UNLOCK(u);
}

static void queue_close(struct queue *q)
{
	LOCK(q);
	q->closed = true;
	pthread_cond_broadcast(&q->more);
	UNLOCK(q);
	if (q->peak > 100) // expect: unguarded-access | data-race
		fprintf(stderr, "deep queue\n");
}

static struct queue q = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0, 0, false };
static struct user users[2];

static void *runner(void *arg)
{
	struct job *j;

	while ((j = queue_take(&q)) != NULL) {
		if (user_charge(j->owner, j) < 0) // clean: unguarded-access, data-race
			job_yield(&q, j);
		else
			job_finish(j);
	}
	user_give(&users[0], &users[1], 1);
	return arg;
}

static void *operator_main(void *arg)
{
	queue_boost(&q);
	queue_requeue(&q, 3);
	user_give(&users[1], &users[0], 1);
	if (queue_depth(&q) > 10 && user_free(&users[0]) > 0)
		job_yield_ok(&q, job_new(1000, &users[0]));
	user_reset(&users[1]);
	return arg;
}

int main(void)
{
	pthread_t t[3];

	for (int i = 0; i < 2; i++) {
		pthread_mutex_init(&users[i].mtx, NULL);
		users[i].quota = 4; // clean: unguarded-access, data-race
	}
	for (int i = 0; i < 3; i++)
		if (pthread_create(&t[i], NULL, i ? runner : operator_main, NULL))
			return 1;
	for (int i = 0; i < 100; i++)
		queue_put(&q, job_new(i, &users[i % 2]));
	queue_close(&q);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	return q.depth + users[0].running; // clean: unguarded-access, data-race
}
