/*
 * What one thread of passport keeps: its master key, the signing keys, the service accounts.
 *
 * Ownership: made by passport_start, found in call->app; lives as long as the thread.
 */
#ifndef EVENTLOOP_PASSPORT_PASSPORT_H
#define EVENTLOOP_PASSPORT_PASSPORT_H

#include "http/representation.h"

struct housekeeping;
struct key_keeper;
struct key_ring;
struct mail_worker;
struct master_key;
struct revocation_feed;

struct passport {
	struct master_key *master;
	struct key_ring *keys;
	struct http_representation jwks;
	struct key_keeper *keeper;	     /* NULL in a command */
	struct mail_worker *mail;	     /* of the first thread that serves; else NULL */
	struct housekeeping *housekeeping;   /* likewise */
	struct revocation_feed *revocations; /* of a thread that serves; else NULL */
};

#endif
