#include "account_guard.h"

#include "base/clock.h"
#include "base/text.h"
#include "throttle.h"

#define HOUR (3600 * CLOCK_SECOND)

static const struct throttle_rule of_network[] = {
    [ACCOUNT_REGISTER] = {.name = "register.network", .limit_setting = "account_limit", .window = HOUR},
    [ACCOUNT_REQUEST_RESET] = {.name = "reset.network", .limit_setting = "account_limit", .window = HOUR},
    [ACCOUNT_TOKEN] = {.name = "token.network", .limit_setting = "account_limit", .window = HOUR},
};

static const struct throttle_rule of_letters[] = {
    [LETTER_REGISTRATION] = {.name = "register.letter", .limit_setting = "letter_limit", .window = HOUR},
    [LETTER_RESET] = {.name = "reset.letter", .limit_setting = "letter_limit", .window = HOUR},
    [LETTER_EMAIL_CHANGE] = {.name = "email_change.letter", .limit_setting = "letter_limit", .window = HOUR},
};

int account_guard_network(struct rpc_call *call, enum account_action action)
{
	return throttle_enforce(call, &of_network[action], throttle_network(call));
}

static const struct throttle_rule of_user = {"email_change.user", "letter_limit", HOUR, 0};

int account_guard_email_change(struct rpc_call *call)
{
	return throttle_enforce(call, &of_user, rpc_caller_id(call));
}

int account_guard_letter(struct rpc_call *call, enum account_letter letter, const char *email, bool *ret_send)
{
	int64_t wait = 0;
	if (throttle_count(call, &of_letters[letter], text_fold(&call->ctx->arena, email), &wait))
		return -1;
	*ret_send = wait == 0;
	return 0;
}
