/* Multipart bodies: the first line of the input is the Content-Type, the rest the body. */
#include "upload/multipart.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *start = NULL;
	size_t length = 0;
	char boundary[MULTIPART_BOUNDARY_SIZE], type[256];
	const uint8_t *line = memchr(data, '\n', size < sizeof(type) ? size : sizeof(type) - 1);
	size_t taken = line ? (size_t)(line - data) : 0;
	memcpy(type, data, taken);
	type[taken] = '\0';
	if (!line || !multipart_boundary(type, boundary))
		return 0;
	const char *body = (const char *)line + 1;
	size_t left = size - taken - 1;
	if (multipart_find(body, left, boundary, "file", &start, &length) == MULTIPART_FOUND &&
	    (start < body || length > left || start + length > body + left))
		abort();
	return 0;
}
