/*
 * Memory that is freed, given back to the system at once.
 *
 * Purpose: for work that takes much for a moment (loading API files, merging documents), so that a daemon that waits is
 * small. The allocator (mimalloc, which daemons are linked with) otherwise keeps what was freed for later.
 * Invariants: pairs of calls, which may be nested; they cost a system call for each page that is freed between them, so
 * none while requests are answered in between. The setting is the process's.
 */
#ifndef EVENTLOOP_BASE_MEMORY_H
#define EVENTLOOP_BASE_MEMORY_H

/* Between the two, what any thread frees goes back to the system at once. */
void memory_thrift_begin(void);
void memory_thrift_end(void);

#endif
