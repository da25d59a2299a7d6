#include "base/ip_address.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV4_AT 12	/* in a mapped address */
#define NETWORK_BYTES 8 /* of an IPv6 address: what one site is given (RFC 6177) */

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
	char plain[IP_ADDRESS_SIZE];
	/* IPv4 in dots has one spelling only. */
	if (strchr(text, ':') == NULL || !ip_address_read(text, &address))
		return text;
	ip_address_write(&address, plain);
	return strcmp(plain, text) == 0 ? text : arena_strdup(arena, plain);
}

struct in6_addr ip_address_network(const struct in6_addr *address)
{
	struct in6_addr network = *address;
	if (!IN6_IS_ADDR_V4MAPPED(address))
		memset(&network.s6_addr[NETWORK_BYTES], 0, sizeof(network.s6_addr) - NETWORK_BYTES);
	return network;
}

const char *ip_address_network_text(struct arena *arena, const char *text)
{
	struct in6_addr address;
	if (!ip_address_read(text, &address))
		return text;
	char *network = arena_alloc(arena, IP_ADDRESS_SIZE);
	address = ip_address_network(&address);
	ip_address_write(&address, network);
	return network;
}
