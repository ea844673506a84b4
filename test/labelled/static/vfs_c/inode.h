#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define NBUCKET 64

struct inode {
	pthread_rwlock_t rw;
	pthread_mutex_t pages_mtx;
	unsigned long ino;
	unsigned long size;
	unsigned npages;
	unsigned dirty;
	int refs;
	char *link;
	struct inode *hash_next;
	struct inode *lru_next;
};

struct icache {
	pthread_mutex_t mtx;
	struct inode *bucket[NBUCKET];
	struct inode *lru;
	unsigned count;
	unsigned limit;
	unsigned hits, misses;
	int log_fd;
};

struct journal {
	pthread_mutex_t mtx;
	pthread_cond_t room;
	unsigned head, tail;
	unsigned cap;
	bool aborted;
	int fd;
};

struct inode *icache_get(struct icache *c, unsigned long ino);
void icache_put(struct icache *c, struct inode *in);
int icache_shrink(struct icache *c, unsigned want);
struct inode *icache_get_locked(struct icache *c, unsigned long ino);
int journal_reserve(struct journal *j, unsigned n);
int journal_commit(struct journal *j, const void *buf, size_t n);
void journal_abort(struct journal *j);
