/*
 * The settings that every daemon has.
 */
#ifndef EVENTLOOP_DAEMON_SETTINGS_H
#define EVENTLOOP_DAEMON_SETTINGS_H

#include "base/ip_address.h"
#include "config/config.h"
#include "link/handshake.h"
#include "telemetry/log.h"

struct daemon_spec;

/* The table for config_new, with the defaults of this daemon (port, database, HTTP engine), and without the rows about
 * its link when nobody calls it. Static: one daemon a process. */
const struct config_option *settings_table(const struct daemon_spec *spec);

/* The row of a name ("log_level") in the common or the daemon's own table; NULL when there is none. */
const struct config_option *settings_find(const struct daemon_spec *spec, const char *name, size_t length);

/* The port of the link: as set, or the daemon's port + 100; 0 (any free one) when the daemon's port is 0. Only for a
 * daemon that has a link. */
uint16_t settings_link_port(const struct config *config);

/* What daemons prove themselves to each other with. Valid until config_free. */
struct link_secrets settings_link_secrets(const struct config *config);

/* Writes where calls are posted to on this machine, "http://127.0.0.1:7002/rpc": the address and port listened on,
 * empty when any free port is taken. */
void settings_rpc_url(const struct config *config, char *url, size_t size);

/* Where to listen. */
struct settings_address {
	char host[IP_ADDRESS_SIZE]; /* numeric; "" for all */
	uint16_t port;
};

/* Reads internal_listen. 1 when it is set, 0 when not (*ret is empty then), -1 when it is not address:port. */
int settings_internal_listen(const struct config *config, struct settings_address *ret) MUST_CHECK;

/* Sets level and format of the log from the settings. */
void settings_apply_log(const struct daemon_spec *spec, const struct config *config);

#endif
