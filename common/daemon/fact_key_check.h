/*
 * The check of facts whose key is an id in capitals: from before ids had one form (schema/schema.h).
 *
 * Facts of one key are told in order; those of one id in two spellings have two keys.
 */
#ifndef EVENTLOOP_DAEMON_FACT_KEY_CHECK_H
#define EVENTLOOP_DAEMON_FACT_KEY_CHECK_H

struct data_check;

/* For the table of a daemon that publishes facts. */
extern const struct data_check fact_key_check;

#endif
