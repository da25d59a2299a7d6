/*
 * The limits of what decoding a picture may take, checked by its head (head.h).
 *
 * Purpose: one rule after the other, each with a setting of its own, so that a refusal names what is too large.
 * Invariants: pure; checked before a codec sees the bytes, and again with the size that the codec found.
 */
#ifndef EVENTLOOP_IMAGES_DECODE_BOUNDS_H
#define EVENTLOOP_IMAGES_DECODE_BOUNDS_H

#include "decode/head.h"

struct config;
struct data_check;

/* Each at least 1. */
struct image_bounds {
	int64_t max_side;     /* pixels of the longer side */
	int64_t max_pixels;   /* of one frame */
	int64_t max_scans;    /* passes over the pixels */
	int64_t max_frames;   /* of an animation */
	int64_t max_segments; /* beside the pixels: libjpeg takes time by the square of their number */
	int64_t max_decoded;  /* bytes that the decoder holds at once */
};

/* The first rule that a picture breaks. */
struct image_excess {
	const char *rule; /* "side", "pixels", "scans", "frames", "segments", "compressed", "memory"; static */
	const char *what; /* what is counted, in words for people; static */
	int64_t value, maximum;
};

/* The settings of those names. */
void image_bounds_read(const struct config *config, struct image_bounds *ret);

/* True when the picture is within all bounds; else *ret_excess says which one it breaks. */
bool image_bounds_hold(const struct image_bounds *bounds, const struct image_head *head,
		       struct image_excess *ret_excess) MUST_CHECK;

/* Pictures accepted before today's bounds that break them. */
extern const struct data_check image_sides_check, image_pixels_check;

#endif
