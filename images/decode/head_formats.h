/*
 * The readers of the four formats, behind head.h. Each gets bytes that begin with its format's signature, sets all of
 * *ret but the type, and returns false for a damaged file.
 */
#ifndef EVENTLOOP_IMAGES_DECODE_HEAD_FORMATS_H
#define EVENTLOOP_IMAGES_DECODE_HEAD_FORMATS_H

#include "decode/head.h"

/* What is left to be read of a file. Invariant: at <= length. */
struct head_bytes {
	const unsigned char *bytes;
	size_t length, at;
};

/* True when count more bytes are there. */
static inline bool head_has(const struct head_bytes *file, size_t count)
{
	return file->length - file->at >= count;
}

/* Goes over count bytes, or to the end. */
static inline void head_skip(struct head_bytes *file, size_t count)
{
	file->at = head_has(file, count) ? file->at + count : file->length;
}

/* Numbers of 2 to 4 bytes, the first byte counting most (big) or least (little). */
static inline uint32_t head_big16(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static inline uint32_t head_big32(const unsigned char *bytes)
{
	return head_big16(bytes) << 16 | head_big16(bytes + 2);
}

static inline uint32_t head_little16(const unsigned char *bytes)
{
	return (uint32_t)bytes[1] << 8 | bytes[0];
}

static inline uint32_t head_little24(const unsigned char *bytes)
{
	return (uint32_t)bytes[2] << 16 | head_little16(bytes);
}

static inline uint32_t head_little32(const unsigned char *bytes)
{
	return head_little16(bytes + 2) << 16 | head_little16(bytes);
}

/* From behind SOI to EOI, marker by marker. */
bool head_jpeg(struct head_bytes *file, struct image_head *ret) MUST_CHECK;
/* IHDR, then chunk by chunk to IEND. */
bool head_png(struct head_bytes *file, struct image_head *ret) MUST_CHECK;
/* The screen, then block by block to the trailer. */
bool head_gif(struct head_bytes *file, struct image_head *ret) MUST_CHECK;
/* Chunk by chunk to the end. */
bool head_webp(struct head_bytes *file, struct image_head *ret) MUST_CHECK;

#endif
