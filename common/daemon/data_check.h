/*
 * Finds stored rows that break a rule which is newer than they are: `eventloop-<daemon> check`.
 *
 * Purpose: an upgrade keeps all rows, also those that today's rules would refuse; this lists them for the operator.
 * Ownership: a check is a constant of the module that owns its table; the daemon's spec lists them.
 * Use: define a struct data_check beside the rule, declare it in the module's header, add it to the table in main.c.
 */
#ifndef EVENTLOOP_DAEMON_DATA_CHECK_H
#define EVENTLOOP_DAEMON_DATA_CHECK_H

#include "base/context.h"
#include "base/macros.h"

struct daemon_worker;

/* Rows shown of one check. */
#define DATA_CHECK_ROWS 1000

/* One rule. */
struct data_check {
	const char *name; /* the rule's word, "booking_shortest" */
	const char *help; /* what its rows are, "bookings shorter than booking_shortest" */
	const char
	    *setting;	 /* its value is $1: a number, microseconds or bytes; NULL: the statement has no parameter */
	const char *sql; /* a SELECT of the rows that break the rule; its columns are named as in the API */
};

/* The command: runs the checks of the daemon's spec, prints a row a line as {"check": name, "row": {...}}, at most
 * DATA_CHECK_ROWS of each, and logs how many of each there are. Returns the exit status: 0 when there are none, 1 when
 * there are, 2 when they cannot be read. */
int data_check_run(struct daemon_worker *worker, struct context *ctx) MAY_SUSPEND;

#endif
