/*
 * What a method object of an API file must be. Used by api_load alone.
 */
#ifndef EVENTLOOP_RPC_API_CHECK_H
#define EVENTLOOP_RPC_API_CHECK_H

#include "base/macros.h"

#include <json-c/json.h>
#include <stdbool.h>

/* NULL when the method object is whole, else what it lacks (static text). errors: the error objects that it may refer
 * to. */
const char *api_check_method(struct json_object *method, struct json_object *errors) MUST_CHECK;

/* The flags of a method's x-access (enum api_access), 0 when a word in it is unknown. */
unsigned api_check_access(struct json_object *method);

#endif
