/*
 * For programs that verify tokens: the key set (RFC 7517) and the metadata of the issuer (RFC 8414).
 *
 * Ownership: one a thread, kept as long as its server answers. Invariants: the key set is the one that this gateway
 * itself verifies with, so it is served also while passport is down; passport is asked for it at most once a second.
 * The metadata says only what is true: there are no OAuth endpoints here, tokens come from passport.auth.* over
 * JSON-RPC.
 */
#ifndef EVENTLOOP_GATEWAY_DOCUMENTS_WELL_KNOWN_H
#define EVENTLOOP_GATEWAY_DOCUMENTS_WELL_KNOWN_H

#include "http/server.h"

#define WELL_KNOWN_KEYS "/.well-known/jwks.json"
#define WELL_KNOWN_METADATA "/.well-known/oauth-authorization-server"

struct token_verifier;
struct well_known;

/* verifier and public_url are borrowed. */
struct well_known *well_known_new(struct token_verifier *verifier, const char *public_url);

/* Frees it. Accepts NULL. */
void well_known_free(struct well_known *well_known);

/* Handlers of GET; argument: the struct. 503 while passport has not told its keys yet. */
void well_known_keys(struct http_exchange *exchange, void *argument) MAY_SUSPEND;
void well_known_metadata(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

#endif
