#include "upload/keep.h"

#include "base/fatal.h"
#include "base/ids.h"
#include "co/offload.h"
#include "rpc/erased_user.h"
#include "upload/usage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char INSERT_IMAGE[] =
    "INSERT INTO image AS i (id, owner_id, sha256, type, width, height, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7) "
    "RETURNING " IMAGE_JSON("i.owner_id") "::text";

/* Owns all it needs: the caller may leave while a thread works. */
struct job {
	struct upload_bytes *upload;
	char *directory;
	char sha256[SHA256_TEXT_SIZE];
	int error_number; /* 0: stored */
};

static void work(void *argument)
{
	struct job *job = argument;
	const struct upload_bytes *upload = job->upload;
	const struct store store = {.directory = job->directory};
	job->error_number = 0;
	if (atomic_load(&upload->abandoned))
		return;
	if (!store_put(&store, job->sha256, upload->bytes, upload->length))
		job->error_number = errno;
}

static void job_free(void *argument)
{
	struct job *job = argument;
	upload_bytes_free(job->upload);
	free(job->directory);
	free(job);
}

static int put(struct context *ctx, const struct store *store, struct upload_bytes *upload, const char *sha256)
{
	struct job *job = must_calloc(1, sizeof(*job));
	job->upload = upload_bytes_share(upload);
	job->directory = must_strdup(store->directory);
	memcpy(job->sha256, sha256, sizeof(job->sha256));
	if (offload_run(ctx, offload_default(), work, job, job_free)) {
		atomic_store(&upload->abandoned, true);
		return -1;
	}
	int error_number = job->error_number;
	job_free(job);
	return error_number ? context_fail_internal(ctx, "image store: %s", strerror(error_number)) : 0;
}

static struct pg_result *insert(struct context *ctx, struct pg_tx *tx, const char *owner,
				const struct image_facts *facts, size_t length)
{
	char id[UUID_SIZE];
	uuid_make(id);
	return pg_query_commit(
	    ctx, tx, INSERT_IMAGE, id, owner, facts->sha256, facts->type, arena_printf(&ctx->arena, "%d", facts->width),
	    arena_printf(&ctx->arena, "%d", facts->height), arena_printf(&ctx->arena, "%zu", length));
}

const char *image_keep(struct context *ctx, struct images *images, const struct identity *owner,
		       struct upload_bytes *upload, const struct image_facts *facts)
{
	struct daemon_worker *worker = images->worker;
	struct pg_tx *tx = pg_begin(ctx, worker->db);
	if (!tx)
		return NULL;
	erased_user_refuse(ctx, tx, owner);
	pg_queue(ctx, tx, STORE_LOCK, facts->sha256);
	if (usage_add(ctx, worker, tx, identity_account(owner), upload->length) ||
	    put(ctx, images->store, upload, facts->sha256))
		return NULL;
	struct pg_result *row = insert(ctx, tx, owner->id, facts, upload->length);
	return row ? pg_text(row, 0, 0) : NULL;
}
