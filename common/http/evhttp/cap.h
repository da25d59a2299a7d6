/*
 * The most connections that the evhttp engine has at once.
 *
 * evhttp has no such limit: at the cap its listener is switched off, and our code accepts new connections, answers 503
 * and closes them, until one ends. Ownership: none of its own. Invariants: the listener is off exactly while
 * engine->at_cap, and engine->refusing on; refused connections that linger do not count. To call: cap_count_changed
 * after every change of the count, cap_refuse_some when the listening socket is readable meanwhile.
 */
#ifndef EVENTLOOP_EVHTTP_CAP_H
#define EVENTLOOP_EVHTTP_CAP_H

#include "http/evhttp/state.h"

/* A peer was made or freed, or began to linger: switches the listener when the cap is reached or left. */
void cap_count_changed(struct evhttp_engine *engine);

/* Makes room by ending an idle connection, or refuses some of those who wait to be accepted. */
void cap_refuse_some(struct evhttp_engine *engine);

#endif
