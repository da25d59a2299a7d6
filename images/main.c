#include "base/clock.h"
#include "daemon/daemon.h"
#include "daemon/data_check.h"
#include "decode/bounds.h"
#include "erased_owner.h"
#include "outbox/erasure.h"
#include "serve/image.h"
#include "start.h"
#include "upload/usage.h"

extern const struct embedded_file images_api[], images_migrations[], images_fact_lists[];

static const struct rpc_handler handlers[] = {
    {"images.image.get", image_get},
    {"images.image.list", image_list},
    {NULL, NULL},
};

static const struct fact_handler fact_handlers[] = {
    {"passport.user.erased", erasure_fact},
    {NULL, NULL},
};

static const struct background_job_kind background_jobs[] = {
    {ERASURE_JOB, erased_owner_forget},
    {NULL, NULL},
};

static const struct config_option options[] = {
    {.name = "store_dir",
     .type = CONFIG_TEXT,
     .fallback = "",
     .max = 1000,
     .help = "of the images; empty: store in data_dir"},
    {.name = "max_image",
     .type = CONFIG_SIZE,
     .fallback = "20MiB",
     .min = 1024,
     .max = 1 << 30,
     .help = "of an upload"},
    {.name = "max_pixels",
     .type = CONFIG_INTEGER,
     .fallback = "50000000",
     .min = 1,
     .max = 1000000000,
     .help = "of an upload, checked before it is decoded; of an animation, in each frame"},
    {.name = "max_side",
     .type = CONFIG_INTEGER,
     .fallback = "16384",
     .min = 1,
     .max = 1000000,
     .help = "pixels of the longer side of an upload"},
    {.name = "max_scans",
     .type = CONFIG_INTEGER,
     .fallback = "64",
     .min = 7,
     .max = 10000,
     .help = "passes over its pixels, of a progressive JPEG (usually about 10)"},
    {.name = "max_frames",
     .type = CONFIG_INTEGER,
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .help = "of an animation"},
    {.name = "max_segments",
     .type = CONFIG_INTEGER,
     .fallback = "1000",
     .min = 1,
     .max = 10000,
     .help = "parts of a JPEG or PNG beside its pixels: profiles, comments and the like"},
    {.name = "max_decoded",
     .type = CONFIG_SIZE,
     .fallback = "256MiB",
     .min = 1 << 20,
     .max = INT64_C(1) << 34,
     .help = "memory that decoding an upload may take; so much for each of decode_threads"},
    {.name = "decode_threads",
     .type = CONFIG_INTEGER,
     .fallback = "3",
     .min = 1,
     .max = 64,
     .help = "that decode uploads; more than decodes_at_once, so that one user leaves one for the others"},
    {.name = "decode_queue",
     .type = CONFIG_INTEGER,
     .fallback = "16",
     .min = 1,
     .max = 10000,
     .help = "uploads that wait for such a thread; more are told that it is overloaded"},
    {.name = "decodes_at_once",
     .type = CONFIG_INTEGER,
     .fallback = "2",
     .min = 1,
     .max = 1000,
     .help = "uploads of one user, in each worker; the others wait"},
    {.name = "uploads_at_once",
     .type = CONFIG_INTEGER,
     .fallback = "8",
     .min = 1,
     .max = 1000,
     .help = "of one user, in each worker, those that wait among them"},
    {.name = "max_user_images",
     .type = CONFIG_INTEGER,
     .fallback = "20000",
     .max = 1000000000,
     .help = "kept of one user; 0: no limit"},
    {.name = "max_user_bytes",
     .type = CONFIG_SIZE,
     .fallback = "20GiB",
     .max = INT64_C(1) << 50,
     .help = "of the images of one user; 0: no limit"},
    {.name = "max_day_images",
     .type = CONFIG_INTEGER,
     .fallback = "2000",
     .max = 1000000000,
     .help = "uploaded by one user in a day (UTC); 0: no limit"},
    {.name = "max_day_bytes",
     .type = CONFIG_SIZE,
     .fallback = "2GiB",
     .max = INT64_C(1) << 50,
     .help = "uploaded by one user in a day (UTC); 0: no limit"},
    {.name = "sweep_interval",
     .type = CONFIG_DURATION,
     .fallback = "1h",
     .min = CLOCK_SECOND,
     .max = 86400 * CLOCK_SECOND,
     .help = "between two looks for files of the store that belong to no image"},
    {.name = NULL},
};

static const struct data_check *const checks[] = {
    &image_sides_check, &image_pixels_check, &usage_images_check, &usage_bytes_check, NULL,
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
	    .name = "images",
	    .port = 7004,
	    .api = images_api,
	    .migrations = images_migrations,
	    .fact_lists = images_fact_lists,
	    .handlers = handlers,
	    .fact_handlers = fact_handlers,
	    .background_jobs = background_jobs,
	    .options = options,
	    .checks = checks,
	    .direct_http = true,
	    .start = images_start,
	    .stop = images_stop,
	};
	return daemon_main(argc, argv, &spec);
}
