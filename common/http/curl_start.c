#include "http/curl_start.h"

#include "base/fatal.h"

#include <curl/curl.h>
#include <pthread.h>

static void start(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fatal("libcurl cannot be initialised");
}

void curl_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, start);
}
