#include "daemon/daemon.h"
#include "image.h"
#include "start.h"

extern const struct embedded_file images_api[], images_migrations[];

static const struct rpc_handler handlers[] = {
    {"images.image.get", image_get},
    {"images.image.list", image_list},
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
     .help = "of an upload, checked before it is decoded"},
    {.name = NULL},
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
	    .name = "images",
	    .port = 7004,
	    .api = images_api,
	    .migrations = images_migrations,
	    .handlers = handlers,
	    .options = options,
	    .start = images_start,
	    .stop = images_stop,
	};
	return daemon_main(argc, argv, &spec);
}
