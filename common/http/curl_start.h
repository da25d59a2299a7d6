/*
 * The initialisation of libcurl, shared by all its users.
 */
#ifndef EVENTLOOP_HTTP_CURL_START_H
#define EVENTLOOP_HTTP_CURL_START_H

/* Initialises the library at the first call in the process. Ends the process when that fails. From any thread. */
void curl_start(void);

#endif
