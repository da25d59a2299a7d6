#include "decode/head_formats.h"

#include <string.h>

#define FILE_HEAD 12 /* RIFF, its length, WEBP */
#define CHUNK_HEAD 8
#define ALPHA_FLAG 0x10 /* of VP8X */

/* Bytes of a pixel while it is decoded: as it is given out, and what predicting from its neighbours keeps. */
enum { PIXEL_LOSSY = 4, PIXEL_LOSSLESS = 8, PIXEL_ANIMATED = 12 };

static bool is_chunk(const unsigned char *chunk, const char *type)
{
	return memcmp(chunk, type, 4) == 0;
}

/* RFC 9649 section 2.7 (the canvas), RFC 6386 section 9.1 (a key frame), RFC 9649 section 3.4 (lossless). The bytes of
 * a pixel; 0 when the chunk says nothing of the size. */
static int64_t read_size(const unsigned char *chunk, const unsigned char *data, size_t length, struct image_head *ret)
{
	if (is_chunk(chunk, "VP8X") && length >= 10) {
		ret->width = head_little24(data + 4) + 1;
		ret->height = head_little24(data + 7) + 1;
		return data[0] & ALPHA_FLAG ? PIXEL_LOSSLESS : PIXEL_LOSSY;
	}
	if (is_chunk(chunk, "VP8 ") && length >= 10 && memcmp(data + 3, "\x9d\x01\x2a", 3) == 0) {
		ret->width = head_little16(data + 6) & 0x3FFF;
		ret->height = head_little16(data + 8) & 0x3FFF;
		return PIXEL_LOSSY;
	}
	if (is_chunk(chunk, "VP8L") && length >= 5 && data[0] == 0x2F) {
		uint32_t bits = head_little32(data + 1);
		ret->width = (bits & 0x3FFF) + 1;
		ret->height = (bits >> 14 & 0x3FFF) + 1;
		return PIXEL_LOSSLESS;
	}
	return 0;
}

bool head_webp(struct head_bytes *file, struct image_head *ret)
{
	int64_t frames = 0, pixel = 0;
	file->at = FILE_HEAD;
	while (head_has(file, CHUNK_HEAD)) {
		const unsigned char *chunk = file->bytes + file->at;
		size_t length = head_little32(chunk + 4);
		head_skip(file, CHUNK_HEAD);
		size_t there = head_has(file, length) ? length : file->length - file->at;
		/* The first chunk with a size counts: the canvas comes before the frames. */
		if (pixel == 0)
			pixel = read_size(chunk, chunk + CHUNK_HEAD, there, ret);
		else if (pixel < PIXEL_LOSSLESS && is_chunk(chunk, "VP8L"))
			pixel = PIXEL_LOSSLESS;
		frames += is_chunk(chunk, "ANMF");
		head_skip(file, length + (length & 1));
	}
	ret->frames = frames > 1 ? frames : 1;
	ret->memory = ret->width * ret->height * (frames > 0 ? PIXEL_ANIMATED : pixel);
	return pixel > 0;
}
