/*
 * Where values come from, in the order in which later ones win: file, environment, flags.
 */
#ifndef EVENTLOOP_CONFIG_SOURCE_H
#define EVENTLOOP_CONFIG_SOURCE_H

struct config_pass;

/* Reads the three sources in their order; faults are noted in the pass. */
void config_read_sources(struct config_pass *pass);

#endif
