/* X-Forwarded-For of anybody, and settings of trusted_proxies: the first byte says which. Whatever is written there,
 * the address that is believed is one. */
#include "base/context.h"
#include "base/fatal.h"
#include "trusted_proxies.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#define PROXY "10.0.0.1"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_address(const char *text)
{
	unsigned char bytes[16];
	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static void check(struct context *ctx, const char *setting, const char *forwarded)
{
	struct trusted_proxies *proxies = trusted_proxies_new(ctx, setting);
	if (!proxies)
		return;
	if (!is_address(trusted_proxies_client(proxies, &ctx->arena, PROXY, forwarded)))
		fatal("not an address");
	if (strcmp(trusted_proxies_client(proxies, &ctx->arena, "203.0.113.1", "198.51.100.1"), "203.0.113.1") != 0 &&
	    setting[strcspn(setting, "0123456789:")] == '\0')
		fatal("a setting that names nobody trusts somebody");
	trusted_proxies_free(proxies);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	const char *text = arena_strndup(&ctx.arena, (const char *)data + 1, size - 1);
	if (data[0] % 2 == 0)
		check(&ctx, "10.0.0.0/8, ::1", text);
	else
		check(&ctx, text, "198.51.100.1, " PROXY);
	context_done(&ctx);
	return 0;
}
