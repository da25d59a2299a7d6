#include "decode/head_formats.h"

#include <string.h>

/* Markers, ITU-T T.81 table B.1 */
enum {
	MARKER_TEM = 0x01,
	MARKER_SOF0 = 0xC0,
	MARKER_DHT = 0xC4,
	MARKER_JPG = 0xC8,
	MARKER_DAC = 0xCC,
	MARKER_SOF15 = 0xCF,
	MARKER_RST0 = 0xD0,
	MARKER_SOI = 0xD8,
	MARKER_EOI = 0xD9,
	MARKER_SOS = 0xDA,
};

#define MAX_COMPONENTS 4
#define MAX_SAMPLING 4
#define BLOCK 8		     /* a block's side in pixels */
#define BLOCK_BYTES (64 * 2) /* a block's coefficients, as libjpeg keeps them */

struct frame {
	bool found, progressive;
	unsigned components;
	unsigned across[MAX_COMPONENTS], down[MAX_COMPONENTS]; /* sampling factors */
};

/* The next marker, wherever it comes: what stands between (a scan's data, or rubbish) is passed over, as libjpeg does.
 * -1 at the end. */
static int next_marker(struct head_bytes *file)
{
	while (head_has(file, 2)) {
		const unsigned char *found = memchr(file->bytes + file->at, 0xFF, file->length - file->at - 1);
		if (!found)
			break;
		file->at = (size_t)(found - file->bytes) + 1;
		unsigned char code = file->bytes[file->at];
		if (code == 0xFF)
			continue;
		file->at++;
		if (code != 0)
			return code;
	}
	file->at = file->length;
	return -1;
}

static bool is_frame(int marker)
{
	return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT && marker != MARKER_JPG &&
	       marker != MARKER_DAC;
}

static bool stands_alone(int marker)
{
	return marker == MARKER_TEM || (marker >= MARKER_RST0 && marker <= MARKER_SOI);
}

/* A frame's header, section B.2.2. libjpeg takes neither a second one nor lines that are counted later. */
static bool read_frame(const unsigned char *segment, size_t length, int marker, struct frame *frame,
		       struct image_head *ret)
{
	if (frame->found || length < 6)
		return false;
	frame->found = true;
	frame->progressive = (marker & 3) == 2;
	ret->height = head_big16(segment + 1);
	ret->width = head_big16(segment + 3);
	frame->components = segment[5];
	if (frame->components < 1 || frame->components > MAX_COMPONENTS || length != 6 + 3 * (size_t)frame->components)
		return false;
	for (unsigned i = 0; i < frame->components; i++) {
		unsigned sampling = segment[6 + 3 * i + 1];
		frame->across[i] = sampling >> 4;
		frame->down[i] = sampling & 15;
		if (frame->across[i] < 1 || frame->across[i] > MAX_SAMPLING || frame->down[i] < 1 ||
		    frame->down[i] > MAX_SAMPLING)
			return false;
	}
	return true;
}

static unsigned largest(const unsigned *values, unsigned count)
{
	unsigned most = 1;
	for (unsigned i = 0; i < count; i++)
		most = values[i] > most ? values[i] : most;
	return most;
}

static int64_t units(int64_t pixels, unsigned sampling)
{
	int64_t unit = (int64_t)BLOCK * sampling;
	return (pixels + unit - 1) / unit;
}

/* Of a picture that comes in one scan a few rows; of others the coefficients of all blocks. */
static int64_t memory_of(const struct frame *frame, const struct image_head *head)
{
	int64_t rows = head->width * frame->components * BLOCK * MAX_SAMPLING * 2, blocks = 0;
	if (!frame->progressive && head->scans < 2)
		return rows;
	int64_t across = units(head->width, largest(frame->across, frame->components));
	int64_t down = units(head->height, largest(frame->down, frame->components));
	for (unsigned i = 0; i < frame->components; i++)
		blocks += across * frame->across[i] * down * frame->down[i];
	return rows + blocks * BLOCK_BYTES;
}

bool head_jpeg(struct head_bytes *file, struct image_head *ret)
{
	struct frame frame = {0};
	int64_t scans = 0;
	file->at = 2;
	for (int marker = next_marker(file); marker >= 0 && marker != MARKER_EOI; marker = next_marker(file)) {
		if (stands_alone(marker))
			continue;
		if (!head_has(file, 2))
			break;
		size_t length = head_big16(file->bytes + file->at);
		if (length < 2)
			return false;
		if (is_frame(marker) && (!head_has(file, length) ||
					 !read_frame(file->bytes + file->at + 2, length - 2, marker, &frame, ret)))
			return false;
		scans += marker == MARKER_SOS;
		ret->segments += marker != MARKER_SOS;
		head_skip(file, length);
	}
	ret->scans = scans > 1 ? scans : 1;
	ret->memory = frame.found ? memory_of(&frame, ret) : 0;
	return frame.found;
}
