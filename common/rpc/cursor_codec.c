#include "rpc/cursor_codec.h"

#include "base/base64url.h"
#include "base/buffer.h"
#include "json/tree.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define TAG_SIZE 16
#define TEXT_MAX ((size_t)64 * 1024)

/* Lengths before the parts, so that no two bindings look alike. */
static bool make_tag(struct arena *arena, const struct cursor_binding *binding, const char *json, size_t length,
		     unsigned char tag[static EVP_MAX_MD_SIZE])
{
	size_t method_length = strlen(binding->method), scope_length = strlen(binding->scope);
	unsigned tag_length = 0;
	struct buffer bound;
	buffer_init_arena(&bound, arena, method_length + scope_length + length + 64);
	buffer_printf(&bound, "cursor %zu %zu ", method_length, scope_length);
	buffer_append(&bound, binding->method, method_length);
	buffer_append(&bound, binding->scope, scope_length);
	buffer_append(&bound, json, length);
	return !buffer_failed(&bound) && HMAC(EVP_sha256(), binding->secret, SECRET_SIZE,
					      (const unsigned char *)bound.data, bound.length, tag, &tag_length);
}

const char *cursor_encode(struct arena *arena, const struct cursor_binding *binding, size_t max, size_t count,
			  const char *const *values)
{
	struct buffer json, bytes;
	buffer_init_arena(&json, arena, max);
	for (size_t i = 0; i < count; i++) {
		buffer_append_char(&json, i == 0 ? '[' : ',');
		buffer_append_json_string(&json, values[i]);
	}
	buffer_append_char(&json, ']');
	unsigned char tag[EVP_MAX_MD_SIZE];
	if (buffer_failed(&json) || base64url_length(TAG_SIZE + json.length) > max ||
	    !make_tag(arena, binding, json.data, json.length, tag))
		return NULL;
	buffer_init_arena(&bytes, arena, TAG_SIZE + json.length);
	buffer_append(&bytes, tag, TAG_SIZE);
	buffer_append(&bytes, json.data, json.length);
	return base64url_encode(arena, bytes.data, bytes.length);
}

/* The array's items as texts. A text with our own tag is well-formed; the check finds a change of the format. */
static bool read_values(struct arena *arena, struct json_object *array, size_t count, const char **values)
{
	if (!json_object_is_type(array, json_type_array) || json_object_array_length(array) != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct json_object *value = json_object_array_get_idx(array, i);
		if (value && !json_object_is_type(value, json_type_string))
			return false;
		values[i] = arena_strdup(arena, value ? json_object_get_string(value) : NULL);
	}
	return true;
}

bool cursor_decode(struct arena *arena, const struct cursor_binding *binding, const char *text, size_t count,
		   const char **values)
{
	size_t text_length = strlen(text), length;
	struct json_object *array = NULL;
	if (text_length > TEXT_MAX)
		return false;
	const char *bytes = base64url_decode(arena, text, text_length, &length);
	unsigned char tag[EVP_MAX_MD_SIZE];
	if (!bytes || length <= TAG_SIZE || !make_tag(arena, binding, bytes + TAG_SIZE, length - TAG_SIZE, tag) ||
	    CRYPTO_memcmp(tag, bytes, TAG_SIZE) != 0)
		return false;
	struct json_error error;
	bool valid = json_tree_parse(bytes + TAG_SIZE, length - TAG_SIZE, 1, 0, arena, &array, &error) &&
		     read_values(arena, array, count, values);
	(void)json_object_put(array);
	return valid;
}
