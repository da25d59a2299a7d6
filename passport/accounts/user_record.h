/*
 * A user as the staff of the platform sees one: SQL that the modules of administration share.
 *
 * Invariants: the members are those of the schema UserRecord in api/user_administration.json.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_USER_RECORD_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_USER_RECORD_H

/* A user_account u. */
#define USER_RECORD                                                                                           \
	"jsonb_build_object('id', u.id, 'email', u.email, 'name', u.name, 'locale', u.locale, 'time_zone', "  \
	"u.time_zone, 'roles', u.roles, 'state', u.state, 'state_reason', u.state_reason, 'attributes', "     \
	"u.attributes, 'version', u.version, 'created_at', api_time(u.created_at), 'updated_at', "            \
	"api_time(u.updated_at), 'last_seen_at', (SELECT api_time(max(s.last_seen_at)) FROM session s WHERE " \
	"s.user_id = u.id))"

/* The companies of a user_account u with the user's right in each. */
#define USER_COMPANIES                                                                                     \
	"coalesce((SELECT jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'right', m.\"right\") " \
	"ORDER BY m.created_at, c.id) FROM company_member m JOIN company c ON c.id = m.company_id WHERE "  \
	"m.user_id = u.id), '[]')"

#endif
