#include "decode/head_formats.h"

#include <string.h>

#define SIGNATURE 8
#define IHDR_LENGTH 13
#define PASSES 7	     /* of Adam7 */
#define INFLATED_MAX 8000000 /* bytes of one compressed text or profile: PNG_USER_CHUNK_MALLOC_MAX of libpng */

/* What a pixel takes when it is decoded; 0 for a kind of colour that there is not. A palette becomes colours and, as
 * any kind without one may, an alpha channel. */
static int64_t channels_of(unsigned colour)
{
	switch (colour) {
	case 0:
	case 4:
		return 2;
	case 2:
	case 3:
	case 6:
		return 4;
	default:
		return 0;
	}
}

static bool depth_fits(unsigned colour, unsigned depth)
{
	bool small = depth == 1 || depth == 2 || depth == 4;
	return depth == 8 || (depth == 16 && colour != 3) || (small && (colour == 0 || colour == 3));
}

static bool is_chunk(const unsigned char *chunk, const char *type)
{
	return memcmp(chunk + 4, type, 4) == 0;
}

static bool is_compressed(const unsigned char *chunk)
{
	return is_chunk(chunk, "zTXt") || is_chunk(chunk, "iTXt") || is_chunk(chunk, "iCCP");
}

/* IHDR, section 11.2.1, which comes first. */
static bool read_header(const unsigned char *data, struct image_head *ret)
{
	uint32_t width = head_big32(data), height = head_big32(data + 4);
	unsigned depth = data[8], colour = data[9], interlace = data[12];
	int64_t channels = channels_of(colour);
	if (width > INT32_MAX || height > INT32_MAX || channels == 0 || !depth_fits(colour, depth) || interlace > 1)
		return false;
	int64_t pixel = channels * (depth == 16 ? 2 : 1);
	ret->width = width;
	ret->height = height;
	ret->scans = interlace ? PASSES : 1;
	/* A picture whose rows come seven times is decoded as a whole. Sides are below 2^31: no overflow. */
	bool fits = !interlace || height == 0 || width <= (uint64_t)INT64_MAX / 16 / height;
	ret->memory = fits ? ret->width * pixel * (interlace ? ret->height : 2) : INT64_MAX / 2;
	return true;
}

bool head_png(struct head_bytes *file, struct image_head *ret)
{
	file->at = SIGNATURE;
	const unsigned char *first = file->bytes + file->at;
	if (!head_has(file, 8 + IHDR_LENGTH) || head_big32(first) != IHDR_LENGTH || !is_chunk(first, "IHDR") ||
	    !read_header(first + 8, ret))
		return false;
	int64_t frames = 0;
	ret->whole = false;
	while (head_has(file, 12)) {
		const unsigned char *chunk = file->bytes + file->at;
		ret->whole = is_chunk(chunk, "IEND");
		if (ret->whole)
			break;
		frames += is_chunk(chunk, "fcTL");
		ret->segments += !is_chunk(chunk, "IDAT") && !is_chunk(chunk, "fdAT") && !is_chunk(chunk, "fcTL");
		ret->compressed += is_compressed(chunk);
		ret->memory += is_compressed(chunk) ? INFLATED_MAX : 0;
		head_skip(file, 12);
		head_skip(file, head_big32(chunk));
	}
	ret->frames = frames > 1 ? frames : 1;
	return true;
}
