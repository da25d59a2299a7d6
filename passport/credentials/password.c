#include "credentials/password.h"

#include "base/fatal.h"
#include "base/ids.h"
#include "co/offload.h"
#include "credentials/password_memory.h"
#include "credentials/phc.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_KIB 19456
#define PASSES 2
#define LANES 1
#define SALT_SIZE 16
#define TAG_SIZE 32
#define PASSWORD_SIZE 520 /* 128 code points of 4 bytes, and NUL */

/* Owns all it needs: a caller may leave before a thread gets to it. */
struct password_job {
	char password[PASSWORD_SIZE];
	struct phc phc; /* how to hash; the tag is the result */
	int result;
};

static void job_free(void *argument)
{
	OPENSSL_cleanse(argument, sizeof(struct password_job));
	free(argument);
}

/* All that is asked of a thread, to hash and to verify: so an unknown account costs what a known one does. */
static void hash_work(void *argument)
{
	struct password_job *job = argument;
	struct phc *phc = &job->phc;
	argon2_context work = {
	    .out = phc->tag,
	    .outlen = (uint32_t)phc->tag_length,
	    .pwd = (uint8_t *)job->password,
	    .pwdlen = (uint32_t)strlen(job->password),
	    .salt = phc->salt,
	    .saltlen = (uint32_t)phc->salt_length,
	    .t_cost = phc->passes,
	    .m_cost = phc->memory,
	    .lanes = phc->lanes,
	    .threads = 1,
	    .version = ARGON2_VERSION_13,
	    .allocate_cbk = password_memory_take,
	    .free_cbk = password_memory_give,
	    .flags = ARGON2_DEFAULT_FLAGS,
	};
	job->result = argon2_ctx(&work, Argon2_id);
}

/* What passwords are hashed with from now on, under a salt of their own. */
static struct phc present_way(void)
{
	struct phc phc = {
	    .memory = MEMORY_KIB, .passes = PASSES, .lanes = LANES, .salt_length = SALT_SIZE, .tag_length = TAG_SIZE};
	random_bytes(phc.salt, SALT_SIZE);
	return phc;
}

/* Hashes the password the way that phc says and puts the tag there. */
static int hash(struct context *ctx, const char *password, struct phc *phc)
{
	size_t length = strlen(password);
	if (length >= PASSWORD_SIZE)
		return context_fail(ctx, ERROR_TOO_LARGE, "password", "the password is too long");
	struct password_job *job = must_calloc(1, sizeof(*job));
	memcpy(job->password, password, length);
	job->phc = *phc;
	password_memory_begin();
	int status = offload_run(ctx, offload_default(), hash_work, job, job_free);
	password_memory_end();
	if (status != 0)
		return -1;
	int result = job->result;
	*phc = job->phc;
	job_free(job);
	return result == ARGON2_OK ? 0 : context_fail_internal(ctx, "argon2: %s", argon2_error_message(result));
}

const char *password_hash(struct context *ctx, const char *password)
{
	struct phc phc = present_way();
	return hash(ctx, password, &phc) == 0 ? phc_write(&ctx->arena, &phc) : NULL;
}

int password_verify(struct context *ctx, const char *password, const char *phc, bool *ret_match)
{
	struct phc expected = present_way();
	if (phc && !phc_read(&ctx->arena, phc, &expected))
		return context_fail_internal(ctx, "a stored password hash cannot be read or is out of bounds");
	struct phc actual = expected;
	if (hash(ctx, password, &actual) != 0)
		return -1;
	*ret_match = phc && CRYPTO_memcmp(actual.tag, expected.tag, expected.tag_length) == 0;
	return 0;
}

bool password_outdated(const char *phc)
{
	struct arena arena;
	arena_init(&arena);
	struct phc read;
	bool known = phc_read(&arena, phc, &read);
	arena_done(&arena);
	return !known || read.memory != MEMORY_KIB || read.passes != PASSES || read.lanes != LANES;
}
