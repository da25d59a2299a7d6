/*
 * The check for facts whose key is an id with capitals, written before ids had to be lower case (schema/schema.h).
 *
 * Only facts of the same key are delivered in order, and an id in two spellings is two keys.
 */
#ifndef EVENTLOOP_DAEMON_FACT_KEY_CHECK_H
#define EVENTLOOP_DAEMON_FACT_KEY_CHECK_H

struct data_check;

/* For the table of a daemon that publishes facts. */
extern const struct data_check fact_key_check;

#endif
