/*
 * The command `import FILE`: reviews from NDJSON (docs/operating.md describes the lines).
 */
#ifndef EVENTLOOP_RATING_REVIEWS_IMPORT_H
#define EVENTLOOP_RATING_REVIEWS_IMPORT_H

#include "daemon/daemon.h"

/* Loads the file; see daemon/import.h for how an import runs. Returns the exit status. */
int review_import(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
