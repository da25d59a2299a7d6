#include "limits/caller.h"

#include "base/hash.h"
#include "base/ip_address.h"

#include <string.h>

/* What is hashed: the kind and whom of it. */
struct subject {
	char kind;
	char id[UUID_SIZE];
};

static void add(struct caller *caller, enum payer_kind kind, const void *id, size_t length)
{
	struct subject subject = {.kind = (char)kind};
	length = length < sizeof(subject.id) ? length : sizeof(subject.id);
	memcpy(subject.id, id, length);
	caller->payers[caller->count++] = (struct payer){hash_bytes(&subject, 1 + length), kind};
}

/* An address and, where one is cheap to change, its site. */
static void add_address(struct caller *caller, enum payer_kind kind, enum payer_kind site_kind,
			const struct in6_addr *address)
{
	const struct in6_addr network = ip_address_network(address);
	add(caller, kind, &network, sizeof(network));
	if (IN6_IS_ADDR_V4MAPPED(address))
		return;
	const struct in6_addr site = ip_address_site(address);
	add(caller, site_kind, &site, sizeof(site));
}

void caller_find(struct caller *caller, const struct ip_networks *exempt, const char *address,
		 const struct identity *identity)
{
	caller->count = 0;
	struct in6_addr read;
	if (!ip_address_read(address, &read))
		read = in6addr_any;
	if (ip_networks_have(exempt, &read))
		return;
	if (!identity) {
		add_address(caller, PAYER_ADDRESS, PAYER_SITE, &read);
		return;
	}
	add(caller, PAYER_TOKEN, identity->id, strlen(identity->id));
	if (identity->kind == IDENTITY_CLIENT && identity->company_count > 0)
		add(caller, PAYER_COMPANY, identity->companies[0].id, strlen(identity->companies[0].id));
	if (identity->created_by[0] != '\0')
		add(caller, PAYER_KEY_MAKER, identity->created_by, strlen(identity->created_by));
	add_address(caller, PAYER_LOGGED_IN, PAYER_SITE_LOGGED_IN, &read);
}

const char *payer_kind_name(enum payer_kind kind)
{
	static const char *const names[PAYER_KINDS] = {
	    [PAYER_ADDRESS] = "address",
	    [PAYER_TOKEN] = "token",
	    [PAYER_COMPANY] = "company",
	    [PAYER_KEY_MAKER] = "key_maker",
	    [PAYER_LOGGED_IN] = "logged_in",
	    [PAYER_SITE] = "site",
	    [PAYER_SITE_LOGGED_IN] = "site_logged_in",
	};
	return names[kind];
}
