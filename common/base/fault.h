/*
 * Named fault points: FAULT("pg.send") is true when a test asked that the step named so fails now.
 *
 * Purpose: run every unhappy path. Compiled to false unless EVENTLOOP_FAULTS is defined.
 * Use: the environment EVENTLOOP_FAULTS="pg.send:3,link.write" arms points for the next 3 passes, or for ever; tests in
 * the same process call fault_arm.
 */
#ifndef EVENTLOOP_BASE_FAULT_H
#define EVENTLOOP_BASE_FAULT_H

#include <stdbool.h>

#ifdef EVENTLOOP_FAULTS
/* True when the point is armed; counts the pass down. Thread-safe. */
bool fault_hit(const char *name);
/* Arms name for count passes; -1 for ever, 0 disarms. */
void fault_arm(const char *name, int count);
#define FAULT(name) fault_hit(name)
#else
#define FAULT(name) false
#endif

#endif
