#include "json/tree.h"

#include <string.h>

#define TOKEN_SIZE 256

static int hex_value(char digit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = digit == '\0' ? NULL : strchr(digits, digit);
	return found ? (int)(found - digits) % 16 : -1;
}

/* One character of a token. source stands on it and is moved behind it. */
static char take_character(const char **source, bool fragment)
{
	const char *text = *source;
	char character = *text++;
	if (fragment && character == '%' && hex_value(text[0]) >= 0 && hex_value(text[1]) >= 0) {
		character = (char)(hex_value(text[0]) * 16 + hex_value(text[1]));
		text += 2;
	}
	if (character == '~' && (*text == '0' || *text == '1'))
		character = *text++ == '0' ? '~' : '/';
	*source = text;
	return character;
}

/* Reads the token behind a slash. Returns where it ends, NULL when it is too long to name anything. */
static const char *take_token(const char *pointer, bool fragment, char token[static TOKEN_SIZE])
{
	size_t length = 0;
	while (*pointer != '\0' && *pointer != '/') {
		if (length == TOKEN_SIZE - 1)
			return NULL;
		token[length++] = take_character(&pointer, fragment);
	}
	token[length] = '\0';
	return pointer;
}

static bool array_step(struct json_object *array, const char *token, struct json_object **ret)
{
	size_t index = 0;
	if (*token == '\0' || (token[0] == '0' && token[1] != '\0'))
		return false;
	for (; *token != '\0'; token++) {
		if (*token < '0' || *token > '9' || index > SIZE_MAX / 100)
			return false;
		index = index * 10 + (size_t)(*token - '0');
	}
	*ret = json_object_array_get_idx(array, index);
	return index < json_object_array_length(array);
}

bool json_tree_pointer(struct json_object *tree, const char *pointer, struct json_object **ret)
{
	bool fragment = *pointer == '#';
	if (fragment)
		pointer++;
	char token[TOKEN_SIZE];
	while (*pointer == '/') {
		pointer = take_token(pointer + 1, fragment, token);
		if (!pointer)
			return false;
		bool found = false;
		struct json_object *next;
		if (json_object_is_type(tree, json_type_object))
			found = json_object_object_get_ex(tree, token, &next);
		else if (json_object_is_type(tree, json_type_array))
			found = array_step(tree, token, &next);
		if (!found)
			return false;
		tree = next;
	}
	if (*pointer != '\0')
		return false;
	*ret = tree;
	return true;
}
