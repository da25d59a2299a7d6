/*
 * A text that is requested often, served with a strong ETag, compressed for clients that accept gzip, and as 304 for
 * those that have it already (RFC 9110 sections 8.4, 8.8.3, 12.5.3, 13.1.2).
 *
 * Ownership: the owner of a zeroed struct http_representation calls http_representation_done; the text stays the
 * owner's and is given at every answer. Compressed forms are shared by the answers that are under way. Belongs to one
 * thread. Invariants: the ETag is of the text and of its coding, so it changes exactly when the bytes do; the text is
 * compressed once, at the first request for gzip, and again only after it has changed; a compressed form that is no
 * smaller is not used. Every answer says that it depends on Accept-Encoding, and 304 has the headers that 200 would
 * have.
 */
#ifndef EVENTLOOP_HTTP_REPRESENTATION_H
#define EVENTLOOP_HTTP_REPRESENTATION_H

#include "base/shared_text.h"
#include "http/server.h"

#include <stdbool.h>
#include <stddef.h>

#define HTTP_DIGEST_SIZE 32

/* Zeroed before its first use. */
struct http_representation {
	unsigned char digest[HTTP_DIGEST_SIZE]; /* of the text that what follows is of */
	bool known;
	bool tried;		     /* to compress it */
	struct shared_text *gzipped; /* NULL: not yet, or of no use */
	struct shared_text *text;    /* that of the last http_representation_share, held */
};

/* Answers GET or HEAD with the text, its gzip form, or 304. cache_control: of all three. Other headers may be added
 * before. */
void http_representation_reply(struct http_representation *representation, struct http_exchange *exchange,
			       const char *content_type, const char *cache_control, const char *text, size_t length);

/* The same for a text that is shared: answers that are under way hold it and do not copy it, and it is recognised
 * without being read. */
void http_representation_share(struct http_representation *representation, struct http_exchange *exchange,
			       const char *content_type, const char *cache_control, struct shared_text *text);

/* Frees the compressed form and drops the shared text. */
void http_representation_done(struct http_representation *representation);

/* True when the value of If-None-Match (NULL: no such header) has the tag, weak or not, or is "*". */
bool http_tag_matches(const char *header, const char *tag);

/* True when the value of Accept-Encoding (NULL: no such header) prefers gzip to the plain text. */
bool http_accepts_gzip(const char *header);

#endif
