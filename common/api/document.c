#include "api/internal.h"

#include <string.h>

#define OPENRPC_VERSION "1.2.6"
#define DESCRIPTION                                                                                                   \
	"JSON-RPC 2.0: POST with Content-Type application/json, parameters by name, several calls in one array. "     \
	"Methods that are not public want an access token, which passport.auth.login gives, in the header "           \
	"\"Authorization: Bearer ...\". x-access says who may call, x-auth-max-age how many seconds ago a user must " \
	"have authenticated, x-idempotent whether calling twice is as calling once, x-writes that it changes "        \
	"something all the same, x-deadline-ms how long a call "                                                      \
	"may take, x-cost what it takes of a caller's rate in steps of 100 microseconds of work, x-lane (search, "    \
	"export) that its work grows with the data and it has a rate of its own, x-format a form of text that JSON "  \
	"Schema has no name for, x-trim that white space at the ends is cut. The dates of examples move with the "    \
	"calendar, week by week."

static struct json_object *new_info(const struct api_about *about)
{
	struct json_object *info = json_object_new_object(), *license = json_object_new_object();
	json_object_object_add(info, "title", json_object_new_string(about->title));
	json_object_object_add(info, "version", json_object_new_string(about->version));
	json_object_object_add(info, "description", json_object_new_string(DESCRIPTION));
	json_object_object_add(license, "name", json_object_new_string("MIT"));
	json_object_object_add(info, "license", license);
	return info;
}

static struct json_object *new_servers(const char *url)
{
	struct json_object *servers = json_object_new_array(), *server = json_object_new_object();
	json_object_object_add(server, "name", json_object_new_string("JSON-RPC"));
	json_object_object_add(server, "url", json_object_new_string(url));
	json_object_array_add(servers, server);
	return servers;
}

struct json_object *api_document_new(const struct api_about *about)
{
	struct json_object *document = json_object_new_object();
	struct json_object *components = json_object_new_object();
	json_object_object_add(document, "openrpc", json_object_new_string(OPENRPC_VERSION));
	json_object_object_add(document, "info", new_info(about));
	if (about->server && about->server[0] != '\0')
		json_object_object_add(document, "servers", new_servers(about->server));
	json_object_object_add(document, "methods", json_object_new_array());
	json_object_object_add(components, "schemas", json_object_new_object());
	api_errors_components(components);
	json_object_object_add(document, "components", components);
	return document;
}

static const char *const access_words[] = {
#define X(name, word) word,
    API_ACCESS(X)
#undef X
};

static const char *const lane_words[API_LANE_COUNT] = {
#define X(name, word) [API_LANE_##name] = (word),
    API_LANES(X)
#undef X
};

const char *api_lane_word(enum api_lane lane)
{
	return lane_words[lane];
}

enum api_lane api_lane_find(const char *word)
{
	if (!word)
		return API_LANE_POINT;
	for (int lane = API_LANE_POINT + 1; lane < API_LANE_COUNT; lane++)
		if (strcmp(lane_words[lane], word) == 0)
			return (enum api_lane)lane;
	return API_LANE_COUNT;
}

const char *api_access_word(enum api_access access)
{
	for (size_t i = 0; i < ARRAY_SIZE(access_words); i++)
		if ((unsigned)access == 1U << i)
			return access_words[i];
	return NULL;
}

static unsigned access_bit(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(access_words); i++)
		if (word && strcmp(word, access_words[i]) == 0)
			return 1U << i;
	return 0;
}

unsigned api_access_read(struct json_object *words)
{
	unsigned access = 0;
	for (size_t i = 0; words && i < json_object_array_length(words); i++) {
		unsigned bit = access_bit(json_object_get_string(json_object_array_get_idx(words, i)));
		if (bit == 0)
			return 0;
		access |= bit;
	}
	return access;
}
