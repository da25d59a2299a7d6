/*
 * What one thread of the gateway keeps. Found in worker->app.
 */
#ifndef EVENTLOOP_GATEWAY_GATEWAY_H
#define EVENTLOOP_GATEWAY_GATEWAY_H

#include "co/sync.h"
#include "cors.h"
#include "daemon/daemon.h"
#include "http/representation.h"

struct endpoint;
struct limits;
struct methods;
struct observer;
struct http_client;
struct pages;
struct transfers;
struct trusted_proxies;
struct well_known;

/* The daemons behind the gateway; the first segment of a method's name is one of them. */
enum { GATEWAY_DAEMONS = 4 };
extern const char *const gateway_daemons[GATEWAY_DAEMONS];

struct gateway {
	struct daemon_worker *worker;
	struct methods *methods;
	struct observer *observer;
	struct cors cors;
	struct limits *limits;
	struct endpoint *endpoints, *preflight; /* the rate-limited endpoints; `preflight` is the one of OPTIONS */
	struct trusted_proxies *proxies;
	char server[600];				     /* where callers post to, in the merged document */
	struct pages *pages;				     /* NULL in a command */
	struct well_known *well_known;			     /* likewise */
	struct http_representation document;		     /* of all methods */
	struct http_client *download_client, *upload_client; /* to images; NULL in a command, as the next two */
	struct transfers *downloads, *uploads;
	struct co_semaphore batch_places; /* for coroutines that run calls of batches beside their first */
	const char *images_url;		  /* of images' HTTP, without a slash at its end */
};

#endif
