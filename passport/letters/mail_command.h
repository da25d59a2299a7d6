/*
 * The command `mail`: what waits in the queue of letters, and another try.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_COMMAND_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_COMMAND_H

#include "daemon/daemon.h"

/* mail list | mail retry [ID]. The exit status. */
int mail_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
