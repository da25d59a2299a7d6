#include "programs/service_account.h"

#include "config/config.h"
#include "daemon/daemon.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#define MIN_SECRET 16

struct account {
	const char *name, *secret;
	size_t name_length, secret_length;
};

/* Takes the account at *cursor and moves past it; false at the end or at something that is no account. */
static bool next_account(const char **cursor, struct account *ret)
{
	const char *start = *cursor;
	size_t length = strcspn(start, ",");
	const char *colon = memchr(start, ':', length);
	if (!colon || colon == start)
		return false;
	*ret = (struct account){
	    .name = start,
	    .name_length = (size_t)(colon - start),
	    .secret = colon + 1,
	    .secret_length = length - (size_t)(colon - start) - 1,
	};
	*cursor = start + length + (start[length] == ',');
	return true;
}

/* Comparing digests tells nothing about where or at what length the texts differ. */
static bool same_secret(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned char digest_a[SHA256_DIGEST_LENGTH], digest_b[SHA256_DIGEST_LENGTH];
	SHA256((const unsigned char *)a, a_length, digest_a);
	SHA256((const unsigned char *)b, b_length, digest_b);
	return CRYPTO_memcmp(digest_a, digest_b, sizeof(digest_a)) == 0;
}

static bool is_named(const struct account *account, const char *name)
{
	return account->name_length == strlen(name) && memcmp(account->name, name, account->name_length) == 0;
}

bool service_account_is_set(const struct rpc_call *call, const char *service)
{
	const char *cursor = config_text(call->worker->config, "service_secrets");
	struct account account;
	while (next_account(&cursor, &account))
		if (is_named(&account, service))
			return true;
	return false;
}

bool service_account_accepts(const struct rpc_call *call, const char *service, const char *secret)
{
	const char *cursor = config_text(call->worker->config, "service_secrets");
	bool accepted = false;
	struct account account;
	while (next_account(&cursor, &account)) {
		bool same = same_secret(account.secret, account.secret_length, secret, strlen(secret));
		accepted |= is_named(&account, service) && same;
	}
	return accepted;
}

int service_accounts_check(struct context *ctx, const char *setting)
{
	struct account account;
	while (*setting) {
		if (!next_account(&setting, &account))
			return context_fail_internal(ctx, "service_secrets: not a list of name:secret");
		if (account.secret_length < MIN_SECRET)
			return context_fail_internal(
			    ctx, "service_secrets: the secret of %.*s is shorter than %d characters",
			    (int)account.name_length, account.name, MIN_SECRET);
	}
	return 0;
}
