/*
 * Service accounts of the daemons: names and secrets from the setting service_secrets ("events:SECRET,rating:SECRET").
 */
#ifndef EVENTLOOP_PASSPORT_PROGRAMS_SERVICE_ACCOUNT_H
#define EVENTLOOP_PASSPORT_PROGRAMS_SERVICE_ACCOUNT_H

#include "rpc/call.h"

#include <stdbool.h>

/* True when the secret is the service's; takes the same time for every wrong one. */
bool service_account_accepts(const struct rpc_call *call, const char *service, const char *secret) MUST_CHECK;

/* True when the setting has an account of that name. */
bool service_account_is_set(const struct rpc_call *call, const char *service);

/* 0 when the setting's text is well-formed: name:secret pairs, secrets of at least 16 characters. */
int service_accounts_check(struct context *ctx, const char *setting) MUST_CHECK;

#endif
