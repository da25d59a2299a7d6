#include "token/identity.h"

#include <string.h>

static const char *const right_names[] = {
    [RIGHT_NONE] = "none",
    [RIGHT_STAFF] = "staff",
    [RIGHT_MANAGER] = "manager",
    [RIGHT_OWNER] = "owner",
};

enum company_right identity_right(const struct identity *identity, const char *company_id)
{
	for (size_t i = 0; i < identity->company_count; i++) {
		if (strcmp(identity->companies[i].id, company_id) == 0)
			return identity->companies[i].right;
	}
	return RIGHT_NONE;
}

const char *identity_account(const struct identity *identity)
{
	if (identity->kind != IDENTITY_CLIENT)
		return identity->id;
	if (identity->created_by[0] != '\0')
		return identity->created_by;
	return identity->company_count > 0 ? identity->companies[0].id : identity->id;
}

const char *company_right_name(enum company_right right)
{
	return right_names[right];
}

enum company_right company_right_from(const char *name)
{
	for (size_t i = RIGHT_STAFF; name && i < ARRAY_SIZE(right_names); i++) {
		if (strcmp(right_names[i], name) == 0)
			return (enum company_right)i;
	}
	return RIGHT_NONE;
}

/* True when one word of a scope covers the method. */
static bool word_covers(const char *word, size_t size, const char *method, size_t length)
{
	bool prefix = size > 2 && word[size - 1] == '*' && word[size - 2] == '.';
	if (size == 1 && word[0] == '*')
		return true;
	if (prefix)
		return length > size - 1 && memcmp(word, method, size - 1) == 0;
	return size == length && memcmp(word, method, length) == 0;
}

bool identity_may_call(const struct identity *identity, const char *method, size_t length)
{
	const char *word = identity->scope;
	if (!word)
		return identity->kind != IDENTITY_CLIENT;
	while (*word != '\0') {
		size_t size = strcspn(word, " ");
		if (size > 0 && word_covers(word, size, method, length))
			return true;
		word += size + (word[size] == ' ');
	}
	return false;
}

bool identity_has_role(const struct identity *identity, unsigned roles)
{
	if (identity->kind != IDENTITY_USER)
		return false;
	return (identity->roles & (roles | ROLE_ADMIN)) != 0;
}
