/*
 * The payers of a call: whose token buckets its cost is taken from.
 *
 * Purpose: without a token it is the client's address. With a good one it is the token's subject (a user, or an
 * integration's service account), the company for which an integration acts, the user who made its key, and the address
 * in a second, wider bucket that all logged-in users there share: so many people behind one address (an office, a
 * school) are not one caller, strangers there take nothing from them, and one client with a hundred accounts is still
 * bounded. An IPv6 client may have thousands of addresses, so its site pays as well, with one bucket for strangers and
 * one for logged-in users, wider again. A user pays for no company: being its member is not acting for it, and
 * colleagues do not pay for each other.
 * Invariants: an address is what ip_address_network makes of it, a site what ip_address_site does. A payer is a keyed
 * hash of 64 bits (base/hash.h): nobody can choose a key that collides with another's.
 */
#ifndef EVENTLOOP_GATEWAY_CALLER_H
#define EVENTLOOP_GATEWAY_CALLER_H

#include "base/ip_networks.h"
#include "token/identity.h"

#include <stddef.h>
#include <stdint.h>

enum payer_kind {
	PAYER_ADDRESS,	     /* callers without a valid token, by address */
	PAYER_TOKEN,	     /* a user or an integration */
	PAYER_COMPANY,	     /* all integrations of a company */
	PAYER_KEY_MAKER,     /* all integrations by keys that one user made, of all companies */
	PAYER_LOGGED_IN,     /* callers with a valid token, by address */
	PAYER_SITE,	     /* callers without one, by site, of IPv6 only */
	PAYER_SITE_LOGGED_IN /* callers with one, likewise */
};

enum { PAYER_KINDS = PAYER_SITE_LOGGED_IN + 1, CALLER_PAYERS = 5 };

struct payer {
	uint64_t key;
	enum payer_kind kind;
};

/* Without payers a caller is exempt. */
struct caller {
	size_t count;
	struct payer payers[CALLER_PAYERS];
};

/* Finds the payers of a request from `address` (text) with this identity (NULL: none, or a void token). exempt:
 * networks from which nobody pays. */
void caller_find(struct caller *caller, const struct ip_networks *exempt, const char *address,
		 const struct identity *identity);

/* "address", "token", ... Static. */
const char *payer_kind_name(enum payer_kind kind);

#endif
