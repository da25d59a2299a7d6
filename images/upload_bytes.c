#include "upload_bytes.h"

#include "base/fatal.h"

#include <stdlib.h>
#include <string.h>

struct upload_bytes *upload_bytes_new(const void *bytes, size_t length)
{
	struct upload_bytes *upload = must_malloc(sizeof(*upload) + length);
	upload->references = 1;
	upload->length = length;
	atomic_init(&upload->abandoned, false);
	memcpy(upload->bytes, bytes, length);
	return upload;
}

struct upload_bytes *upload_bytes_share(struct upload_bytes *upload)
{
	upload->references++;
	return upload;
}

void upload_bytes_free(struct upload_bytes *upload)
{
	if (upload && --upload->references == 0)
		free(upload);
}
