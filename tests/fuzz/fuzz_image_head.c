/* Heads of pictures: whatever the bytes are, what is read of them can be counted with, and costs but their length. */
#include "decode/head.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_head head = {0};
	enum head_result result = image_head_read(data, size, &head);
	if (result != HEAD_READ)
		return 0;
	bool counts = head.width > 0 && head.height > 0 && head.scans > 0 && head.frames > 0 && head.memory >= 0;
	/* A scan, a frame, takes more than a byte of the file; seven passes are one flag of a PNG. */
	bool cheap = (size_t)head.scans <= size + 7 && (size_t)head.frames <= size;
	if (!counts || !cheap || strncmp(head.type, "image/", 6) != 0)
		abort();
	return 0;
}
