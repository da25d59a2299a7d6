#include "decode/bounds.h"

#include "config/config.h"
#include "daemon/data_check.h"

/* A picture has a profile and some words. Each may be inflated to 8 MB, which takes more than a tenth of a second. */
#define COMPRESSED_MAX 8

const struct data_check image_sides_check = {
    .name = "max_side",
    .help = "images with a side longer than max_side",
    .setting = "max_side",
    .sql = "SELECT id, width, height FROM image WHERE greatest(width, height) > $1::bigint ORDER BY id",
};

const struct data_check image_pixels_check = {
    .name = "max_pixels",
    .help = "images of more than max_pixels pixels",
    .setting = "max_pixels",
    .sql = "SELECT id, width, height FROM image WHERE width::bigint * height > $1::bigint ORDER BY id",
};

void image_bounds_read(const struct config *config, struct image_bounds *ret)
{
	*ret = (struct image_bounds){
	    .max_side = config_integer(config, "max_side"),
	    .max_pixels = config_integer(config, "max_pixels"),
	    .max_scans = config_integer(config, "max_scans"),
	    .max_frames = config_integer(config, "max_frames"),
	    .max_segments = config_integer(config, "max_segments"),
	    .max_decoded = config_integer(config, "max_decoded"),
	};
}

/* No file says more than 31 bits of a side: the product does not overflow. */
bool image_bounds_hold(const struct image_bounds *bounds, const struct image_head *head,
		       struct image_excess *ret_excess)
{
	int64_t side = head->width > head->height ? head->width : head->height;
	const struct image_excess rules[] = {
	    {"pixels", "pixels", head->width * head->height, bounds->max_pixels},
	    {"side", "pixels on the longer side", side, bounds->max_side},
	    {"scans", "scans", head->scans, bounds->max_scans},
	    {"frames", "frames", head->frames, bounds->max_frames},
	    {"segments", "segments beside its pixels", head->segments, bounds->max_segments},
	    {"compressed", "compressed texts and profiles", head->compressed, COMPRESSED_MAX},
	    {"memory", "bytes to decode it", head->memory, bounds->max_decoded},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].value <= rules[i].maximum)
			continue;
		*ret_excess = rules[i];
		return false;
	}
	return true;
}
