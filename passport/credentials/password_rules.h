/*
 * What a password may not be, beyond its length, which the schema checks (ASVS 5.0 section 6.2, NIST SP 800-63B).
 *
 * Purpose: refuses what attackers try first: passwords that many people have, and words of the account itself. There
 * are no composition rules. Invariants: case is ignored only in the comparison with those words; the password is hashed
 * as it was given, not changed or cut.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_PASSWORD_RULES_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_PASSWORD_RULES_H

#include "rpc/call.h"

/* The name of the rule that the password breaks, NULL for none: "common_password", when it is on the list of
 * passport/data; "context_word", when without regard to case, digits and punctuation it is the name of the product, the
 * part of the mail address before the @, the person's name, or a word of that. email, name: NULL when not known. */
const char *password_broken_rule(struct arena *arena, const char *password, const char *email, const char *name);

/* Checks the parameter of that name; invalid_params with its path and the rule. 0 or -1. */
int password_check(struct rpc_call *call, const char *parameter, const char *email, const char *name) MUST_CHECK;

#endif
