/*
 * From whom the gateway accepts X-Forwarded-For as the client's address: only from the proxies in front of it, since
 * any client can send that header.
 *
 * Purpose: limits, sessions and the audit trail need the address of the client, not of the load balancer.
 * Ownership: made once a thread from the setting trusted_proxies; texts it returns are the caller's or in its arena.
 * Invariants: without a setting the header is ignored. It is read only from a trusted peer, from right to left, and
 * only as long as the address to the right is trusted too.
 */
#ifndef EVENTLOOP_GATEWAY_TRUSTED_PROXIES_H
#define EVENTLOOP_GATEWAY_TRUSTED_PROXIES_H

#include "base/arena.h"
#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>

struct trusted_proxies;

/* Reads "10.0.0.0/8, 192.0.2.7, 2001:db8::/32": networks, or single addresses. NULL with the faulty part in ctx. */
struct trusted_proxies *trusted_proxies_new(struct context *ctx, const char *setting) MUST_CHECK;

/* Accepts NULL. */
void trusted_proxies_free(struct trusted_proxies *proxies);

/* Whether this address (numeric) is of a trusted proxy. */
bool trusted_proxies_have(const struct trusted_proxies *proxies, const char *peer);

/* The client's address: the right-most one of X-Forwarded-For (all lines of it, joined by commas; NULL when there is
 * none) that is no trusted proxy. peer itself when peer is not trusted or the header does not say; the last known proxy
 * when the text before it is no address. */
const char *trusted_proxies_client(const struct trusted_proxies *proxies, struct arena *arena, const char *peer,
				   const char *forwarded);

#endif
