/*
 * The start of libcurl, which those who use it share.
 */
#ifndef EVENTLOOP_HTTP_CURL_START_H
#define EVENTLOOP_HTTP_CURL_START_H

/* Starts the library once in the process, whoever asks first. Ends the process when that fails. From any thread. */
void curl_start(void);

#endif
