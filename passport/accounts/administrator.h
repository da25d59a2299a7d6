/*
 * The command `admin`: makes the first administrator, before there is one who could grant the role.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_ADMINISTRATOR_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_ADMINISTRATOR_H

#include "daemon/daemon.h"

/* `admin create --email E --password-file F [--name N]`. Doing it again
 * with another password sets that one and ends all sessions of the account; with the same one it does nothing. Returns
 * the exit status. */
int administrator_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
