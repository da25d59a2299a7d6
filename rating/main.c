#include "base/fatal.h"
#include "co/task.h"
#include "daemon/daemon.h"
#include "daemon/fact_key_check.h"
#include "outbox/erasure.h"
#include "rating.h"
#include "reviews/erased_author.h"
#include "reviews/import.h"
#include "reviews/own_review_command.h"
#include "reviews/review.h"
#include "reviews/review_of_author.h"
#include "summaries/recount.h"
#include "summaries/summary.h"

#include <stdlib.h>

#define RECOUNT_INTERVAL (3600 * CLOCK_SECOND)

extern const struct embedded_file rating_api[], rating_migrations[], rating_fact_lists[];

static const struct rpc_handler handlers[] = {
    {"rating.review.create", review_create},
    {"rating.review.list", review_list},
    {"rating.summary.get", summary_get},
    {"rating.summary.list", summary_list},
    {NULL, NULL},
};

static const struct fact_handler fact_handlers[] = {
    {"passport.user.erased", erasure_fact},
    {NULL, NULL},
};

static const struct background_job_kind background_jobs[] = {
    {ERASURE_JOB, erased_author_forget},
    {NULL, NULL},
};

static const struct config_option options[] = {
    {"prior_mean", CONFIG_TEXT, "3.75", 1, 8, 0, NULL, "decimal: the mean that a Bayesian mean starts from", NULL},
    {"review_interval", CONFIG_DURATION, "90d", 0, INT64_C(3650) * 86400 * CLOCK_SECOND, 0, NULL,
     "within it nobody reviews a listing again; 0: at any time", NULL},
    {"prior_weight", CONFIG_TEXT, "10", 1, 8, 0, NULL, "decimal: how many reviews the prior counts as", NULL},
    {NULL, CONFIG_TEXT, NULL, 0, 0, 0, NULL, NULL, NULL},
};

static const struct daemon_command commands[] = {
    {"import", "FILE: loads reviews from NDJSON", review_import},
    {"own-reviews", "lists reviews by members of the listing's company", own_review_command},
    {"recount", "makes all summaries anew from the reviews", summary_recount_all},
    {NULL, NULL, NULL},
};

static const struct data_check *const checks[] = {
    &review_interval_check,
    &summary_drift_check,
    &fact_key_check,
    NULL,
};

static const char *const fact_subscribers[] = {"events", NULL};

static bool is_decimal(const char *text, double minimum, double maximum)
{
	char *end = NULL;
	double value = strtod(text, &end);
	return *text >= '0' && *text <= '9' && *end == '\0' && value >= minimum && value <= maximum;
}

/* Hourly, by one thread of the process; replicas that meet skip each other's subjects. Runs until the daemon stops. */
static void recount(void *argument)
{
	struct daemon_worker *worker = argument;
	const struct rating *rating = worker->app;
	do
		(void)summary_recount_due(worker);
	while (co_task_rest(rating->recounter, deadline_after(RECOUNT_INTERVAL)) != CO_CANCELLED);
}

static int start(struct daemon_worker *worker, struct context *ctx)
{
	struct rating *rating = must_calloc(1, sizeof(*rating));
	worker->app = rating;
	rating->prior_mean = config_text(worker->config, "prior_mean");
	rating->prior_weight = config_text(worker->config, "prior_weight");
	if (!is_decimal(rating->prior_mean, 1, 5) || !is_decimal(rating->prior_weight, 0, 1000000))
		return context_fail_internal(ctx, "prior_mean must be a decimal from 1 to 5, prior_weight one from 0");
	if (!worker->http || worker->index != 0)
		return 0;
	rating->recounter = co_task_start("summaries that are due", recount, worker);
	return rating->recounter ? 0 : context_fail_internal(ctx, "no coroutine left at start");
}

static void stop(struct daemon_worker *worker)
{
	struct rating *rating = worker->app;
	if (!rating)
		return;
	co_task_stop(rating->recounter);
	free(rating);
	worker->app = NULL;
}

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
	    .name = "rating",
	    .port = 7003,
	    .api = rating_api,
	    .migrations = rating_migrations,
	    .fact_lists = rating_fact_lists,
	    .handlers = handlers,
	    .fact_handlers = fact_handlers,
	    .background_jobs = background_jobs,
	    .fact_subscribers = fact_subscribers,
	    .options = options,
	    .checks = checks,
	    .commands = commands,
	    .start = start,
	    .stop = stop,
	};
	return daemon_main(argc, argv, &spec);
}
