/*
 * The command `own-reviews`: reviews of a listing by those who belonged to its company when booking, or belong to it
 * now.
 *
 * Purpose: like `check`, for a rule that rating's database alone cannot check: it asks events and passport, so they
 * must be running. Reviews from before the rule are checked by present membership, since that at the time was not
 * stored.
 */
#ifndef EVENTLOOP_RATING_REVIEWS_OWN_REVIEW_COMMAND_H
#define EVENTLOOP_RATING_REVIEWS_OWN_REVIEW_COMMAND_H

#include "daemon/daemon.h"

/* Prints a row a line as {"check": "own_company", "row": {...}}. Returns the exit status: 0 when there are none, 1 when
 * there are, 2 when events or passport cannot be asked. */
int own_review_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
