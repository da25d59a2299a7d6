#include "credentials/account_guard.h"

#include "base/clock.h"
#include "base/text.h"
#include "credentials/login_guard.h"
#include "credentials/throttle.h"

#define HOUR (3600 * CLOCK_SECOND)

static const struct throttle_rule of_network[] = {
    [ACCOUNT_REGISTER] = {.name = "register.network", .limit_setting = "account_limit", .window = HOUR},
    [ACCOUNT_REQUEST_RESET] = {.name = "reset.network", .limit_setting = "account_limit", .window = HOUR},
    [ACCOUNT_TOKEN] = {.name = "token.network", .limit_setting = "account_limit", .window = HOUR},
};

/* What one network may have sent to an address. */
static const struct throttle_rule of_letters[] = {
    [LETTER_REGISTRATION] = {.name = "register.letter", .limit_setting = "letter_limit", .window = HOUR},
    [LETTER_RESET] = {.name = "reset.letter", .limit_setting = "letter_limit", .window = HOUR},
    [LETTER_EMAIL_CHANGE] = {.name = "email_change.letter", .limit_setting = "letter_limit", .window = HOUR},
    [LETTER_INVITATION] = {.name = "invitation.letter", .limit_setting = "letter_limit", .window = HOUR},
};

/* What all of them together may. */
static const struct throttle_rule of_mailboxes[] = {
    [LETTER_REGISTRATION] = {.name = "register.mailbox", .limit_setting = "mailbox_limit", .window = HOUR},
    [LETTER_RESET] = {.name = "reset.mailbox", .limit_setting = "mailbox_limit", .window = HOUR},
    [LETTER_EMAIL_CHANGE] = {.name = "email_change.mailbox", .limit_setting = "mailbox_limit", .window = HOUR},
    [LETTER_INVITATION] = {.name = "invitation.mailbox", .limit_setting = "mailbox_limit", .window = HOUR},
};

static const char SELECT_KNOWN_NETWORK[] =
    "SELECT EXISTS (SELECT FROM user_account u WHERE u.email_folded = $1 AND " GUARD_KNOWN_NETWORK("$2") ")";

int account_guard_network(struct rpc_call *call, enum account_action action)
{
	return throttle_enforce(call, &of_network[action], throttle_network(call));
}

static const struct throttle_rule of_user = {"email_change.user", "letter_limit", HOUR, 0};

int account_guard_email_change(struct rpc_call *call)
{
	return throttle_enforce(call, &of_user, rpc_caller_id(call));
}

/* Counts a letter of the network; one that it may have sent counts for the mailbox, too. */
static int count(struct rpc_call *call, enum account_letter letter, const char *folded, int64_t *ret_network,
		 int64_t *ret_all)
{
	const char *own = arena_printf(&call->ctx->arena, "%s\n%s", folded, throttle_network(call));
	*ret_all = 0;
	if (throttle_count(call, &of_letters[letter], own, ret_network))
		return -1;
	return *ret_network > 0 ? 0 : throttle_count(call, &of_mailboxes[letter], folded, ret_all);
}

int account_guard_letter(struct rpc_call *call, enum account_letter letter, const char *email, bool *ret_send)
{
	const char *folded = text_fold(&call->ctx->arena, email);
	int64_t network = 0, all = 0;
	struct pg_result *known = pg_read(call->ctx, call->db, SELECT_KNOWN_NETWORK, folded, throttle_network(call));
	if (!known || count(call, letter, folded, &network, &all))
		return -1;
	*ret_send = network == 0 && (all == 0 || pg_boolean(known, 0, 0));
	return 0;
}
