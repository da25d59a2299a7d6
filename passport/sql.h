/*
 * Pieces of SQL that several modules of passport share: how a row becomes the JSON of the API.
 */
#ifndef EVENTLOOP_PASSPORT_SQL_H
#define EVENTLOOP_PASSPORT_SQL_H

/* A user_account u. */
#define USER_JSON                                                                                                 \
	"jsonb_build_object('id', u.id, 'email', u.email, 'name', u.name, 'locale', u.locale, 'roles', u.roles, " \
	"'created_at', api_time(u.created_at))"

/* A company c. */
#define COMPANY_JSON                                                                              \
	"jsonb_build_object('id', c.id, 'name', c.name, 'country', c.country, 'state', c.state, " \
	"'version', c.version, 'created_at', api_time(c.created_at))"

#endif
