#include "start.h"

#include "base/fatal.h"
#include "decode/bounds.h"
#include "decode/decoders.h"
#include "http/stream.h"
#include "images.h"
#include "serve/serve.h"
#include "store/store.h"
#include "store/sweep.h"
#include "telemetry/log.h"
#include "telemetry/log_pause.h"
#include "upload/places.h"
#include "upload/upload.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>

/* libvips and what it loads speak through GLib, about pictures too: the sender of a picture can influence the text, and
 * cause any number of warnings. From any thread. */
static GLogWriterOutput log_glib(GLogLevelFlags level, const GLogField *fields, gsize count, gpointer argument)
{
	static struct log_pause pause;
	const char *text = "", *library = "GLib";
	(void)argument;
	for (gsize i = 0; i < count; i++) {
		bool is_text = fields[i].length < 0;
		if (is_text && strcmp(fields[i].key, "MESSAGE") == 0)
			text = fields[i].value;
		else if (is_text && strcmp(fields[i].key, "GLIB_DOMAIN") == 0)
			library = fields[i].value;
	}
	enum log_level ours = LOG_DEBUG;
	int64_t warnings = 1;
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		ours = LOG_ERROR;
	else if (level & G_LOG_LEVEL_WARNING && (warnings = log_pause_count(&pause)) > 0)
		ours = LOG_WARNING;
	log_event(ours, NULL, "a library says something", LOG_STRING("library", library), LOG_STRING("text", text),
		  LOG_NUMBER("count", warnings));
	return G_LOG_WRITER_HANDLED;
}

static void log_print(const char *text)
{
	log_each_line(LOG_INFO, text);
}

/* One image a thread: more images at once is what the pool is for, and libvips's own threads cost more than they bring.
 */
static int start_codecs(struct context *ctx)
{
	static pthread_mutex_t starting =
	    PTHREAD_MUTEX_INITIALIZER; /* it must not be started by several threads at once */
	(void)pthread_mutex_lock(&starting);
	static bool started;
	if (!started) { /* GLib takes a writer once */
		g_log_set_writer_func(log_glib, NULL, NULL);
		(void)g_set_print_handler(log_print);
		(void)g_set_printerr_handler(log_print);
		started = true;
	}
	int status = VIPS_INIT("eventloop-images");
	(void)pthread_mutex_unlock(&starting);
	if (status)
		return context_fail_internal(ctx, "libvips: %s", vips_error_buffer());
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	return 0;
}

static const char *store_directory(const struct daemon_worker *worker, struct context *ctx)
{
	const char *directory = config_text(worker->config, "store_dir");
	const char *data = config_text(worker->config, "data_dir");
	if (directory[0] || !data[0])
		return directory;
	return arena_printf(&ctx->arena, "%s/store", data);
}

int images_start(struct daemon_worker *worker, struct context *ctx)
{
	struct images *images = must_calloc(1, sizeof(*images));
	worker->app = images;
	images->worker = worker;
	images->bounds = must_calloc(1, sizeof(*images->bounds));
	image_bounds_read(worker->config, images->bounds);
	images->store = store_new(store_directory(worker, ctx));
	if (!images->store)
		return context_fail_internal(ctx, "store_dir \"%s\": %s", store_directory(worker, ctx),
					     strerror(errno));
	if (start_codecs(ctx))
		return -1;
	if (!worker->http)
		return 0;
	if (!(images->decoders = decoders_take(worker->config)))
		return context_fail_internal(ctx, "a thread cannot be started");
	images->places = upload_places_new((size_t)config_integer(worker->config, "uploads_at_once"),
					   (size_t)config_integer(worker->config, "decodes_at_once"));
	if (worker->index == 0 && !(images->sweep = sweep_new(images)))
		return context_fail_internal(ctx, "no coroutine left at start");
	http_server_route_early(worker->http, "POST", "/images", (size_t)config_integer(worker->config, "max_image"), 0,
				upload_handle, images);
	http_server_route(worker->http, "GET", "/images/*", 0, serve_handle, images);
	http_server_route(worker->http, "HEAD", "/images/*", 0, serve_handle, images);
	return 0;
}

void images_stop(struct daemon_worker *worker)
{
	struct images *images = worker->app;
	if (!images)
		return;
	sweep_free(images->sweep);
	if (images->decoders)
		decoders_release();
	upload_places_free(images->places);
	store_free(images->store);
	free(images->bounds);
	free(images);
	worker->app = NULL;
}
