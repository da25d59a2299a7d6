/*
 * Columns of a booking as members of JSON, for statements that make a row of them.
 *
 * Ownership: the text is in the arena of the call's context. Use: fields_init, one function a column, fields_members.
 */
#ifndef EVENTLOOP_EVENTS_FIELDS_H
#define EVENTLOOP_EVENTS_FIELDS_H

#include "base/buffer.h"
#include "pricing/price.h"

struct fields {
	struct rpc_call *call;
	struct buffer json;
};

/* Begins without any. */
void fields_init(struct fields *fields, struct rpc_call *call);

/* A text; NULL: the column is left as it is. */
void fields_text(struct fields *fields, const char *name, const char *text);
/* JSON as it is; NULL: the column is left as it is. */
void fields_json(struct fields *fields, const char *name, const char *json);
void fields_integer(struct fields *fields, const char *name, int64_t value);
void fields_boolean(struct fields *fields, const char *name, bool value);
void fields_null(struct fields *fields, const char *name);
/* The moment (wall microseconds). */
void fields_time(struct fields *fields, const char *name, int64_t instant);
/* price, price_amount, price_currency; nothing of a price that is not known. */
void fields_price(struct fields *fields, const struct price *price);

/* The members, without braces. */
const char *fields_members(struct fields *fields);

#endif
