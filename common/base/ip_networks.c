#include "base/ip_networks.h"

#include "base/fatal.h"
#include "base/ip_address.h"

#include <stdlib.h>
#include <string.h>

#define IPV4_BITS 32
#define IPV6_BITS 128

struct network {
	struct in6_addr address; /* of IPv4 in the mapped form, so that there is one kind */
	unsigned bits;
};

struct ip_networks {
	size_t count;
	struct network networks[];
};

static bool within(const struct network *network, const struct in6_addr *address)
{
	unsigned bytes = network->bits / 8, rest = network->bits % 8;
	unsigned mask = 0xFF00U >> rest & 0xFF;
	if (memcmp(&network->address, address, bytes) != 0)
		return false;
	return rest == 0 || ((network->address.s6_addr[bytes] ^ address->s6_addr[bytes]) & mask) == 0;
}

bool ip_networks_have(const struct ip_networks *networks, const struct in6_addr *address)
{
	for (size_t i = 0; i < networks->count; i++)
		if (within(&networks->networks[i], address))
			return true;
	return false;
}

bool ip_networks_empty(const struct ip_networks *networks)
{
	return networks->count == 0;
}

static bool read_bits(const char *text, unsigned most, unsigned *ret)
{
	char *end;
	unsigned long bits = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || bits > most)
		return false;
	*ret = (unsigned)bits;
	return true;
}

static bool read_network(char *text, struct network *network)
{
	char *slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (!ip_address_read(text, &network->address))
		return false;
	unsigned most = !strchr(text, ':') ? IPV4_BITS : IPV6_BITS, bits = most;
	if (slash && !read_bits(slash + 1, most, &bits))
		return false;
	network->bits = bits + IPV6_BITS - most;
	return true;
}

struct ip_networks *ip_networks_new(struct context *ctx, const char *setting, const char *text)
{
	size_t most = strlen(text) / 2 + 1;
	struct ip_networks *networks = must_calloc(1, sizeof(*networks) + most * sizeof(struct network));
	char *part, *rest = arena_strdup(&ctx->arena, text);
	while ((part = strsep(&rest, ", "))) {
		const char *shown = arena_strdup(&ctx->arena, part);
		if (part[0] == '\0')
			continue;
		if (read_network(part, &networks->networks[networks->count])) {
			networks->count++;
			continue;
		}
		(void)context_fail_internal(ctx, "%s: %s is no network", setting, shown);
		free(networks);
		return NULL;
	}
	return networks;
}

void ip_networks_free(struct ip_networks *networks)
{
	free(networks);
}
