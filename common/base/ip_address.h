/*
 * Numeric IP addresses, of either kind, in one spelling each.
 *
 * Purpose: an address of IPv4 has a second form, mapped into IPv6 (RFC 4291 section 2.5.5.2), and one of IPv6 has many
 * texts; limits, sessions, the audit trail and lists of networks must see one address, whichever form it came in.
 * Invariants: what ip_address_write writes is IPv4 in dots, or IPv6 by RFC 5952; equal addresses give equal texts.
 */
#ifndef EVENTLOOP_BASE_IP_ADDRESS_H
#define EVENTLOOP_BASE_IP_ADDRESS_H

#include "base/arena.h"
#include "base/macros.h"

#include <netinet/in.h>
#include <stdbool.h>

#define IP_ADDRESS_SIZE INET6_ADDRSTRLEN /* of a text, with its NUL */

/* Reads an address; one of IPv4 becomes its mapped form. False when the text is none. */
bool ip_address_read(const char *text, struct in6_addr *ret) MUST_CHECK;

/* Writes an address, a mapped one as the IPv4 address that it is. */
void ip_address_write(const struct in6_addr *address, char text[static IP_ADDRESS_SIZE]);

/* The text as ip_address_write would have it, in the arena; the text itself when it is no address or stands so already.
 */
const char *ip_address_plain(struct arena *arena, const char *text);

/* The network that limits count for: the /64 that an IPv6 address is in, since a host may take any address of its link
 * (RFC 4291 section 2.5.4, RFC 8981); an IPv4 address itself, in its mapped form. May be compared and hashed byte by
 * byte, and written as an address. */
struct in6_addr ip_address_network(const struct in6_addr *address);

/* The same of an address as text, in the arena; a text that is none as it stands. */
const char *ip_address_network_text(struct arena *arena, const char *text);

/* The site that wider limits count for: the /48 that an IPv6 address is in, since one customer may be given that, with
 * 65,536 networks in it (a /48 or a /56 by RFC 6177 and RIPE-690; hosters give either); an IPv4 address itself. A site
 * and a network may have the same bytes. */
struct in6_addr ip_address_site(const struct in6_addr *address);

/* The same of an address as text, in the arena; a text that is none as it stands. */
const char *ip_address_site_text(struct arena *arena, const char *text);

#endif
