/*
 * The method by which every daemon that consumes facts gets them: <daemon>.fact.deliver (outbox/outbox.h).
 */
#ifndef EVENTLOOP_DAEMON_FACT_API_H
#define EVENTLOOP_DAEMON_FACT_API_H

#include "base/embed.h"
#include "rpc/call.h"

struct api;
struct daemon_spec;

/* The daemon's API files, and one with fact.deliver when it consumes facts; the same for the handlers. To be freed with
 * fact_api_free and free. */
struct embedded_file *fact_api_files(const struct daemon_spec *spec);
void fact_api_free(struct embedded_file *files);
struct rpc_handler *fact_api_handlers(const struct daemon_spec *spec);

/* Holds the handlers of facts against what the API files say is consumed, and sets the lists that facts are checked
 * against (api/fact_check.h). -1 with a log line. */
int fact_api_check(const struct daemon_spec *spec, const struct api *api) MUST_CHECK;

#endif
