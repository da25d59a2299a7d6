#include "trusted_proxies.h"

#include "base/fatal.h"
#include "base/ip_address.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_BITS 32
#define IPV6_BITS 128
#define PART_SIZE 64 /* of one element, with brackets and port */

struct network {
	struct in6_addr address; /* of IPv4 in the mapped form, so that there is one kind */
	unsigned bits;
};

struct trusted_proxies {
	size_t count;
	struct network networks[];
};

/* --- addresses --- */

static bool within(const struct network *network, const struct in6_addr *address)
{
	unsigned bytes = network->bits / 8, rest = network->bits % 8;
	unsigned mask = 0xFF00U >> rest & 0xFF;
	if (memcmp(&network->address, address, bytes) != 0)
		return false;
	return rest == 0 || ((network->address.s6_addr[bytes] ^ address->s6_addr[bytes]) & mask) == 0;
}

static bool is_trusted(const struct trusted_proxies *proxies, const struct in6_addr *address)
{
	for (size_t i = 0; i < proxies->count; i++)
		if (within(&proxies->networks[i], address))
			return true;
	return false;
}

/* --- the setting --- */

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
	if (slash != NULL)
		*slash = '\0';
	if (!ip_address_read(text, &network->address))
		return false;
	unsigned most = strchr(text, ':') == NULL ? IPV4_BITS : IPV6_BITS, bits = most;
	if (slash != NULL && !read_bits(slash + 1, most, &bits))
		return false;
	network->bits = bits + IPV6_BITS - most;
	return true;
}

static struct trusted_proxies *read_list(struct context *ctx, char *list, size_t most)
{
	struct trusted_proxies *proxies = must_calloc(1, sizeof(*proxies) + most * sizeof(struct network));
	char *text, *rest = list;
	while ((text = strsep(&rest, ", ")) != NULL) {
		const char *shown = arena_strdup(&ctx->arena, text);
		if (text[0] == '\0')
			continue;
		if (read_network(text, &proxies->networks[proxies->count])) {
			proxies->count++;
			continue;
		}
		(void)context_fail_internal(ctx, "trusted_proxies: %s is no network", shown);
		free(proxies);
		return NULL;
	}
	return proxies;
}

struct trusted_proxies *trusted_proxies_new(struct context *ctx, const char *setting)
{
	return read_list(ctx, arena_strdup(&ctx->arena, setting), strlen(setting) / 2 + 1);
}

void trusted_proxies_free(struct trusted_proxies *proxies)
{
	free(proxies);
}

/* --- the header --- */

/* The address in "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or "[2001:db8::1]:80". */
static bool read_element(const char *start, size_t length, struct in6_addr *ret)
{
	char text[PART_SIZE], *host = text, *end;
	if (length >= sizeof(text))
		return false;
	memcpy(text, start, length);
	text[length] = '\0';
	if (text[0] == '[') {
		host = text + 1;
		end = strchr(host, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*end = '\0';
	} else if ((end = strchr(text, ':')) != NULL && strchr(end + 1, ':') == NULL) {
		*end = '\0'; /* one colon: a port */
	}
	return memchr(start, '\0', length) == NULL && ip_address_read(host, ret);
}

/* Takes the last element off a list of *length characters; false when nothing is left. */
static bool last_element(const char *list, size_t *length, const char **ret, size_t *ret_length)
{
	size_t end = *length, start;
	if (end == 0)
		return false;
	for (start = end; start > 0 && list[start - 1] != ',';)
		start--;
	*length = start > 0 ? start - 1 : 0;
	while (start < end && (list[start] == ' ' || list[start] == '\t'))
		start++;
	while (end > start && (list[end - 1] == ' ' || list[end - 1] == '\t'))
		end--;
	*ret = list + start;
	*ret_length = end - start;
	return true;
}

const char *trusted_proxies_client(const struct trusted_proxies *proxies, struct arena *arena, const char *peer,
				   const char *forwarded)
{
	struct in6_addr address, next;
	char text[IP_ADDRESS_SIZE];
	size_t left = forwarded != NULL ? strlen(forwarded) : 0, length;
	const char *element;
	if (left == 0 || !ip_address_read(peer, &address) || !is_trusted(proxies, &address))
		return peer;
	while (is_trusted(proxies, &address) && last_element(forwarded, &left, &element, &length) &&
	       read_element(element, length, &next))
		address = next;
	ip_address_write(&address, text);
	return arena_strdup(arena, text);
}
