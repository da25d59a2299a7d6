/*
 * Reads from a picture's file its size, passes and frames, and what decoding it takes. Read from the bytes, without
 * decoding anything.
 *
 * Purpose: a few bytes can declare a gigapixel, or make the decoder go over all pixels a thousand times; so the cost of
 * a file is computed, and bounded (bounds.h), before a codec sees it.
 * Invariants: pure; reads every byte at most once or twice, so the time is that of the length; no length in the file is
 * trusted. The readers find all that the decoders find: markers, chunks and blocks are followed as libjpeg, libpng,
 * libnsgif and libwebp follow them. Whether the picture is complete is checked here only for formats whose decoder,
 * which makes the first frame, does not read to the end. Sources: ITU-T T.81 annex B (JPEG), PNG third edition sections
 * 5 and 11, GIF89a, RFC 9649 (WebP).
 */
#ifndef EVENTLOOP_IMAGES_DECODE_HEAD_H
#define EVENTLOOP_IMAGES_DECODE_HEAD_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image_head {
	const char *type;      /* "image/jpeg", ...; static */
	int64_t width, height; /* of the whole picture, 1 to 2^31 - 1 */
	int64_t scans;	       /* passes over its pixels: of a progressive JPEG, seven of an interlaced PNG, else 1 */
	int64_t frames;	       /* of an animation; else 1 */
	int64_t
	    segments; /* of a JPEG or PNG beside the pixels: comments, profiles and the like, and what else it has */
	int64_t compressed; /* of those, how many are inflated to be read */
	bool whole;	    /* a GIF or PNG is not truncated; for the others their decoders check that */
	int64_t memory;	    /* bytes that its decoder holds at once, at most, without rows that it gives away */
};

enum head_result {
	HEAD_READ,
	HEAD_UNKNOWN, /* no JPEG, PNG, GIF or WebP */
	HEAD_DAMAGED  /* one of them, but it ends, or contradicts itself, before it has said how large it is */
};

/* Reads the head of length bytes into *ret, which is filled with HEAD_READ alone. */
enum head_result image_head_read(const unsigned char *bytes, size_t length, struct image_head *ret) MUST_CHECK;

#endif
