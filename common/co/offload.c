#include "co/offload.h"

#include "base/fatal.h"
#include "base/fault.h"
#include "co/co.h"
#include "co/internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* A job is queued until a thread takes it, its caller withdraws it, or the pool is freed and drops it. Unless withdrawn
 * it is then posted to the loop of its caller, where it ends. */
struct job {
	struct job *next, *before; /* in the queue, under the pool's lock */
	bool queued;		   /* likewise */
	bool dropped;		   /* by offload_pool_free; written before it is posted */
	struct offload_pool *pool;
	void (*work)(void *argument);
	void (*done)(void *argument);
	void *argument;
	struct loop *loop;
	struct co *waiter; /* NULL when it has left; of the loop's thread only */
	bool arrived;	   /* the post came; likewise */
};

struct offload_pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job *first, *last;
	size_t queued, running, queue_limit, thread_count;
	size_t references; /* the owner's and one for each job that a loop still knows */
	bool stopping;
	atomic_int nice;
	pthread_t *threads;
};

static struct offload_pool *default_pool;

static void unreference(struct offload_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	bool last = --pool->references == 0;
	(void)pthread_mutex_unlock(&pool->lock);
	if (!last)
		return;
	(void)pthread_cond_destroy(&pool->work);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
}

/* --- the queue; the lock is held --- */

static void append(struct offload_pool *pool, struct job *job)
{
	job->before = pool->last;
	if (pool->last)
		pool->last->next = job;
	else
		pool->first = job;
	pool->last = job;
	job->queued = true;
	pool->queued++;
}

static void take_out(struct offload_pool *pool, struct job *job)
{
	if (job->before)
		job->before->next = job->next;
	else
		pool->first = job->next;
	if (job->next)
		job->next->before = job->before;
	else
		pool->last = job->before;
	job->queued = false;
	pool->queued--;
}

/* --- on the loop's thread --- */

static void forget(struct job *job)
{
	loop_paid(job->loop);
	unreference(job->pool);
	free(job);
}

/* The post: work is over, or will never begin. */
static void arrive(void *argument)
{
	struct job *job = argument;
	if (job->waiter) {
		job->arrived = true;
		co_wake(job->waiter);
		return;
	}
	if (job->done)
		job->done(job->argument);
	forget(job);
}

/* False when the pool is full or ends. A job that a thread will take at once does not count as waiting. */
static bool enqueue(struct offload_pool *pool, struct job *job)
{
	(void)pthread_mutex_lock(&pool->lock);
	bool room = !pool->stopping && pool->queued + pool->running < pool->queue_limit + pool->thread_count;
	if (room) {
		append(pool, job);
		pool->references++;
		(void)pthread_cond_signal(&pool->work);
	}
	(void)pthread_mutex_unlock(&pool->lock);
	if (room)
		loop_owe(job->loop);
	return room;
}

/* Takes a job that no thread has begun out of the queue. */
static bool withdraw(struct job *job)
{
	(void)pthread_mutex_lock(&job->pool->lock);
	bool queued = job->queued;
	if (queued)
		take_out(job->pool, job);
	(void)pthread_mutex_unlock(&job->pool->lock);
	return queued;
}

/* The caller leaves the job: the last user, caller or pool, frees the argument. */
static void leave(struct job *job)
{
	job->waiter = NULL;
	if (job->arrived || withdraw(job))
		arrive(job);
}

/* Checks before queueing that there is a pool, and that the caller was not cancelled and has time left. */
static int admit(struct context *ctx, const struct offload_pool *pool)
{
	if (!co_self())
		fatal("offload_run outside a coroutine");
	if (co_cancelled())
		return co_check(ctx, CO_CANCELLED);
	if (deadline_left(ctx->deadline) == 0)
		return co_check(ctx, CO_TIMEOUT);
	if (!pool || FAULT("co.offload"))
		return context_fail(ctx, ERROR_OVERLOADED, "offload", NULL);
	return 0;
}

static struct job *submit(struct context *ctx, struct offload_pool *pool, void (*work)(void *argument), void *argument,
			  void (*done)(void *argument))
{
	struct job *job = must_calloc(1, sizeof(*job));
	*job = (struct job){.pool = pool, .work = work, .done = done, .argument = argument};
	job->loop = loop_current();
	job->waiter = co_self();
	if (enqueue(pool, job))
		return job;
	free(job);
	(void)context_fail(ctx, ERROR_OVERLOADED, "offload", NULL);
	return NULL;
}

int offload_run(struct context *ctx, struct offload_pool *pool, void (*work)(void *argument), void *argument,
		void (*done)(void *argument))
{
	struct job *job = admit(ctx, pool) == 0 ? submit(ctx, pool, work, argument, done) : NULL;
	if (!job) {
		if (done)
			done(argument);
		return -1;
	}
	enum co_result result;
	do
		result = co_park("offload", ctx->deadline);
	while (result == CO_OK && !job->arrived);
	if (result == CO_OK && !job->dropped) {
		forget(job);
		return 0;
	}
	leave(job);
	return result == CO_OK ? context_fail(ctx, ERROR_UNAVAILABLE, "stopping", NULL) : co_check(ctx, result);
}

/* --- on the pool's threads --- */

static struct job *take(struct offload_pool *pool, bool worked)
{
	(void)pthread_mutex_lock(&pool->lock);
	if (worked)
		pool->running--;
	while (!pool->first && !pool->stopping)
		(void)pthread_cond_wait(&pool->work, &pool->lock);
	struct job *job = pool->first;
	if (job) {
		take_out(pool, job);
		pool->running++;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return job;
}

/* On Linux a thread has a nice value of its own; making it higher is never refused. */
static void step_back(struct offload_pool *pool, int *nice)
{
	int wanted = atomic_load(&pool->nice);
	id_t self = (id_t)gettid();
	if (wanted != *nice)
		(void)setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + wanted - *nice);
	*nice = wanted;
}

static void *run_thread(void *argument)
{
	struct offload_pool *pool = argument;
	struct job *job = NULL;
	int nice = 0;
	while ((job = take(pool, job != NULL))) {
		step_back(pool, &nice);
		job->work(job->argument);
		loop_post(job->loop, arrive, job);
	}
	return NULL;
}

/* --- a pool's life --- */

/* Signals are the loop's: a pool's thread inherits a mask that blocks them all. */
static bool start_threads(struct offload_pool *pool, size_t threads)
{
	bool started = true;
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (started && pool->thread_count < threads) {
		pthread_t *thread = &pool->threads[pool->thread_count];
		started = pthread_create(thread, NULL, run_thread, pool) == 0;
		if (started) {
			(void)pthread_setname_np(*thread, "offload");
			pool->thread_count++;
		}
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

struct offload_pool *offload_pool_new(size_t threads, size_t queue_limit)
{
	struct offload_pool *pool = must_calloc(1, sizeof(*pool));
	pool->queue_limit = queue_limit;
	pool->references = 1;
	pool->threads = must_calloc(threads, sizeof(*pool->threads));
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->work, NULL);
	if (start_threads(pool, threads))
		return pool;
	offload_pool_free(pool);
	return NULL;
}

void offload_pool_set_nice(struct offload_pool *pool, int nice)
{
	atomic_store(&pool->nice, nice);
}

void offload_pool_free(struct offload_pool *pool)
{
	if (!pool)
		return;
	(void)pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	while (pool->first) {
		struct job *job = pool->first;
		take_out(pool, job);
		job->dropped = true;
		loop_post(job->loop, arrive, job);
	}
	(void)pthread_cond_broadcast(&pool->work);
	(void)pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->thread_count; i++)
		(void)pthread_join(pool->threads[i], NULL);
	unreference(pool);
}

struct offload_pool *offload_default(void)
{
	return default_pool;
}

void offload_set_default(struct offload_pool *pool)
{
	default_pool = pool;
}

size_t offload_queued(struct offload_pool *pool)
{
	if (!pool)
		return 0;
	(void)pthread_mutex_lock(&pool->lock);
	size_t queued = pool->queued;
	(void)pthread_mutex_unlock(&pool->lock);
	return queued;
}
