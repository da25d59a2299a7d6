#include "inspect.h"

#include "base/fatal.h"
#include "base/ids.h"
#include "co/offload.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>

enum verdict { GOOD, WRONG_TYPE, TOO_MANY_PIXELS, DAMAGED, NOT_STORED };

/* Owns all it needs: the caller may leave while a thread works. */
struct inspection {
	struct store store;
	char *directory;
	void *bytes;
	size_t length;
	int64_t max_pixels;
	enum verdict verdict;
	int error_number;
	struct image_facts facts;
};

static bool begins(const unsigned char *bytes, size_t length, const char *magic, size_t size)
{
	return length >= size && memcmp(bytes, magic, size) == 0;
}

const char *image_type(const unsigned char *bytes, size_t length)
{
	if (begins(bytes, length, "\xff\xd8\xff", 3))
		return "image/jpeg";
	if (begins(bytes, length, "\x89PNG\r\n\x1a\n", 8))
		return "image/png";
	if (begins(bytes, length, "GIF87a", 6) || begins(bytes, length, "GIF89a", 6))
		return "image/gif";
	if (length >= 12 && begins(bytes, length, "RIFF", 4) && begins(bytes + 8, length - 8, "WEBP", 4))
		return "image/webp";
	return NULL;
}

/* Reads the header only; the pixels come when something asks for them. */
static VipsImage *open_header(const struct inspection *job)
{
	VipsImage *image = NULL;
	void *bytes = job->bytes;
	const char *type = job->facts.type;
	int failed = -1;
	if (strcmp(type, "image/jpeg") == 0)
		failed = vips_jpegload_buffer(bytes, job->length, &image, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
	else if (strcmp(type, "image/png") == 0)
		failed = vips_pngload_buffer(bytes, job->length, &image, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
	else if (strcmp(type, "image/gif") == 0)
		failed = vips_gifload_buffer(bytes, job->length, &image, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
	else
		failed = vips_webpload_buffer(bytes, job->length, &image, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
	return failed ? NULL : image;
}

/* The average needs every pixel: an image that has them all is whole. */
static enum verdict decode(struct inspection *job, VipsImage *image)
{
	double average = 0;
	job->facts.width = vips_image_get_width(image);
	job->facts.height = vips_image_get_height(image);
	if ((int64_t)job->facts.width * job->facts.height > job->max_pixels)
		return TOO_MANY_PIXELS;
	return vips_avg(image, &average, NULL) == 0 ? GOOD : DAMAGED;
}

static void hash(struct inspection *job)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA256(job->bytes, job->length, digest);
	hex_encode(digest, sizeof(digest), job->facts.sha256);
}

static void work(void *argument)
{
	struct inspection *job = argument;
	job->facts.type = image_type(job->bytes, job->length);
	if (!job->facts.type) {
		job->verdict = WRONG_TYPE;
		return;
	}
	VipsImage *image = open_header(job);
	job->verdict = image ? decode(job, image) : DAMAGED;
	if (image)
		g_object_unref(image);
	vips_error_clear();
	if (job->verdict != GOOD)
		return;
	hash(job);
	if (!store_put(&job->store, job->facts.sha256, job->bytes, job->length)) {
		job->verdict = NOT_STORED;
		job->error_number = errno;
	}
}

static void job_free(void *argument)
{
	struct inspection *job = argument;
	free(job->bytes);
	free(job->directory);
	free(job);
}

static int judge(struct context *ctx, const struct inspection *job)
{
	switch (job->verdict) {
	case GOOD:
		return 0;
	case WRONG_TYPE:
		return context_fail(ctx, ERROR_INVALID_PARAMS, "type", "not a JPEG, PNG, WebP or GIF image");
	case TOO_MANY_PIXELS:
		return context_fail(ctx, ERROR_TOO_LARGE, "pixels", "%d x %d is more than %lld pixels",
				    job->facts.width, job->facts.height, (long long)job->max_pixels);
	case DAMAGED:
		return context_fail(ctx, ERROR_INVALID_PARAMS, "damaged", "the image is truncated or broken");
	case NOT_STORED:
		break;
	}
	return context_fail_internal(ctx, "image store: %s", strerror(job->error_number));
}

int image_inspect(struct context *ctx, const struct store *store, const void *bytes, size_t length, int64_t max_pixels,
		  struct image_facts *ret_facts)
{
	struct inspection *job = must_calloc(1, sizeof(*job));
	job->directory = must_strdup(store->directory);
	job->store.directory = job->directory;
	job->bytes = must_malloc(length + 1);
	memcpy(job->bytes, bytes, length);
	job->length = length;
	job->max_pixels = max_pixels;
	if (offload_run(ctx, offload_default(), work, job, job_free))
		return -1;
	int result = judge(ctx, job);
	if (result == 0)
		*ret_facts = job->facts;
	job_free(job);
	return result;
}
