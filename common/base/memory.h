/*
 * Memory that is freed, given back to the system at once.
 *
 * Purpose: for work that takes much for a moment (loading API files, merging documents), so that an idle daemon is
 * small. The allocator (mimalloc, which daemons are linked with) otherwise keeps what was freed for later.
 * Invariants: pairs of calls, which may be nested; each page freed between them costs a system call, so do not answer
 * requests meanwhile. The setting is process-wide.
 */
#ifndef EVENTLOOP_BASE_MEMORY_H
#define EVENTLOOP_BASE_MEMORY_H

/* Between the two, what any thread frees goes back to the system at once. */
void memory_thrift_begin(void);
void memory_thrift_end(void);

#endif
