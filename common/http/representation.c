#include "http/representation.h"

#include "base/base64url.h"
#include "base/fatal.h"
#include "http/stream.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum {
	TAG_BYTES = 18,	       /* of the digest in an ETag: 24 characters */
	SMALLEST = 256,	       /* bytes of a text that compressing makes smaller */
	GZIP_WINDOW = 15 + 16, /* zlib's way to ask for gzip's header and trailer */
	GZIP_MEMORY = 8,
	QUALITY_MOST = 1000,
};

bool http_tag_matches(const char *header, const char *tag)
{
	size_t length = strlen(tag);
	if (!header)
		return false;
	for (const char *at = header; *at;) {
		at += strspn(at, ", \t");
		if (at[0] == '*' && at[1 + strspn(at + 1, " \t")] == '\0')
			return true;
		at += strncmp(at, "W/", 2) == 0 ? 2 : 0;
		if (strncmp(at, tag, length) == 0 && strchr(", \t", at[length]))
			return true;
		/* To the end of this entry; a comma within quotes is part of it. */
		if (*at == '"')
			at += 1 + strcspn(at + 1, "\"");
		at += strcspn(at, ",");
	}
	return false;
}

/* Thousandths of a weight "0.5" (RFC 9110 section 12.4.2); what is none counts as not wanted. */
static int read_quality(const char *text, size_t length)
{
	int value = length > 0 && text[0] == '1' ? QUALITY_MOST : 0, place = QUALITY_MOST / 10;
	if (length == 0 || (text[0] != '0' && text[0] != '1') || (length > 1 && text[1] != '.'))
		return 0;
	for (size_t i = 2; i < length && place > 0; i++, place /= 10) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		value += (text[i] - '0') * place;
	}
	return value < QUALITY_MOST ? value : QUALITY_MOST;
}

/* The weight of one entry "gzip;q=0.5" of length bytes, whose coding takes `name` of them. */
static int quality_of(const char *entry, size_t name, size_t length)
{
	const char *at = entry + name + strspn(entry + name, " \t;");
	size_t left = length - (size_t)(at - entry);
	if (at >= entry + length)
		return QUALITY_MOST;
	if (left < 2 || strncasecmp(at, "q=", 2) != 0)
		return 0;
	size_t digits = strspn(at + 2, "0123456789.");
	return read_quality(at + 2, digits < left - 2 ? digits : left - 2);
}

static bool is_coding(const char *entry, size_t length, const char *name)
{
	return length == strlen(name) && strncasecmp(entry, name, length) == 0;
}

bool http_accepts_gzip(const char *header)
{
	int gzip = -1, any = 0, identity = -1;
	for (const char *at = header ? header : ""; *at; at += strcspn(at, ",")) {
		at += strspn(at, ", \t");
		size_t length = strcspn(at, ","), name = strcspn(at, ",; \t");
		if (is_coding(at, name, "gzip") || is_coding(at, name, "x-gzip"))
			gzip = quality_of(at, name, length);
		else if (is_coding(at, name, "identity"))
			identity = quality_of(at, name, length);
		else if (is_coding(at, name, "*"))
			any = quality_of(at, name, length);
	}
	if (gzip < 0)
		gzip = any;
	return gzip > 0 && gzip >= identity;
}

void http_representation_done(struct http_representation *representation)
{
	shared_text_drop(representation->gzipped);
	shared_text_drop(representation->text);
	*representation = (struct http_representation){0};
}

/* Forgets what was of another text. */
static void recognise(struct http_representation *representation, const char *text, size_t length)
{
	unsigned char digest[HTTP_DIGEST_SIZE];
	if (EVP_Digest(text, length, digest, NULL, EVP_sha256(), NULL) != 1)
		fatal("no digest can be made");
	if (representation->known && memcmp(digest, representation->digest, sizeof(digest)) == 0)
		return;
	http_representation_done(representation);
	memcpy(representation->digest, digest, sizeof(digest));
	representation->known = true;
}

/* The text in gzip's format; NULL when it would be no smaller. */
static struct shared_text *compress_text(const char *text, size_t length)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)text, .avail_in = (uInt)length};
	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		fatal("no memory to compress");
	char *out = must_malloc(length);
	stream.next_out = (unsigned char *)out;
	stream.avail_out = (uInt)length;
	bool fits = deflate(&stream, Z_FINISH) == Z_STREAM_END;
	struct shared_text *gzipped = fits ? shared_text_new(out, stream.total_out) : NULL;
	(void)deflateEnd(&stream);
	free(out);
	return gzipped;
}

static bool has_gzip(struct http_representation *representation, const char *text, size_t length)
{
	if (!representation->tried && length >= SMALLEST && length <= UINT32_MAX)
		representation->gzipped = compress_text(text, length);
	representation->tried = true;
	return representation->gzipped != NULL;
}

static void reply(struct http_representation *representation, struct http_exchange *exchange, const char *content_type,
		  const char *cache_control, struct http_piece piece)
{
	struct arena *arena = &exchange->ctx->arena;
	bool gzip = http_accepts_gzip(http_header_list(exchange, "Accept-Encoding")) &&
		    has_gzip(representation, piece.bytes, piece.length);
	const char *tag = arena_printf(arena, "\"%s%s\"", base64url_encode(arena, representation->digest, TAG_BYTES),
				       gzip ? "-gzip" : "");
	http_reply_header(exchange, "ETag", tag);
	http_reply_header(exchange, "Cache-Control", cache_control);
	http_reply_header(exchange, "Vary", "Accept-Encoding");
	if (http_tag_matches(http_header_list(exchange, "If-None-Match"), tag)) {
		http_reply(exchange, 304, NULL, "", 0);
		return;
	}
	if (gzip) {
		struct shared_text *gzipped = representation->gzipped;
		http_reply_header(exchange, "Content-Encoding", "gzip");
		piece = (struct http_piece){gzipped->bytes, gzipped->length, gzipped};
	}
	http_reply_pieces(exchange, 200, content_type, &piece, 1);
}

void http_representation_reply(struct http_representation *representation, struct http_exchange *exchange,
			       const char *content_type, const char *cache_control, const char *text, size_t length)
{
	recognise(representation, text, length);
	reply(representation, exchange, content_type, cache_control, (struct http_piece){text, length, NULL});
}

void http_representation_share(struct http_representation *representation, struct http_exchange *exchange,
			       const char *content_type, const char *cache_control, struct shared_text *text)
{
	if (representation->text != text) {
		recognise(representation, text->bytes, text->length);
		shared_text_drop(representation->text);
		representation->text = shared_text_hold(text);
	}
	reply(representation, exchange, content_type, cache_control,
	      (struct http_piece){text->bytes, text->length, text});
}
