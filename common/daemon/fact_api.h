/*
 * The method by which every daemon that consumes facts gets them: <daemon>.fact.deliver (outbox/outbox.h).
 */
#ifndef EVENTLOOP_DAEMON_FACT_API_H
#define EVENTLOOP_DAEMON_FACT_API_H

#include "base/embed.h"
#include "rpc/call.h"

struct daemon_spec;

/* The daemon's API files, and one with fact.deliver when it consumes facts; the same for the handlers. To be freed with
 * fact_api_free and free. */
struct embedded_file *fact_api_files(const struct daemon_spec *spec);
void fact_api_free(struct embedded_file *files);
struct rpc_handler *fact_api_handlers(const struct daemon_spec *spec);

#endif
