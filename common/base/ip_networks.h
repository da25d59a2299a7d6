/*
 * A list of networks from a setting, such as trusted proxies or clients that are exempt from a limit.
 *
 * Ownership: made once, read-only afterwards, so any thread may ask. Invariants: an IPv4 address and its mapped form
 * are the same; an empty list matches no address.
 */
#ifndef EVENTLOOP_BASE_IP_NETWORKS_H
#define EVENTLOOP_BASE_IP_NETWORKS_H

#include "base/context.h"
#include "base/macros.h"

#include <netinet/in.h>
#include <stdbool.h>

struct ip_networks;

/* Reads "10.0.0.0/8, 192.0.2.7, 2001:db8::/32": networks, or single addresses. setting: its name, for the error. NULL
 * with the faulty part in ctx. */
struct ip_networks *ip_networks_new(struct context *ctx, const char *setting, const char *text) MUST_CHECK;

/* Accepts NULL. */
void ip_networks_free(struct ip_networks *networks);

/* True when one of them has the address (as ip_address_read gives it). */
bool ip_networks_have(const struct ip_networks *networks, const struct in6_addr *address);

/* True when there is none. */
bool ip_networks_empty(const struct ip_networks *networks);

#endif
