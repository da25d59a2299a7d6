/*
 * Pieces of SQL that several modules of passport share: how a row becomes the JSON of the API.
 */
#ifndef EVENTLOOP_PASSPORT_SQL_H
#define EVENTLOOP_PASSPORT_SQL_H

/* A user_account u. */
#define USER_JSON                                                                                                 \
	"jsonb_build_object('id', u.id, 'email', u.email, 'name', u.name, 'locale', u.locale, 'roles', u.roles, " \
	"'time_zone', u.time_zone, 'version', u.version, 'created_at', api_time(u.created_at))"

/* The public face of a company c. */
#define COMPANY_JSON                                                                              \
	"jsonb_build_object('id', c.id, 'name', c.name, 'country', c.country, 'state', c.state, " \
	"'verification', c.verification, 'version', c.version, 'created_at', api_time(c.created_at))"

/* The same with what only its members and moderators see. */
#define COMPANY_DETAILS_JSON                                                                              \
	"(" COMPANY_JSON " || jsonb_build_object('state_reason', c.state_reason, 'verification_reason', " \
	"c.verification_reason, 'verified_at', api_time(c.verified_at), 'updated_at', api_time(c.updated_at)))"

/* After the argument of lower(): any language. Under the locale C the server's own lower() knows ASCII only. */
#define SQL_UNICODE " COLLATE \"und-x-icu\""

/* SQL, boolean: the user made an API key of the company that is good now. */
#define API_KEY_MADE_BY(company, user)                                                                           \
	"EXISTS (SELECT FROM service_account a JOIN service_secret s ON s.account_id = a.id WHERE a.company_id " \
	"= " company " AND a.state = 'active' AND coalesce(s.created_by, a.created_by) = " user                  \
	" AND coalesce(least(a.expires_at, s.expires_at) > now(), true))"

#endif
