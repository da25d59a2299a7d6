#include "base/ip_address.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV4_AT 12	/* in a mapped address */
#define NETWORK_BYTES 8 /* of an IPv6 address: of one link, the 64 bits before the interface's */
#define SITE_BYTES 6	/* the most that is given to one customer as a matter of course */

static const struct in6_addr mapped = {.s6_addr = {[10] = 0xFF, [11] = 0xFF}};

bool ip_address_read(const char *text, struct in6_addr *ret)
{
	*ret = mapped;
	return inet_pton(AF_INET, text, &ret->s6_addr[IPV4_AT]) == 1 || inet_pton(AF_INET6, text, ret) == 1;
}

void ip_address_write(const struct in6_addr *address, char text[static IP_ADDRESS_SIZE])
{
	bool is_ipv4 = IN6_IS_ADDR_V4MAPPED(address);
	/* It cannot fail: the families are known and the text is as long as any. */
	(void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6, &address->s6_addr[is_ipv4 ? IPV4_AT : 0], text, IP_ADDRESS_SIZE);
}

const char *ip_address_plain(struct arena *arena, const char *text)
{
	struct in6_addr address;
	/* IPv4 in dots has one spelling only. */
	if (!strchr(text, ':') || !ip_address_read(text, &address))
		return text;
	char plain[IP_ADDRESS_SIZE];
	ip_address_write(&address, plain);
	return strcmp(plain, text) == 0 ? text : arena_strdup(arena, plain);
}

static struct in6_addr prefix_of(const struct in6_addr *address, size_t bytes)
{
	struct in6_addr prefix = *address;
	if (!IN6_IS_ADDR_V4MAPPED(address))
		memset(&prefix.s6_addr[bytes], 0, sizeof(prefix.s6_addr) - bytes);
	return prefix;
}

static const char *prefix_text(struct arena *arena, const char *text, size_t bytes)
{
	struct in6_addr address;
	if (!ip_address_read(text, &address))
		return text;
	char *written = arena_alloc(arena, IP_ADDRESS_SIZE);
	address = prefix_of(&address, bytes);
	ip_address_write(&address, written);
	return written;
}

struct in6_addr ip_address_network(const struct in6_addr *address)
{
	return prefix_of(address, NETWORK_BYTES);
}

const char *ip_address_network_text(struct arena *arena, const char *text)
{
	return prefix_text(arena, text, NETWORK_BYTES);
}

struct in6_addr ip_address_site(const struct in6_addr *address)
{
	return prefix_of(address, SITE_BYTES);
}

const char *ip_address_site_text(struct arena *arena, const char *text)
{
	return prefix_text(arena, text, SITE_BYTES);
}
