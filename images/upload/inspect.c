#include "upload/inspect.h"

#include "base/fatal.h"
#include "base/ids.h"
#include "co/offload.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>

enum verdict { GOOD, WRONG_TYPE, TOO_LARGE, DAMAGED };

/* Owns all it needs: the caller may leave while a thread works. */
struct inspection {
	struct upload_bytes *upload;
	struct image_bounds bounds;
	enum verdict verdict;
	struct image_excess excess;
	struct image_facts facts;
};

/* --- on the pool's thread --- */

/* Reads the head only; the pixels come when something asks for them, from the first to the last, so that rows need not
 * be kept. */
static VipsImage *open_image(const struct inspection *job)
{
	static int (*const loaders[])(void *, size_t, VipsImage **, ...) = {vips_jpegload_buffer, vips_pngload_buffer,
									    vips_gifload_buffer, vips_webpload_buffer};
	static const char *const types[] = {"image/jpeg", "image/png", "image/gif", "image/webp"};
	struct upload_bytes *upload = job->upload;
	VipsImage *image = NULL;
	size_t i = 0;
	while (strcmp(types[i], job->facts.type) != 0)
		i++;
	int failed = loaders[i](upload->bytes, upload->length, &image, "fail_on", VIPS_FAIL_ON_TRUNCATED, "access",
				VIPS_ACCESS_SEQUENTIAL, NULL);
	return failed ? NULL : image;
}

/* The signal "eval" of libvips, between strips. */
static void stop_when_abandoned(VipsImage *image, VipsProgress *progress, void *argument)
{
	const struct upload_bytes *upload = argument;
	(void)progress;
	if (atomic_load(&upload->abandoned))
		vips_image_set_kill(image, TRUE);
}

/* The average needs every pixel: an image that has them all is whole. */
static enum verdict decode(struct inspection *job, VipsImage *image)
{
	double average = 0;
	struct image_head found = {
	    .width = vips_image_get_width(image), .height = vips_image_get_height(image), .scans = 1, .frames = 1};
	job->facts.width = (int)found.width;
	job->facts.height = (int)found.height;
	if (!image_bounds_hold(&job->bounds, &found, &job->excess))
		return TOO_LARGE;
	vips_image_set_progress(image, TRUE);
	(void)g_signal_connect(image, "eval", G_CALLBACK(stop_when_abandoned), job->upload);
	return vips_avg(image, &average, NULL) == 0 ? GOOD : DAMAGED;
}

static enum verdict look(struct inspection *job)
{
	struct image_head head = {0};
	const struct upload_bytes *upload = job->upload;
	enum head_result result = image_head_read(upload->bytes, upload->length, &head);
	if (result == HEAD_UNKNOWN)
		return WRONG_TYPE;
	if (result == HEAD_DAMAGED)
		return DAMAGED;
	if (!image_bounds_hold(&job->bounds, &head, &job->excess))
		return TOO_LARGE;
	if (!head.whole)
		return DAMAGED;
	job->facts.type = head.type;
	VipsImage *image = open_image(job);
	enum verdict verdict = image ? decode(job, image) : DAMAGED;
	if (image)
		g_object_unref(image);
	vips_error_clear();
	return verdict;
}

static void work(void *argument)
{
	struct inspection *job = argument;
	job->verdict = look(job);
	if (job->verdict != GOOD)
		return;
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA256(job->upload->bytes, job->upload->length, digest);
	hex_encode(digest, sizeof(digest), job->facts.sha256);
}

/* --- on the loop's thread --- */

static void job_free(void *argument)
{
	struct inspection *job = argument;
	upload_bytes_free(job->upload);
	free(job);
}

static int too_large(struct context *ctx, const struct image_excess *excess)
{
	(void)context_fail(ctx, ERROR_TOO_LARGE, excess->rule, "%lld %s: at most %lld are taken",
			   (long long)excess->value, excess->what, (long long)excess->maximum);
	ctx->error.details = arena_printf(&ctx->arena, "{\"value\":%lld,\"maximum\":%lld}", (long long)excess->value,
					  (long long)excess->maximum);
	return -1;
}

static int judge(struct context *ctx, const struct inspection *job)
{
	switch (job->verdict) {
	case GOOD:
		return 0;
	case WRONG_TYPE:
		return context_fail(ctx, ERROR_INVALID_PARAMS, "type", "not a JPEG, PNG, WebP or GIF image");
	case TOO_LARGE:
		return too_large(ctx, &job->excess);
	default:
		return context_fail(ctx, ERROR_INVALID_PARAMS, "damaged", "the image is truncated or broken");
	}
}

int image_inspect(struct context *ctx, struct offload_pool *pool, struct upload_bytes *upload,
		  const struct image_bounds *bounds, struct image_facts *ret_facts)
{
	struct inspection *job = must_calloc(1, sizeof(*job));
	job->upload = upload_bytes_share(upload);
	job->bounds = *bounds;
	if (offload_run(ctx, pool, work, job, job_free)) {
		atomic_store(&upload->abandoned, true);
		return -1;
	}
	int result = judge(ctx, job);
	*ret_facts = job->facts;
	job_free(job);
	return result;
}
