/*
 * What one thread of rating keeps: the prior of the Bayesian mean, and the work of the process. Found in call->app.
 */
#ifndef EVENTLOOP_RATING_RATING_H
#define EVENTLOOP_RATING_RATING_H

struct co_task;

struct rating {
	/* Texts of decimal numbers, as statements take them. */
	const char *prior_mean;
	const char *prior_weight;
	struct co_task *recounter; /* of the first thread */
};

#endif
