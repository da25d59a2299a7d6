/*
 * The command `own-reviews`: reviews of a listing by those who belonged to its company when booking, or belong to it
 * now.
 *
 * Purpose: what `check` says of other rules. This one is not in rating's database: events and passport are asked, so
 * they must be there. Reviews from before the rule are listed by membership of now, for that of then was not noted.
 */
#ifndef EVENTLOOP_RATING_REVIEWS_OWN_REVIEW_COMMAND_H
#define EVENTLOOP_RATING_REVIEWS_OWN_REVIEW_COMMAND_H

#include "daemon/daemon.h"

/* Prints a row a line as {"check": "own_company", "row": {...}}. Returns the exit status: 0 when there are none, 1 when
 * there are, 2 when somebody cannot be asked. */
int own_review_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
