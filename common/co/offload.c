#include "co/offload.h"

#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"

#include <pthread.h>
#include <stdlib.h>

struct job {
	struct job *next;
	void (*work)(void *argument);
	void (*done)(void *argument);
	void *argument;
	struct loop *loop;
	struct co *waiter; /* NULL when it has left; of the loop's thread only */
	bool finished;	   /* likewise */
};

struct offload_pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job *first, *last;
	size_t queued, limit, idle, thread_count;
	bool stopping;
	pthread_t *threads;
};

static struct offload_pool *default_pool;

static void release(struct job *job)
{
	if (job->done)
		job->done(job->argument);
	free(job);
}

/* On the loop's thread: the work is over, or was never begun. */
static void finish(void *argument)
{
	struct job *job = argument;
	if (!job->waiter) {
		release(job);
		return;
	}
	job->finished = true;
	co_wake(job->waiter);
}

static struct job *take(struct offload_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->idle++;
	while (!pool->first && !pool->stopping)
		(void)pthread_cond_wait(&pool->work, &pool->lock);
	pool->idle--;
	struct job *job = pool->first;
	if (job) {
		pool->first = job->next;
		pool->last = job->next ? pool->last : NULL;
		pool->queued--;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return job;
}

static void *run_thread(void *argument)
{
	struct offload_pool *pool = argument;
	struct job *job;
	while ((job = take(pool))) {
		job->work(job->argument);
		loop_post(job->loop, finish, job);
	}
	return NULL;
}

struct offload_pool *offload_pool_new(size_t threads, size_t queue_limit)
{
	struct offload_pool *pool = must_calloc(1, sizeof(*pool));
	pool->limit = queue_limit;
	pool->threads = must_calloc(threads, sizeof(*pool->threads));
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->work, NULL);
	while (pool->thread_count < threads) {
		if (pthread_create(&pool->threads[pool->thread_count], NULL, run_thread, pool) != 0) {
			offload_pool_free(pool);
			return NULL;
		}
		pool->thread_count++;
	}
	return pool;
}

void offload_pool_free(struct offload_pool *pool)
{
	if (!pool)
		return;
	(void)pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	struct job *dropped = pool->first;
	pool->first = pool->last = NULL;
	pool->queued = 0;
	(void)pthread_cond_broadcast(&pool->work);
	(void)pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->thread_count; i++)
		(void)pthread_join(pool->threads[i], NULL);
	while (dropped) {
		struct job *next = dropped->next;
		release(dropped);
		dropped = next;
	}
	(void)pthread_cond_destroy(&pool->work);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
}

/* A thread that waits for work does not count as queue: a job it will take at once is not waiting. */
static bool enqueue(struct offload_pool *pool, struct job *job)
{
	(void)pthread_mutex_lock(&pool->lock);
	bool room = !pool->stopping && pool->queued < pool->limit + pool->idle;
	if (room) {
		if (pool->last)
			pool->last->next = job;
		else
			pool->first = job;
		pool->last = job;
		pool->queued++;
		(void)pthread_cond_signal(&pool->work);
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return room;
}

/* Takes a job that no thread has begun out of the queue. */
static bool withdraw(struct offload_pool *pool, const struct job *job)
{
	struct job *before = NULL;
	(void)pthread_mutex_lock(&pool->lock);
	struct job *at = pool->first;
	while (at && at != job) {
		before = at;
		at = at->next;
	}
	if (at) {
		if (before)
			before->next = at->next;
		else
			pool->first = at->next;
		if (pool->last == at)
			pool->last = before;
		pool->queued--;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return at != NULL;
}

int offload_run(struct context *ctx, struct offload_pool *pool, void (*work)(void *argument), void *argument,
		void (*done)(void *argument))
{
	struct job *job = must_calloc(1, sizeof(*job));
	*job = (struct job){
	    .work = work,
	    .done = done,
	    .argument = argument,
	    .loop = loop_current(),
	    .waiter = co_self(),
	};
	if (!pool || !enqueue(pool, job)) {
		release(job);
		return context_fail(ctx, ERROR_OVERLOADED, "offload", NULL);
	}
	enum co_result result = co_park("offload", ctx->deadline);
	if (job->finished) {
		free(job);
		return 0;
	}
	job->waiter = NULL;
	if (withdraw(pool, job))
		release(job);
	return co_check(ctx, result);
}

struct offload_pool *offload_default(void)
{
	return default_pool;
}

void offload_set_default(struct offload_pool *pool)
{
	default_pool = pool;
}

size_t offload_queued(const struct offload_pool *pool)
{
	return pool->queued;
}
