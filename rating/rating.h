/*
 * What one thread of rating keeps: the prior of the Bayesian mean. Found in call->app.
 */
#ifndef EVENTLOOP_RATING_RATING_H
#define EVENTLOOP_RATING_RATING_H

/* Texts of decimal numbers, as statements take them. */
struct rating {
	const char *prior_mean;
	const char *prior_weight;
};

#endif
