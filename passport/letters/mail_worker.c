#include "letters/mail_worker.h"

#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/sync.h"
#include "daemon/daemon.h"
#include "letters/mail_compose.h"
#include "letters/mail_send.h"
#include "letters/mail_store.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 4 /* letters under way */
#define POLL_INTERVAL CLOCK_SECOND
#define TIDY_INTERVAL (15 * CLOCK_SECOND)
#define STORE_DEADLINE (5 * CLOCK_SECOND)
#define STOP_TIMEOUT (3 * CLOCK_SECOND)
#define LONGEST_PAUSE (3600 * CLOCK_SECOND)
#define MOST_DOUBLINGS 20

struct mail_job;

struct mail_worker {
	struct daemon_worker *daemon;
	struct loop *loop;
	struct mail_sender *sender;
	struct co *dispatcher; /* NULL once it has ended */
	struct co_queue changed;
	struct mail_job *jobs[AT_ONCE]; /* NULL: free */
	size_t running;
	bool woken, stopping;
	int64_t tidied;
	int64_t timeout, pause, max_attempts, max_age;
	struct metric_family *outcomes;
	struct metric *waiting, *failed;
};

/* One attempt at one letter. */
struct mail_job {
	struct mail_worker *worker;
	struct co *co;
	size_t place;
	struct context ctx;
	struct mail_row row;
};

/* The worker of this process, for commits on any of its threads. */
static struct {
	pthread_mutex_t lock;
	struct mail_worker *worker;
	bool posted; /* a wake is on its way */
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void look(struct mail_worker *worker)
{
	worker->woken = true;
	co_queue_wake_all(&worker->changed);
}

static void wake_posted(void *unused)
{
	(void)unused;
	(void)pthread_mutex_lock(&process.lock);
	struct mail_worker *worker = process.worker;
	process.posted = false;
	(void)pthread_mutex_unlock(&process.lock);
	if (worker && worker->loop == loop_current())
		look(worker);
}

void mail_worker_wake(void)
{
	(void)pthread_mutex_lock(&process.lock);
	if (process.worker && !process.posted) {
		process.posted = true;
		loop_post(process.worker->loop, wake_posted, NULL);
	}
	(void)pthread_mutex_unlock(&process.lock);
}

static void set_process_worker(struct mail_worker *worker)
{
	(void)pthread_mutex_lock(&process.lock);
	process.worker = worker;
	process.posted = false;
	(void)pthread_mutex_unlock(&process.lock);
}

/* --- one letter --- */

static void count(const struct mail_job *job, const char *outcome)
{
	const char *const labels[] = {job->row.template_name, outcome};
	metric_add(metric_series(job->worker->outcomes, labels), 1);
}

static void log_job(const struct mail_job *job, enum log_level level, const char *message, const char *reason)
{
	log_event(level, NULL, message, LOG_STRING("mail", job->row.id), LOG_STRING("template", job->row.template_name),
		  LOG_NUMBER("attempt", job->row.attempts), LOG_STRING("reason", reason));
}

/* Doubled with each attempt; the first one is the setting. */
static int64_t pause_after(const struct mail_worker *worker, int64_t attempts)
{
	int64_t doublings = attempts - 1 < MOST_DOUBLINGS ? attempts - 1 : MOST_DOUBLINGS;
	int64_t pause = worker->pause << doublings;
	return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

static int settle_failed(struct mail_job *job, struct context *ctx, const char *reason)
{
	const struct mail_worker *worker = job->worker;
	bool over = job->row.attempts >= worker->max_attempts || job->row.age >= worker->max_age;
	if (over || mail_send_refused(&job->ctx)) {
		count(job, "failed");
		log_job(job, LOG_ERROR, "a letter was given up", reason);
		return mail_store_failed(ctx, worker->daemon->db, &job->row, reason);
	}
	count(job, "retried");
	log_job(job, LOG_WARNING, "a letter was not sent; it will be tried again", reason);
	return mail_store_later(ctx, worker->daemon->db, &job->row, pause_after(worker, job->row.attempts), reason);
}

static const char *reason_of(const struct error *error)
{
	if (error->cause[0])
		return error->cause;
	if (error->code == ERROR_DEADLINE_EXCEEDED)
		return "it took too long";
	return error->message[0] ? error->message : error_word(error->code);
}

static void settle(struct mail_job *job, bool failed, bool nothing)
{
	struct context ctx;
	context_init(&ctx, deadline_after(STORE_DEADLINE));
	int unsettled;
	if (failed) {
		unsettled = settle_failed(job, &ctx, reason_of(&job->ctx.error));
	} else {
		count(job, nothing ? "nothing" : "sent");
		log_job(job, LOG_INFO, nothing ? "a letter had nothing to say" : "a letter was sent", NULL);
		unsettled = mail_store_done(&ctx, job->worker->daemon->db, &job->row);
	}
	if (unsettled && !job->worker->stopping)
		log_error_of(LOG_WARNING, &ctx, "what became of a letter was not noted: it will be sent again");
	context_done(&ctx);
}

static int write_and_send(struct mail_job *job, bool *ret_nothing)
{
	struct mail_worker *worker = job->worker;
	const char *public_url = config_text(worker->daemon->config, "public_url");
	struct mail_letter letter;
	if (mail_compose(&job->ctx, worker->daemon->db, public_url, &job->row, &letter))
		return -1;
	*ret_nothing = !letter.template_name;
	return *ret_nothing ? 0 : mail_send(&job->ctx, worker->sender, &job->row, &letter);
}

static void job_run(void *argument)
{
	struct mail_job *job = argument;
	struct mail_worker *worker = job->worker;
	bool nothing = false;
	bool failed = write_and_send(job, &nothing) != 0;
	/* One that was broken off by a stop is left to its lease. */
	if (!co_cancelled())
		settle(job, failed, nothing);
	worker->jobs[job->place] = NULL;
	worker->running--;
	context_done(&job->ctx);
	free(job);
	look(worker);
}

static void job_start(struct mail_worker *worker, const struct pg_result *claimed, size_t row)
{
	struct mail_job *job = must_calloc(1, sizeof(*job));
	job->worker = worker;
	context_init(&job->ctx, deadline_after(worker->timeout));
	mail_store_row(claimed, row, &job->ctx.arena, &job->row);
	while (worker->jobs[job->place])
		job->place++;
	job->co = co_spawn("letter", job_run, job);
	if (job->co) {
		worker->jobs[job->place] = job;
		worker->running++;
		return;
	}
	/* Its lease ends by itself. */
	log_event(LOG_WARNING, NULL, "no coroutine left for a letter");
	context_done(&job->ctx);
	free(job);
}

/* --- the dispatcher --- */

/* Starts what is due, as far as there is room. True when there may be more. */
static bool dispatch(struct mail_worker *worker, bool *failing)
{
	size_t room = AT_ONCE - worker->running, got = 0;
	if (room == 0)
		return false;
	struct context ctx;
	context_init(&ctx, deadline_after(STORE_DEADLINE));
	/* Twice the time that an attempt may take: what this process still works at is nobody else's. */
	struct pg_result *claimed = mail_store_claim(&ctx, worker->daemon->db, room, 2 * worker->timeout);
	if (!claimed && !*failing && !worker->stopping)
		log_error_of(LOG_WARNING, &ctx, "the queue of letters cannot be read");
	*failing = !claimed;
	for (; claimed && got < pg_count(claimed); got++)
		job_start(worker, claimed, got);
	context_done(&ctx);
	return got == room;
}

static void tidy(struct mail_worker *worker)
{
	if (clock_monotonic() - worker->tidied < TIDY_INTERVAL)
		return;
	worker->tidied = clock_monotonic();
	struct context ctx;
	context_init(&ctx, deadline_after(STORE_DEADLINE));
	int64_t waiting, failed;
	if (mail_store_tidy(&ctx, worker->daemon->db, &waiting, &failed) == 0) {
		metric_set(worker->waiting, waiting);
		metric_set(worker->failed, failed);
	}
	context_done(&ctx);
}

static void dispatcher_run(void *argument)
{
	struct mail_worker *worker = argument;
	bool failing = false;
	while (!worker->stopping) {
		worker->woken = false;
		if (dispatch(worker, &failing))
			continue;
		tidy(worker);
		if (!worker->woken && !worker->stopping &&
		    co_queue_wait(&worker->changed, "letters", deadline_after(POLL_INTERVAL)) == CO_CANCELLED)
			worker->stopping = true;
	}
	worker->dispatcher = NULL;
}

static void read_settings(struct mail_worker *worker, const struct config *config)
{
	worker->timeout = config_integer(config, "mail_timeout");
	worker->pause = config_integer(config, "mail_retry_pause");
	worker->max_attempts = config_integer(config, "mail_max_attempts");
	worker->max_age = config_integer(config, "mail_max_age");
}

static void make_metrics(struct mail_worker *worker)
{
	worker->outcomes = metric_register(METRIC_COUNTER, "eventloop_mail_total",
					   "Attempts at letters, by what became of them.", "template,outcome");
	worker->waiting = metric_single(METRIC_GAUGE, "eventloop_mail_waiting", "Letters not yet sent.");
	worker->failed = metric_single(METRIC_GAUGE, "eventloop_mail_given_up", "Letters given up, to be looked at.");
}

struct mail_worker *mail_worker_new(struct context *ctx, struct daemon_worker *daemon)
{
	struct mail_sender *sender = mail_sender_new(ctx, daemon->config, AT_ONCE);
	if (!sender)
		return NULL;
	struct mail_worker *worker = must_calloc(1, sizeof(*worker));
	worker->daemon = daemon;
	worker->loop = loop_current();
	worker->sender = sender;
	worker->tidied = clock_monotonic() - TIDY_INTERVAL;
	read_settings(worker, daemon->config);
	make_metrics(worker);
	if (!mail_sender_usable(sender)) {
		log_event(LOG_WARNING, NULL, "neither mail_url nor mail_dir is set: letters wait in the queue");
		return worker;
	}
	worker->dispatcher = co_spawn("mail dispatcher", dispatcher_run, worker);
	if (!worker->dispatcher)
		log_event(LOG_ERROR, NULL, "too many coroutines: no letters will be sent");
	set_process_worker(worker);
	return worker;
}

static void cancel_jobs(struct mail_worker *worker)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		if (worker->jobs[i])
			co_cancel(worker->jobs[i]->co);
}

void mail_worker_free(struct mail_worker *worker)
{
	if (!worker)
		return;
	int64_t timeout = deadline_after(STOP_TIMEOUT);
	set_process_worker(NULL);
	worker->stopping = true;
	look(worker);
	while (worker->running > 0 && co_queue_wait(&worker->changed, "letters", timeout) == CO_OK)
		continue;
	if (worker->dispatcher)
		co_cancel(worker->dispatcher);
	cancel_jobs(worker);
	while (worker->dispatcher || worker->running > 0)
		co_yield ();
	mail_sender_free(worker->sender);
	free(worker);
}
