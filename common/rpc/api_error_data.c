#include "rpc/api_internal.h"

#include "base/error.h"

/* Values of rules stand beside these, so nothing is forbidden. */
static const char data_text[] =
    "{\"title\":\"" API_ERROR_DATA "\",\"description\":\"The data of an error.\",\"type\":\"object\",\"required\":["
    "\"code\",\"request_id\"],\"properties\":{\"code\":{\"description\":\"The kind of error, in one word.\"},"
    "\"request_id\":{\"type\":\"string\",\"description\":\"Finds the call in the logs.\"},"
    "\"reason\":{\"type\":\"string\",\"description\":\"Why, in one word, where a kind has several causes.\"},"
    "\"rule\":{\"type\":\"string\",\"description\":\"The rule that forbids it now (precondition_failed); its values "
    "stand beside it.\"},"
    "\"fields\":{\"type\":\"array\",\"description\":\"The parameters that are wrong (invalid_params), or make a result "
    "too large (too_large).\",\"items\":{"
    "\"type\":\"object\",\"required\":[\"path\",\"rule\"],\"properties\":{"
    "\"path\":{\"type\":\"string\",\"description\":\"JSON pointer of the member: /params/period/to. That of a missing "
    "member is where it should stand.\"},"
    "\"rule\":{\"type\":\"string\",\"description\":\"The rule that it breaks: a keyword of JSON Schema or one of "
    "ours.\"},"
    "\"expected\":{\"description\":\"What the rule demands: the keyword's value. Any JSON.\"}}}},"
    "\"retry_after_ms\":{\"type\":\"integer\",\"minimum\":1,\"description\":\"When to try again, in milliseconds.\"},"
    "\"max_age\":{\"type\":\"integer\",\"description\":\"How many seconds ago the user may have logged in at most "
    "(insufficient_user_authentication).\"}}}";

struct json_object *api_error_data_schema(void)
{
	static const char *const words[] = {
#define X(name, number, word) word,
	    ERROR_CODES(X)
#undef X
	};
	struct json_object *schema = json_tokener_parse(data_text), *list = json_object_new_array();
	struct json_object *code = json_object_object_get(json_object_object_get(schema, "properties"), "code");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		json_object_array_add(list, json_object_new_string(words[i]));
	json_object_object_add(code, "type", json_object_new_string("string"));
	json_object_object_add(code, "enum", list);
	return schema;
}
