/*
 * Who calls: what a verified access token says (docs/identity.md).
 *
 * Ownership: an identity made by token_verify lives in the token cache or in a context's arena; callers borrow it for
 * the length of one request. Invariants: ANONYMOUS has no id; a USER has roles and companies; a SERVICE has the
 * daemon's name as its id; a CLIENT (an integration that acts for a company by an API key) has the id of its service
 * account, exactly one company and a scope, never a user's roles, and says who made the key.
 * Use: store data under `id`; count limits by identity_account, since anybody can make many keys, and almost as easily
 * companies.
 */
#ifndef EVENTLOOP_TOKEN_IDENTITY_H
#define EVENTLOOP_TOKEN_IDENTITY_H

#include "base/ids.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENTITY_MAX_COMPANIES 32

enum identity_kind { IDENTITY_ANONYMOUS, IDENTITY_USER, IDENTITY_SERVICE, IDENTITY_CLIENT };

/* Platform roles, a bit set. */
enum identity_role { ROLE_USER = 1, ROLE_MODERATOR = 2, ROLE_ADMIN = 4 };

/* Rights in a company; a higher one includes the lower ones. */
enum company_right { RIGHT_NONE, RIGHT_STAFF, RIGHT_MANAGER, RIGHT_OWNER };

struct identity_company {
	char id[UUID_SIZE];
	enum company_right right;
};

struct identity {
	enum identity_kind kind;
	unsigned roles;
	char id[UUID_SIZE];	    /* `sub`: a user's id, a daemon's name, or a service account's id */
	char session[UUID_SIZE];    /* `sid`, or "" */
	char actor[UUID_SIZE];	    /* `act.sub`: the administrator who acts as this user, or "" */
	char created_by[UUID_SIZE]; /* `created_by`: the user who made the client's API key; "" when not known */
	const char *scope;	    /* `scope`: method names and prefixes, see identity_may_call; NULL: not limited */
	int64_t epoch;		    /* `epoch`: what the subject's revocations are compared with */
	int64_t auth_time;	    /* wall microseconds */
	int64_t issued;		    /* wall microseconds */
	int64_t expires;	    /* wall microseconds */
	bool companies_partial;	    /* more than the token can carry: ask passport */
	size_t company_count;
	struct identity_company companies[IDENTITY_MAX_COMPANIES];
};

/* The right the identity has in the company, by its token alone. */
enum company_right identity_right(const struct identity *identity, const char *company_id);

/* The account that limits count for: a user's own, and for a client that of the user who made its API key; the client's
 * company where the token does not say (passport did not know, or was older). For others the id; "" when anonymous. */
const char *identity_account(const struct identity *identity);

/* The name of a right ("owner") and the right of a name; RIGHT_NONE for an unknown one. */
const char *company_right_name(enum company_right right);
enum company_right company_right_from(const char *name);

/* True when the method lies within the scope: a word of it (they stand apart by spaces) is the method's name, or
 * "events.booking.*" for what begins with "events.booking.", or "*" for all. Without a scope all but a client may. */
bool identity_may_call(const struct identity *identity, const char *method, size_t length);

/* True when the identity is a user with at least one of the roles (bit set). An admin has every role. */
bool identity_has_role(const struct identity *identity, unsigned roles);

#endif
