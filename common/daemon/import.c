#include "daemon/import.h"

#include "base/buffer.h"
#include "base/ids.h"
#include "telemetry/log.h"
#include "json/tree.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 500
#define BATCH_DEADLINE (120 * CLOCK_SECOND)
#define BATCH_BYTES (4 << 20) /* a batch ends after the line that reaches it */
#define MAX_LINE (1 << 20)
#define LOGGED 1000 /* rejected lines that the log names; the file names all */
#define LINE_DEPTH 32
#define HASH_TEXT (2 * EVP_MAX_MD_SIZE + 1)

struct import {
	struct daemon_worker *worker;
	const struct import_spec *spec;
	FILE *file, *rejected;
	const char *path;
	char hash[HASH_TEXT];
	char *line;    /* room for MAX_LINE bytes */
	size_t length; /* of the line last read; more than MAX_LINE: only its beginning is there */
	size_t read;   /* lines, of the file; while a batch is read it is that thread's, with `line` and `length` */
	size_t done;   /* of them, loaded or refused */
	size_t loaded, skipped, rejects;
	int64_t started;
};

/* The lines of one batch, and a thread that reads and checks it while the one before it is loaded. */
struct batch {
	struct import *import;
	struct context ctx; /* all its lines' memory */
	struct import_line lines[BATCH];
	struct import_line *good[BATCH];
	size_t count, good_count;
	size_t place; /* its last line */
	pthread_t thread;
	bool reading; /* there is such a thread */
};

static const char SELECT_PROGRESS[] = "SELECT line FROM import_progress WHERE file_hash = $1";
static const char PUT_PROGRESS[] = "INSERT INTO import_progress (file_hash, line) VALUES ($1, $2::bigint) "
				   "ON CONFLICT (file_hash) DO UPDATE SET line = excluded.line, updated_at = now()";

/* A batch is on the disk when a later commit is: what was not, is not noted either, and is done again. */
static const char COMMIT_LATER[] = "SET LOCAL synchronous_commit = off";

static int hash_file(struct import *import)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *chunk = malloc(65536);
	unsigned size = 0;
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	bool fine = sha && chunk && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1;
	size_t got = 0;
	while (fine && (got = fread(chunk, 1, 65536, import->file)) > 0)
		fine = EVP_DigestUpdate(sha, chunk, got) == 1;
	fine = fine && !ferror(import->file) && EVP_DigestFinal_ex(sha, digest, &size) == 1;
	EVP_MD_CTX_free(sha);
	free(chunk);
	if (!fine)
		return -1;
	hex_encode(digest, size, import->hash);
	rewind(import->file);
	return 0;
}

/* The log says the first ones; it stays readable, and small, when every line is bad. */
static void log_rejected(const struct import *import, const struct import_line *line)
{
	if (import->rejects <= LOGGED)
		log_event(LOG_WARNING, NULL, "a line was rejected", LOG_NUMBER("line", (int64_t)line->number),
			  LOG_STRING("reason", line->reason));
	else if (import->rejects == LOGGED + 1)
		log_event(LOG_WARNING, NULL, "more lines were rejected: the file beside the import's names all");
}

static void reject(struct import *import, const struct import_line *line)
{
	import->rejects++;
	log_rejected(import, line);
	if (!import->rejected) {
		char *path = NULL;
		if (asprintf(&path, "%s.rejected", import->path) > 0)
			import->rejected = fopen(path, import->skipped > 0 ? "ae" : "we");
		free(path);
	}
	if (import->rejected)
		fprintf(import->rejected, "line %zu: %s\t%s\n", line->number, line->reason,
			line->text ? line->text : "");
}

static void put_value(void *argument)
{
	json_object_put(argument);
}

/* Parses the text of the line; a bad one gets its reason. */
static void parse(struct context *ctx, struct import_line *line, size_t length)
{
	struct json_error error = {0};
	if (length > MAX_LINE)
		line->reason = "longer than 1 MiB";
	else if (!json_tree_parse(line->text, length, LINE_DEPTH, JSON_TREE_NFC | JSON_TREE_WHOLE, &ctx->arena,
				  &line->value, &error))
		line->reason =
		    arena_printf(&ctx->arena, "%s (byte %zu)", json_fault_text(error.fault), error.offset + 1);
	else if (!json_object_is_type(line->value, json_type_object))
		line->reason = "not a JSON object";
	if (line->value)
		context_defer(ctx, put_value, line->value);
}

/* Reads the next line, without its end, into import->line; of one that is too long only the beginning is kept, so that
 * memory stays bounded whatever the file is. False at the end of the file. */
static bool read_line(struct import *import)
{
	int next = getc_unlocked(import->file);
	if (next == EOF)
		return false;
	import->length = 0;
	for (; next != EOF && next != '\n'; next = getc_unlocked(import->file)) {
		if (import->length < MAX_LINE)
			import->line[import->length] = (char)next;
		import->length++;
	}
	import->read++;
	return true;
}

static size_t trimmed_length(const struct import *import)
{
	size_t length = import->length;
	while (length > 0 && length <= MAX_LINE && memchr(" \t\r", import->line[length - 1], 3))
		length--;
	return length;
}

/* Reads up to a batch of lines; blank ones count as read and are left out. None: the file has ended. */
static void read_lines(struct batch *batch)
{
	struct import *import = batch->import;
	struct context *ctx = &batch->ctx;
	size_t bytes = 0;
	batch->count = 0;
	while (batch->count < BATCH && bytes < BATCH_BYTES && read_line(import)) {
		size_t length = trimmed_length(import);
		if (length == 0)
			continue;
		bytes += length;
		struct import_line *line = &batch->lines[batch->count++];
		*line = (struct import_line){.number = import->read};
		line->text = length > MAX_LINE ? "" : arena_strndup(&ctx->arena, import->line, length);
		parse(ctx, line, length);
	}
	batch->place = import->read;
}

static struct rpc_call call_for(struct import *import, struct context *ctx)
{
	static const struct identity nobody = {.kind = IDENTITY_ANONYMOUS};
	return (struct rpc_call){
	    .ctx = ctx,
	    .caller = &nobody,
	    .peer = "",
	    .user_agent = "",
	    .worker = import->worker,
	    .db = import->worker->db,
	    .client = import->worker->client,
	    .app = import->worker->app,
	};
}

/* Loads lines and notes the place in one transaction. */
static int load(struct import *import, struct context *ctx, struct import_line *const *lines, size_t count,
		size_t place)
{
	struct rpc_call call = call_for(import, ctx);
	struct pg_tx *tx = pg_begin(ctx, import->worker->db);
	if (!tx || (count > 0 && import->spec->load(&call, tx, lines, count)))
		return -1;
	pg_queue(ctx, tx, COMMIT_LATER);
	pg_queue(ctx, tx, PUT_PROGRESS, import->hash, arena_printf(&ctx->arena, "%zu", place));
	return pg_commit(ctx, tx);
}

static const char *error_text(struct context *outer, const struct error *error)
{
	const char *text = error->cause[0]     ? error->cause
			   : error->message[0] ? error->message
					       : error_word(error->code);
	return arena_printf(&outer->arena, "%s%s%s", error->reason, error->reason[0] ? ": " : "", text);
}

static bool is_transport(const struct error *error)
{
	return error->code == ERROR_UNAVAILABLE || error->code == ERROR_DEADLINE_EXCEEDED ||
	       error->code == ERROR_OVERLOADED;
}

/* After a batch has failed: loads each line in a transaction of its own. -1 when the database is away. */
static int load_singly(struct import *import, struct context *outer, struct batch *batch)
{
	for (size_t i = 0; i < batch->good_count; i++) {
		struct import_line *line = batch->good[i];
		struct context ctx;
		context_init(&ctx, deadline_after(BATCH_DEADLINE));
		int failed = load(import, &ctx, &line, 1, line->number);
		bool away = failed && is_transport(&ctx.error);
		if (failed)
			line->reason = error_text(outer, &ctx.error);
		else if (line->reason)
			line->reason = arena_strdup(&outer->arena, line->reason);
		context_done(&ctx);
		if (away)
			return -1;
	}
	return 0;
}

static void check_lines(struct batch *batch)
{
	struct rpc_call call = call_for(batch->import, &batch->ctx);
	batch->good_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		struct import_line *line = &batch->lines[i];
		if (!line->reason && batch->import->spec->check)
			batch->import->spec->check(&call, line);
		if (!line->reason)
			batch->good[batch->good_count++] = line;
	}
}

static void *read_batch(void *argument)
{
	struct batch *batch = argument;
	read_lines(batch);
	check_lines(batch);
	return NULL;
}

/* Begins to read the next batch; where no thread can be had, reads it. */
static void begin_batch(struct import *import, struct batch *batch)
{
	batch->import = import;
	context_init(&batch->ctx, DEADLINE_NEVER);
	batch->reading = pthread_create(&batch->thread, NULL, read_batch, batch) == 0;
	if (!batch->reading)
		(void)read_batch(batch);
}

/* Waits until it is read. True when there is something in it. */
static bool await_batch(struct batch *batch)
{
	if (batch->reading)
		(void)pthread_join(batch->thread, NULL);
	batch->reading = false;
	return batch->count > 0;
}

static void log_progress(const struct import *import, const char *message)
{
	log_event(LOG_INFO, NULL, message, LOG_NUMBER("read", (int64_t)import->done),
		  LOG_NUMBER("loaded", (int64_t)import->loaded), LOG_NUMBER("rejected", (int64_t)import->rejects));
}

static void account(struct import *import, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->lines[i].reason)
			reject(import, &batch->lines[i]);
		else
			import->loaded++;
	}
	log_progress(import, "a batch was loaded");
}

static int load_batch(struct import *import, struct batch *batch)
{
	struct context *ctx = &batch->ctx, loading;
	context_init(&loading, deadline_after(BATCH_DEADLINE));
	int failed = load(import, &loading, batch->good, batch->good_count, batch->place);
	for (size_t i = 0; i < batch->good_count; i++)
		if (failed)
			batch->good[i]->reason = NULL;
		else if (batch->good[i]->reason)
			batch->good[i]->reason = arena_strdup(&ctx->arena, batch->good[i]->reason);
	if (failed && is_transport(&loading.error))
		log_error_of(LOG_ERROR, &loading, "a batch was not loaded");
	else if (failed)
		failed = load_singly(import, ctx, batch);
	context_done(&loading);
	if (failed)
		return -1;
	import->done = batch->place;
	account(import, batch);
	return 0;
}

/* Reads past the lines that an earlier run loaded. */
static int skip_done(struct import *import, struct context *ctx)
{
	struct pg_result *progress = pg_read(ctx, import->worker->db, SELECT_PROGRESS, import->hash);
	if (!progress)
		return -1;
	size_t done = pg_count(progress) > 0 ? (size_t)pg_integer(progress, 0, 0) : 0;
	while (import->read < done && read_line(import))
		continue;
	import->skipped = import->done = import->read;
	return 0;
}

/* All batches are on the disk when this is. */
static int settle(struct import *import, struct context *ctx)
{
	import->done = import->read;
	const char *place = arena_printf(&ctx->arena, "%zu", import->done);
	return pg_write(ctx, import->worker->db, PUT_PROGRESS, import->hash, place) ? 0 : -1;
}

/* Loads one batch while the next is read. */
static int load_batches(struct import *import, struct batch *batches)
{
	int failed = 0;
	struct batch *batch = batches, *next = batches + 1;
	begin_batch(import, batch);
	while (!failed && await_batch(batch)) {
		begin_batch(import, next);
		failed = load_batch(import, batch);
		context_done(&batch->ctx);
		struct batch *loaded = batch;
		batch = next;
		next = loaded;
	}
	(void)await_batch(batch);
	context_done(&batch->ctx);
	return failed;
}

static int load_all(struct import *import, struct context *ctx)
{
	struct batch *batches = calloc(2, sizeof(*batches));
	import->line = malloc(MAX_LINE);
	int failed = !batches || !import->line || hash_file(import) || skip_done(import, ctx);
	failed = failed || load_batches(import, batches) || settle(import, ctx) ? -1 : 0;
	free(batches);
	return failed;
}

static void summarise(const struct import *import)
{
	double seconds = (double)(clock_monotonic() - import->started) / (double)CLOCK_SECOND;
	printf("{\"read\":%zu,\"loaded\":%zu,\"skipped\":%zu,\"rejected\":%zu,\"seconds\":%.3f}\n", import->done,
	       import->loaded, import->skipped, import->rejects, seconds);
}

int import_run(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv,
	       const struct import_spec *spec)
{
	struct import import = {.worker = worker, .spec = spec, .started = clock_monotonic()};
	if (argc != 1) {
		log_event(LOG_ERROR, NULL, "usage: import FILE");
		return 2;
	}
	import.path = argv[0];
	import.file = fopen(import.path, "re");
	if (!import.file) {
		log_event(LOG_ERROR, NULL, "the file cannot be opened", LOG_STRING("file", import.path),
			  LOG_STRING("cause", strerror(errno)));
		return 1;
	}
	int failed = load_all(&import, ctx);
	if (failed)
		log_progress(&import, "the import was broken off: run it again to go on");
	summarise(&import);
	(void)fclose(import.file);
	if (import.rejected)
		(void)fclose(import.rejected);
	free(import.line);
	return failed ? 1 : 0;
}
