#include "trusted_proxies.h"

#include "base/fatal.h"
#include "base/ip_address.h"
#include "base/ip_networks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PART_SIZE 64 /* of one element, with brackets and port */

struct trusted_proxies {
	struct ip_networks *networks;
};

struct trusted_proxies *trusted_proxies_new(struct context *ctx, const char *setting)
{
	struct ip_networks *networks = ip_networks_new(ctx, "trusted_proxies", setting);
	if (!networks)
		return NULL;
	struct trusted_proxies *proxies = must_calloc(1, sizeof(*proxies));
	proxies->networks = networks;
	return proxies;
}

void trusted_proxies_free(struct trusted_proxies *proxies)
{
	if (!proxies)
		return;
	ip_networks_free(proxies->networks);
	free(proxies);
}

static bool is_trusted(const struct trusted_proxies *proxies, const struct in6_addr *address)
{
	return ip_networks_have(proxies->networks, address);
}

bool trusted_proxies_have(const struct trusted_proxies *proxies, const char *peer)
{
	struct in6_addr address;
	return ip_address_read(peer, &address) && is_trusted(proxies, &address);
}

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
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return false;
		*end = '\0';
	} else if ((end = strchr(text, ':')) && !strchr(end + 1, ':')) {
		*end = '\0'; /* one colon: a port */
	}
	return !memchr(start, '\0', length) && ip_address_read(host, ret);
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
	size_t left = forwarded ? strlen(forwarded) : 0, length;
	struct in6_addr address, next;
	if (left == 0 || !ip_address_read(peer, &address) || !is_trusted(proxies, &address))
		return peer;
	const char *element;
	while (is_trusted(proxies, &address) && last_element(forwarded, &left, &element, &length) &&
	       read_element(element, length, &next))
		address = next;
	char text[IP_ADDRESS_SIZE];
	ip_address_write(&address, text);
	return arena_strdup(arena, text);
}
