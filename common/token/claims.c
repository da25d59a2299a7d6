#include "token/claims.h"

#include "token/token.h"

#include <string.h>

#define NUMERIC_DATE_MAX 253402300800.0 /* the year 10000 */
#define SCOPE_LENGTH_MAX 2000

static int refuse(struct context *ctx, const char *reason, const char *message)
{
	return context_fail(ctx, ERROR_UNAUTHENTICATED, reason, "%s", message);
}

static int malformed(struct context *ctx, const char *claim)
{
	return context_fail(ctx, ERROR_UNAUTHENTICATED, "malformed", "the access token's claim %s is malformed", claim);
}

static const char *string_claim(struct json_object *claims, const char *name)
{
	struct json_object *value = json_object_object_get(claims, name);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* A NumericDate (seconds, maybe with a fraction) in microseconds. 1 when present, 0 when absent, -1 when it is none. */
static int date_claim(struct json_object *claims, const char *name, int64_t *ret)
{
	struct json_object *value;
	if (!json_object_object_get_ex(claims, name, &value))
		return 0;
	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return -1;
	double seconds = json_object_get_double(value);
	if (!(seconds >= 0 && seconds < NUMERIC_DATE_MAX))
		return -1;
	/* Rounded without libm, which no daemon needs for more than this: a third of a MiB of memory. */
	*ret = (int64_t)(seconds * (double)CLOCK_SECOND + 0.5);
	return 1;
}

static int check_dates(struct context *ctx, struct json_object *claims, int64_t now, struct identity *identity)
{
	int64_t expires, issued, not_before = 0;
	if (date_claim(claims, "exp", &expires) != 1)
		return malformed(ctx, "exp");
	if (date_claim(claims, "iat", &issued) != 1 || issued > expires || expires - issued > TOKEN_LIFETIME_MAX)
		return malformed(ctx, "iat");
	if (date_claim(claims, "nbf", &not_before) < 0)
		return malformed(ctx, "nbf");
	if (date_claim(claims, "auth_time", &identity->auth_time) < 0)
		return malformed(ctx, "auth_time");
	if (expires + TOKEN_SKEW <= now)
		return refuse(ctx, "expired", "the access token has expired");
	if (not_before - TOKEN_SKEW > now || issued - TOKEN_SKEW > now)
		return refuse(ctx, "not_yet_valid", "the access token is not valid yet");
	identity->expires = expires;
	identity->issued = issued;
	return 0;
}

/* True when aud, a string or an array of them, has the audience. */
static bool audience_fits(struct json_object *claims, const char *audience)
{
	struct json_object *value = json_object_object_get(claims, "aud");
	if (json_object_is_type(value, json_type_string))
		return strcmp(json_object_get_string(value), audience) == 0;
	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *one = json_object_array_get_idx(value, i);
		if (json_object_is_type(one, json_type_string) && strcmp(json_object_get_string(one), audience) == 0)
			return true;
	}
	return false;
}

static int check_parties(struct context *ctx, struct json_object *claims, const struct token_expectation *expected)
{
	const char *issuer = string_claim(claims, "iss");
	if (!issuer || !issuer[0] || strcmp(issuer, expected->issuer) != 0)
		return refuse(ctx, "issuer", "the access token is of another issuer");
	if (!audience_fits(claims, expected->audience))
		return refuse(ctx, "audience", "the access token is for another audience");
	return 0;
}

static bool service_name_valid(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return length > 0 && length <= 32 && name[length] == '\0' && name[0] >= 'a';
}

/* `sub`, and for a service or client `client_id`, which says the same. */
static int read_subject(struct context *ctx, struct json_object *claims, struct identity *identity)
{
	const char *subject = string_claim(claims, "sub"), *client = string_claim(claims, "client_id");
	bool service = identity->kind == IDENTITY_SERVICE;
	if (!subject || !(service ? service_name_valid(subject) : uuid_valid(subject)))
		return malformed(ctx, "sub");
	if (identity->kind != IDENTITY_USER && (!client || strcmp(client, subject) != 0))
		return malformed(ctx, "client_id");
	memcpy(identity->id, subject, strlen(subject) + 1);
	return 0;
}

/* A UUID that only tokens of one kind have; fits: this is one of them. */
static int read_uuid(struct context *ctx, struct json_object *value, const char *claim, bool fits,
		     char target[static UUID_SIZE])
{
	const char *text = json_object_get_string(value);
	if (!fits || !json_object_is_type(value, json_type_string) || !uuid_valid(text))
		return malformed(ctx, claim);
	memcpy(target, text, UUID_SIZE);
	return 0;
}

static int read_session(struct context *ctx, struct json_object *claims, struct identity *identity)
{
	struct json_object *session;
	if (!json_object_object_get_ex(claims, "sid", &session))
		return 0;
	return read_uuid(ctx, session, "sid", identity->kind == IDENTITY_USER, identity->session);
}

/* RFC 8693 section 4.1; of a chain of actors the present one counts. */
static int read_actor(struct context *ctx, struct json_object *claims, struct identity *identity)
{
	struct json_object *actor;
	if (!json_object_object_get_ex(claims, "act", &actor))
		return 0;
	if (!json_object_is_type(actor, json_type_object))
		return malformed(ctx, "act");
	return read_uuid(ctx, json_object_object_get(actor, "sub"), "act", identity->kind == IDENTITY_USER,
			 identity->actor);
}

static int read_creator(struct context *ctx, struct json_object *claims, struct identity *identity)
{
	struct json_object *creator;
	if (!json_object_object_get_ex(claims, "created_by", &creator))
		return 0;
	return read_uuid(ctx, creator, "created_by", identity->kind == IDENTITY_CLIENT, identity->created_by);
}

static int read_epoch(struct context *ctx, struct json_object *claims, struct identity *identity)
{
	struct json_object *epoch;
	if (!json_object_object_get_ex(claims, "epoch", &epoch))
		return 0;
	if (!json_object_is_type(epoch, json_type_int))
		return malformed(ctx, "epoch");
	identity->epoch = json_object_get_int64(epoch);
	return identity->epoch >= 0 && identity->epoch < INT64_MAX ? 0 : malformed(ctx, "epoch");
}

static int read_scope(struct context *ctx, struct json_object *claims, struct identity *identity)
{
	struct json_object *scope;
	if (!json_object_object_get_ex(claims, "scope", &scope))
		return identity->kind == IDENTITY_CLIENT ? malformed(ctx, "scope") : 0;
	if (!json_object_is_type(scope, json_type_string) || json_object_get_string_len(scope) > SCOPE_LENGTH_MAX)
		return malformed(ctx, "scope");
	identity->scope = json_object_get_string(scope);
	return 0;
}

static void add_role(struct identity *identity, const char *role)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = {{"user", ROLE_USER}, {"moderator", ROLE_MODERATOR}, {"admin", ROLE_ADMIN}};
	if (strcmp(role, "service") == 0)
		identity->kind = IDENTITY_SERVICE;
	else if (strcmp(role, "client") == 0)
		identity->kind = IDENTITY_CLIENT;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		identity->roles |= strcmp(role, known[i].name) == 0 ? known[i].bit : 0;
}

/* A service or client has the one role that says so; a user any number of the others. */
static int read_roles(struct context *ctx, struct json_object *claims, struct identity *identity)
{
	struct json_object *roles = json_object_object_get(claims, "roles");
	size_t count = json_object_is_type(roles, json_type_array) ? json_object_array_length(roles) : 0;
	identity->kind = IDENTITY_USER;
	if (count == 0 && roles && !json_object_is_type(roles, json_type_array))
		return malformed(ctx, "roles");
	for (size_t i = 0; i < count; i++) {
		struct json_object *role = json_object_array_get_idx(roles, i);
		if (!json_object_is_type(role, json_type_string))
			return malformed(ctx, "roles");
		add_role(identity, json_object_get_string(role));
	}
	if (identity->kind != IDENTITY_USER && count != 1)
		return malformed(ctx, "roles");
	return 0;
}

static int read_companies(struct context *ctx, struct json_object *claims, struct identity *identity)
{
	struct json_object *companies = json_object_object_get(claims, "companies");
	identity->companies_partial = json_object_get_boolean(json_object_object_get(claims, "companies_partial"));
	if (!companies)
		return 0;
	if (!json_object_is_type(companies, json_type_object) ||
	    json_object_object_length(companies) > IDENTITY_MAX_COMPANIES)
		return malformed(ctx, "companies");
	json_object_object_foreach(companies, id, right)
	{
		struct identity_company *company = &identity->companies[identity->company_count];
		if (!uuid_valid(id) || !json_object_is_type(right, json_type_string))
			return malformed(ctx, "companies");
		memcpy(company->id, id, UUID_SIZE);
		company->right = company_right_from(json_object_get_string(right));
		identity->company_count += company->right != RIGHT_NONE;
	}
	return 0;
}

/* A client acts for one company and knows all of its rights. */
static int check_client(struct context *ctx, const struct identity *identity)
{
	if (identity->kind != IDENTITY_CLIENT)
		return 0;
	return identity->company_count == 1 && !identity->companies_partial ? 0 : malformed(ctx, "companies");
}

int token_claims_read(struct context *ctx, struct json_object *claims, const struct token_expectation *expected,
		      struct identity *ret_identity)
{
	struct identity identity = {0};
	if (check_parties(ctx, claims, expected) != 0 || check_dates(ctx, claims, expected->now, &identity) != 0 ||
	    read_roles(ctx, claims, &identity) != 0 || read_subject(ctx, claims, &identity) != 0 ||
	    read_session(ctx, claims, &identity) != 0 || read_actor(ctx, claims, &identity) != 0 ||
	    read_creator(ctx, claims, &identity) != 0 || read_epoch(ctx, claims, &identity) != 0 ||
	    read_scope(ctx, claims, &identity) != 0 || read_companies(ctx, claims, &identity) != 0 ||
	    check_client(ctx, &identity) != 0)
		return -1;
	*ret_identity = identity;
	return 0;
}
