/*
 * The ids by which one request is found in the logs of all programs: which ids sent by clients are accepted.
 */
#ifndef EVENTLOOP_BASE_TRACE_H
#define EVENTLOOP_BASE_TRACE_H

#include "base/context.h"

#include <stdbool.h>
#include <stddef.h>

/* True for a text that may be a request id: 1 to 36 letters, digits, '-', '_' or '.'. */
bool request_id_acceptable(const char *text, size_t length);

/* True for a traceparent of version 00 whose ids are not all zero (W3C Trace Context section 3.2). */
bool traceparent_acceptable(const char *text, size_t length);

#endif
