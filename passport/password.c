#include "password.h"

#include "base/ids.h"
#include "co/offload.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_KIB 19456
#define PASSES 2
#define LANES 1
#define SALT_SIZE 16
#define TAG_SIZE 32
#define PHC_SIZE 128
#define PASSWORD_SIZE 520 /* 128 code points of 4 bytes, and NUL */

/* Bounds of what a stored hash may ask for, so that a row in the database cannot exhaust the machine. */
#define MAX_MEMORY_KIB 262144
#define MAX_PASSES 16
#define MAX_LANES 4

/* Owns all it needs: a caller may leave before a thread gets to it. */
struct password_job {
	char password[PASSWORD_SIZE];
	char phc[PHC_SIZE]; /* to verify against; result of hashing */
	unsigned char salt[SALT_SIZE];
	int result;
};

static void job_free(void *argument)
{
	OPENSSL_cleanse(argument, sizeof(struct password_job));
	free(argument);
}

static void hash_work(void *argument)
{
	struct password_job *job = argument;
	job->result = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, job->password, strlen(job->password), job->salt,
					    SALT_SIZE, TAG_SIZE, job->phc, PHC_SIZE);
}

/* Makes the password's hash under the salt drawn for it and throws it away: what hash_work does, with the same
 * parameters, so that it takes as long as verifying against a hash made by them, whatever they become. */
static void no_account_work(void *argument)
{
	struct password_job *job = argument;
	hash_work(argument);
	if (job->result == ARGON2_OK)
		job->result = ARGON2_VERIFY_MISMATCH;
}

static void verify_work(void *argument)
{
	struct password_job *job = argument;
	job->result = argon2id_verify(job->phc, job->password, strlen(job->password));
}

static struct password_job *job_new(struct context *ctx, const char *password)
{
	size_t length = strlen(password);
	if (length >= PASSWORD_SIZE) {
		context_fail(ctx, ERROR_TOO_LARGE, "password", "the password is too long");
		return NULL;
	}
	struct password_job *job = calloc(1, sizeof(*job));
	if (!job)
		abort();
	memcpy(job->password, password, length);
	random_bytes(job->salt, SALT_SIZE);
	return job;
}

/* Runs the job; on 0 the caller has it back, on -1 the pool frees it when its thread is done. */
static int job_run(struct context *ctx, struct password_job *job, void (*work)(void *argument))
{
	return offload_run(ctx, offload_default(), work, job, job_free);
}

const char *password_hash(struct context *ctx, const char *password)
{
	const char *phc = NULL;
	struct password_job *job = job_new(ctx, password);
	if (!job || job_run(ctx, job, hash_work))
		return NULL;
	if (job->result == ARGON2_OK)
		phc = arena_strdup(&ctx->arena, job->phc);
	else
		context_fail_internal(ctx, "argon2: %s", argon2_error_message(job->result));
	job_free(job);
	return phc;
}

struct cost {
	unsigned int memory, passes, lanes;
};

static bool read_cost(const char *phc, struct cost *ret)
{
	return sscanf(phc, "$argon2id$v=19$m=%9u,t=%9u,p=%9u$", &ret->memory, &ret->passes, &ret->lanes) == 3;
}

static bool within_bounds(const char *phc)
{
	struct cost cost;
	return read_cost(phc, &cost) && cost.memory <= MAX_MEMORY_KIB && cost.passes <= MAX_PASSES &&
	       cost.lanes <= MAX_LANES && strlen(phc) < PHC_SIZE;
}

int password_verify(struct context *ctx, const char *password, const char *phc, bool *ret_match)
{
	if (phc && !within_bounds(phc))
		return context_fail_internal(ctx, "a stored password hash is out of bounds");
	struct password_job *job = job_new(ctx, password);
	if (!job)
		return -1;
	if (phc)
		memcpy(job->phc, phc, strlen(phc) + 1);
	if (job_run(ctx, job, phc ? verify_work : no_account_work))
		return -1;
	int result = job->result;
	job_free(job);
	if (result != ARGON2_OK && result != ARGON2_VERIFY_MISMATCH)
		return context_fail_internal(ctx, "argon2: %s", argon2_error_message(result));
	*ret_match = result == ARGON2_OK;
	return 0;
}

bool password_outdated(const char *phc)
{
	struct cost cost;
	return !read_cost(phc, &cost) || cost.memory != MEMORY_KIB || cost.passes != PASSES || cost.lanes != LANES;
}
