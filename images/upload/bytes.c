#include "upload/bytes.h"

#include "base/fatal.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

static struct upload_bytes *make(void *memory, size_t length, size_t mapped)
{
	struct upload_bytes *upload = must_calloc(1, sizeof(*upload));
	upload->references = 1;
	upload->length = length;
	upload->bytes = memory;
	upload->memory = memory;
	upload->mapped = mapped;
	atomic_init(&upload->abandoned, false);
	return upload;
}

struct upload_bytes *upload_bytes_new(const void *bytes, size_t length)
{
	void *copy = must_malloc(length + 1);
	memcpy(copy, bytes, length);
	return make(copy, length, 0);
}

struct upload_bytes *upload_bytes_share(struct upload_bytes *upload)
{
	upload->references++;
	return upload;
}

void upload_bytes_free(struct upload_bytes *upload)
{
	if (!upload || --upload->references > 0)
		return;
	if (upload->mapped > 0)
		(void)munmap(upload->memory, upload->mapped);
	else
		free(upload->memory);
	free(upload);
}

void upload_bytes_narrow(struct upload_bytes *upload, const void *start, size_t length)
{
	upload->bytes += (const unsigned char *)start - upload->bytes;
	upload->length = length;
}

/* --- from the request --- */

static void close_file(void *argument)
{
	int *file = argument;
	(void)close(*file);
}

/* A file that nobody else can open and that goes with its last user. -1 with the error in the context. */
static int open_file(struct context *ctx, const char *directory)
{
	char *path = arena_printf(&ctx->arena, "%s/" STORE_UPLOAD "XXXXXX", directory);
	int *file = arena_alloc(&ctx->arena, sizeof(*file));
	*file = mkostemp(path, O_CLOEXEC);
	if (*file < 0)
		return context_fail_internal(ctx, "%s: %s", path, strerror(errno));
	(void)unlink(path);
	context_defer(ctx, close_file, file);
	return *file;
}

static int write_piece(struct context *ctx, int file, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(file, bytes, length);
		if (written < 0 && errno != EINTR)
			return context_fail_internal(ctx, "an upload cannot be kept: %s", strerror(errno));
		bytes += written > 0 ? written : 0;
		length -= written > 0 ? (size_t)written : 0;
	}
	return 0;
}

/* Returns how many bytes the file has then, -1 with an error. */
static int64_t fill(struct http_exchange *exchange, int file)
{
	char *piece = arena_alloc(&exchange->ctx->arena, PIECE);
	int64_t length, total = 0;
	while ((length = http_body_read(exchange, piece, PIECE)) > 0) {
		total += length;
		if (write_piece(exchange->ctx, file, piece, (size_t)length))
			return -1;
	}
	return length < 0 ? -1 : total;
}

struct upload_bytes *upload_bytes_receive(struct http_exchange *exchange, const char *directory)
{
	struct context *ctx = exchange->ctx;
	/* What is there already takes no more memory than it did. */
	if (!http_body_waits(exchange))
		return upload_bytes_new(exchange->body, exchange->body_length);
	int file = open_file(ctx, directory);
	int64_t length = file >= 0 ? fill(exchange, file) : -1;
	if (length < 0)
		return NULL;
	if (length == 0)
		return upload_bytes_new("", 0);
	void *mapping = mmap(NULL, (size_t)length, PROT_READ, MAP_SHARED, file, 0);
	if (mapping != MAP_FAILED)
		return make(mapping, (size_t)length, (size_t)length);
	context_fail_internal(ctx, "an upload cannot be read: %s", strerror(errno));
	return NULL;
}
