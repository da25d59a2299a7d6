#include "rpc/dispatch_internal.h"

#include "base/ip_address.h"
#include "rpc/hangup.h"
#include "rpc/render.h"
#include "token/token.h"

#include <string.h>

static const struct identity anonymous = {.kind = IDENTITY_ANONYMOUS};

/* ctx's error may be that of the whole text so far: verification has one of its own. */
void dispatch_identify(struct context *ctx, struct rpc_dispatcher *dispatcher, struct dispatch_caller *caller)
{
	const struct rpc_meta *meta = caller->meta;
	if (caller->identity || caller->refused)
		return;
	if (!meta->token) {
		caller->identity = &anonymous;
		return;
	}
	if (dispatcher->options.verifier)
		caller->identity = token_verify(ctx, dispatcher->options.verifier, meta->token, meta->token_length);
	else
		(void)context_fail(ctx, ERROR_UNAUTHENTICATED, "unknown_key", "no token is accepted here");
	if (caller->identity)
		return;
	struct error *refused = arena_alloc(&ctx->arena, sizeof(*refused));
	*refused = ctx->error;
	caller->refused = refused;
	error_clear(&ctx->error);
}

static unsigned roles_of(unsigned access)
{
	unsigned roles = 0;
	if (access & API_ACCESS_MODERATOR)
		roles |= ROLE_MODERATOR;
	if (access & API_ACCESS_ADMIN)
		roles |= ROLE_ADMIN;
	return roles;
}

static enum company_right right_of(unsigned access)
{
	if (access & API_ACCESS_COMPANY_STAFF)
		return RIGHT_STAFF;
	return access & API_ACCESS_COMPANY_MANAGER ? RIGHT_MANAGER : RIGHT_OWNER;
}

static int not_for(struct rpc_call *call, const char *whom)
{
	return context_fail(call->ctx, ERROR_FORBIDDEN, "access", "not for %s", whom);
}

/* A method that needs a fresh authentication needs the user in person: an administrator acting as them, or a token with
 * an old login, is refused (RFC 9470). */
static int check_freshness(struct rpc_call *call)
{
	int64_t max_age = call->method->auth_max_age_us;
	if (max_age == 0)
		return 0;
	if (call->caller->actor[0] != '\0')
		return context_fail(call->ctx, ERROR_FORBIDDEN, "impersonation", "only the user in person may do this");
	if (clock_wall() - call->caller->auth_time <= max_age)
		return 0;
	(void)context_fail(call->ctx, ERROR_UNAUTHENTICATED, "insufficient_user_authentication",
			   "it needs an authentication of the last %lld seconds", (long long)(max_age / CLOCK_SECOND));
	call->ctx->error.details =
	    arena_printf(&call->ctx->arena, "{\"max_age\":%lld}", (long long)(max_age / CLOCK_SECOND));
	return -1;
}

static int check_user(struct rpc_call *call, bool *ret_company)
{
	unsigned access = call->method->access, roles = roles_of(access);
	if (access & API_ACCESS_USER || (roles != 0 && identity_has_role(call->caller, roles)))
		return check_freshness(call);
	if (!(access & API_ACCESS_COMPANY))
		return not_for(call, "this caller");
	*ret_company = true;
	return check_freshness(call);
}

/* An integration cannot authenticate afresh. */
static int check_client(struct rpc_call *call, bool *ret_company)
{
	unsigned access = call->method->access;
	if (!(access & (API_ACCESS_CLIENT | API_ACCESS_COMPANY)) || call->method->auth_max_age_us > 0)
		return not_for(call, "integrations");
	*ret_company = (access & API_ACCESS_COMPANY) != 0;
	return 0;
}

/* Access as far as it does not depend on the parameters. *ret_company: the company's right decides, later. */
static int check_access(struct rpc_call *call, bool *ret_company)
{
	const struct api_method *method = call->method;
	*ret_company = false;
	if (!identity_may_call(call->caller, method->name, method->name_length))
		return context_fail(call->ctx, ERROR_FORBIDDEN, "scope", "the token's scope does not cover %s",
				    method->name);
	if (method->access & API_ACCESS_PUBLIC)
		return 0;
	switch (call->caller->kind) {
	case IDENTITY_USER:
		return check_user(call, ret_company);
	case IDENTITY_CLIENT:
		return check_client(call, ret_company);
	case IDENTITY_SERVICE:
		return method->access & API_ACCESS_SERVICE ? 0 : not_for(call, "services");
	default:
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "missing", "an access token is needed");
	}
}

/* A method that takes no company_id checks the right itself, when it knows the company. */
static int check_company(struct rpc_call *call)
{
	struct json_object *company = rpc_param_json(call, "company_id");
	if (!json_object_is_type(company, json_type_string))
		return 0;
	return rpc_require_right(call, json_object_get_string(company), right_of(call->method->access));
}

/* A method whose work grows with the data has connections of its own. */
static void choose_lane(struct rpc_call *call, const struct rpc_dispatcher *dispatcher)
{
	struct pg *lane = dispatcher->options.lanes[call->method->lane];
	if (!lane)
		return;
	call->db = lane;
	call->ctx->share = ip_address_site_text(&call->ctx->arena, call->peer);
}

static int run_handler(struct rpc_call *call, rpc_handler_function *function, size_t max_answer)
{
	int status = function(call);
	if (status != 0) {
		if (call->ctx->error.code == ERROR_NONE)
			(void)context_fail_internal(call->ctx, "the handler failed and gave no error");
		return -1;
	}
	/* An error that the handler recovered from is not the outcome of the call. */
	if (call->ctx->error.code != ERROR_NONE)
		error_clear(&call->ctx->error);
	if (!call->result)
		return context_fail_internal(call->ctx, "the handler gave no result");
	if (call->result_length > max_answer)
		return context_fail(call->ctx, ERROR_TOO_LARGE, "answer", "the answer has more than %zu bytes",
				    max_answer);
	return 0;
}

/* Takes the caller into the call; -1 when its token was refused. Public methods ignore a void token, so that a client
 * can get a good one. But a token that could not be checked may be good, so that is an error. */
static int take_caller(struct rpc_call *call, struct dispatch_caller *caller, bool public)
{
	call->peer = caller->meta->peer ? caller->meta->peer : "";
	call->user_agent = caller->meta->user_agent ? caller->meta->user_agent : "";
	if (caller->refused) {
		if (public && caller->refused->code == ERROR_UNAUTHENTICATED)
			return 0;
		call->ctx->error = *caller->refused;
		return -1;
	}
	call->caller = caller->identity;
	call->token = caller->meta->token;
	if (call->caller->kind != IDENTITY_ANONYMOUS)
		call->ctx->user = call->caller->id;
	if (call->caller->actor[0] != '\0')
		call->ctx->actor = call->caller->actor;
	return 0;
}

/* The call of a known caller to a known method. */
static int answer(struct rpc_call *call, const struct rpc_dispatcher *dispatcher, const struct dispatch_entry *entry,
		  const struct envelope_call *envelope)
{
	bool company;
	if (check_access(call, &company) || dispatch_read_params(call, envelope) || (company && check_company(call)))
		return -1;
	return run_handler(call, entry->function, dispatcher->options.max_answer);
}

/* The same, ended when the caller has gone unless the method changes something. */
static int serve(struct rpc_call *call, const struct rpc_dispatcher *dispatcher, const struct dispatch_entry *entry,
		 struct rpc_hangup *hangup, const struct envelope_call *envelope)
{
	struct rpc_hangup_call self;
	if (rpc_hangup_enter(call->ctx, entry->method->writes ? NULL : hangup, &self))
		return -1;
	int status = answer(call, dispatcher, entry, envelope);
	rpc_hangup_leave(&self);
	return status;
}

static int perform(struct rpc_call *call, struct rpc_dispatcher *dispatcher, struct dispatch_entry *entry,
		   struct dispatch_caller *caller, const struct envelope_call *envelope, int64_t started)
{
	struct context *ctx = call->ctx;
	bool discover = entry == dispatcher->discover;
	dispatch_identify(ctx, dispatcher, caller);
	if (take_caller(call, caller, discover || (entry->method->access & API_ACCESS_PUBLIC) != 0))
		return -1;
	if (discover) {
		if (rpc_expect_no_params(ctx, envelope))
			return -1;
		const char *document = api_document_at(dispatcher->options.api, clock_wall(), &ctx->arena);
		return rpc_reply_text(call, document, strlen(document));
	}
	call->method = entry->method;
	ctx->deadline = deadline_earlier(ctx->deadline, started + entry->method->deadline_us);
	choose_lane(call, dispatcher);
	return serve(call, dispatcher, entry, caller->meta->hangup, envelope);
}

/* A wait cancelled after the deadline is reported as deadline_exceeded, not as unavailable. */
static void settle_error(struct context *ctx)
{
	if (!rpc_hangup_caused(ctx) || deadline_left(ctx->deadline) > 0)
		return;
	error_clear(&ctx->error);
	(void)context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, NULL);
}

static int run(struct rpc_call *call, struct rpc_dispatcher *dispatcher, struct dispatch_entry *entry,
	       struct dispatch_caller *caller, const struct envelope_call *envelope, int64_t started)
{
	struct context *ctx = call->ctx;
	if (envelope->fault)
		return context_fail(ctx, ERROR_INVALID_REQUEST, NULL, "%s", envelope->fault);
	if (entry == dispatcher->unknown)
		return context_fail(ctx, ERROR_METHOD_NOT_FOUND, NULL, NULL);
	ctx->method = entry->name;
	if (perform(call, dispatcher, entry, caller, envelope, started) == 0)
		return 0;
	settle_error(ctx);
	return -1;
}

const char *dispatch_call(struct context *ctx, struct rpc_dispatcher *dispatcher, struct dispatch_caller *caller,
			  const struct envelope_call *envelope, size_t *ret_length)
{
	int64_t started = clock_monotonic();
	struct dispatch_entry *entry =
	    envelope->fault ? dispatcher->unknown : dispatch_find(dispatcher, envelope->method);
	struct rpc_call call = dispatcher->options.prototype;
	call.ctx = ctx;
	call.caller = &anonymous;
	int status = run(&call, dispatcher, entry, caller, envelope, started);
	dispatch_observe(dispatcher, entry, ctx, started);
	if (envelope->notification)
		return NULL;
	if (status != 0)
		return render_error(ctx, envelope->id, ret_length);
	return render_result(ctx, envelope->id, call.result, call.result_length, ret_length);
}
