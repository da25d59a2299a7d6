/* Who may call what: users by role and company, integrations by scope, services, and who proved themselves lately. */
#include "rpc/toy.h"

static void expect_code(struct toy *toy, const char *method, const char *params, const char *token, const char *word,
			const char *reason)
{
	struct arena arena;
	arena_init(&arena);
	const char *body =
	    arena_printf(&arena, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"%s\",\"params\":%s}", method, params);
	struct toy_answer answer;
	for (int engine = 0; engine < 2; engine++) {
		toy_post(toy, (enum http_engine_kind)engine, body, token, NULL, &answer);
		assert_int_equal(answer.status, 200);
		assert_string_equal(toy_at(&answer, "/id"), "a");
		assert_string_equal(toy_at(&answer, "/error/data/code"), word);
		assert_string_equal(toy_at(&answer, "/error/data/reason"), reason);
		assert_int_equal(strlen(toy_at(&answer, "/error/data/request_id")), word[0] ? 36 : 0);
		toy_answer_free(&answer);
	}
	toy_link(toy, method, params, token, &answer);
	assert_string_equal(toy_at(&answer, "/error/data/code"), word);
	assert_string_equal(toy_at(&answer, "/error/data/reason"), reason);
	toy_answer_free(&answer);
	arena_done(&arena);
}

static void access(struct toy *toy)
{
	const char *user = toy_user_token(&toy->key, "user"), *admin = toy_user_token(&toy->key, "admin");
	const char *service = toy_service_token(&toy->key, "events");
	const char *company = "{\"company_id\":\"" TOY_COMPANY "\"}";
	expect_code(toy, "toy.caller.user", "{}", NULL, "unauthenticated", "missing");
	expect_code(toy, "toy.caller.user", "{}", "nonsense", "unauthenticated", "malformed");
	expect_code(toy, "toy.caller.user", "{}", user, "", "");
	expect_code(toy, "toy.caller.user", "{}", service, "forbidden", "access");
	expect_code(toy, "toy.caller.admin", "{}", user, "forbidden", "access");
	expect_code(toy, "toy.caller.admin", "{}", admin, "", "");
	expect_code(toy, "toy.caller.service", "{}", admin, "forbidden", "access");
	expect_code(toy, "toy.caller.service", "{}", NULL, "unauthenticated", "missing");
	expect_code(toy, "toy.caller.service", "{}", service, "", "");
	expect_code(toy, "toy.caller.manager", company, user, "", "");
	expect_code(toy, "toy.caller.owner", company, user, "forbidden", "company_right");
	expect_code(toy, "toy.caller.manager", "{\"company_id\":\"other\"}", admin, "forbidden", "company_right");
	/* What does not exist is not there for anybody; what is public is there for those with a void token too. */
	expect_code(toy, "toy.none.such", "{}", "nonsense", "method_not_found", "");
	expect_code(toy, "toy.echo.say", "{}", "nonsense", "", "");
	expect_code(toy, "rpc.discover", "{}", "nonsense", "", "");
	/* Access comes before parameters. */
	expect_code(toy, "toy.caller.owner", "{}", NULL, "unauthenticated", "missing");
	expect_code(toy, "toy.caller.owner", "{}", user, "invalid_params", "");
}

static void test_access(void **state)
{
	(void)state;
	toy_run(access);
}

/* An integration may do what its company may, and what says so, never more than its scope. */
static void clients(struct toy *toy)
{
	const char *all = toy_client_token(&toy->key, "*");
	const char *few = toy_client_token(&toy->key, "toy.echo.* toy.caller.manager");
	const char *company = "{\"company_id\":\"" TOY_COMPANY "\"}";
	expect_code(toy, "toy.client.say", "{}", all, "", "");
	expect_code(toy, "toy.echo.say", "{}", all, "", "");
	expect_code(toy, "toy.caller.user", "{}", all, "forbidden", "access");
	expect_code(toy, "toy.caller.admin", "{}", all, "forbidden", "access");
	expect_code(toy, "toy.caller.service", "{}", all, "forbidden", "access");
	expect_code(toy, "toy.caller.manager", company, all, "", "");
	expect_code(toy, "toy.caller.owner", company, all, "forbidden", "company_right");
	expect_code(toy, "toy.caller.manager", "{\"company_id\":\"" TOY_USER "\"}", all, "forbidden", "company_right");
	expect_code(toy, "toy.fresh.say", "{}", all, "forbidden", "access");
	expect_code(toy, "toy.fresh.owner", company, all, "forbidden", "access");
	expect_code(toy, "toy.echo.say", "{}", few, "", "");
	expect_code(toy, "toy.caller.manager", company, few, "", "");
	expect_code(toy, "toy.client.say", "{}", few, "forbidden", "scope");
	expect_code(toy, "toy.sleep.nap", "{}", few, "forbidden", "scope"); /* public methods too */
}

static void test_clients(void **state)
{
	(void)state;
	toy_run(clients);
}

static void service_scopes(struct toy *toy)
{
	static const char format[] =
	    "\"sub\":\"billing\",\"client_id\":\"billing\",\"roles\":[\"service\"],\"scope\":\"%s\"";
	const char *fits = toy_token(&toy->key, arena_printf(&toy->key.arena, format, "toy.caller.*"));
	const char *other =
	    toy_token(&toy->key, arena_printf(&toy->key.arena, format, "toy.call.* toy.caller toy.*.service"));
	expect_code(toy, "toy.caller.service", "{}", fits, "", "");
	expect_code(toy, "toy.caller.service", "{}", other, "forbidden", "scope");
	expect_code(toy, "toy.caller.service", "{}", toy_service_token(&toy->key, "billing"), "", "");
}

static void test_service_scopes(void **state)
{
	(void)state;
	toy_run(service_scopes);
}

static void fresh_authentication(struct toy *toy)
{
	static const char act[] = ",\"act\":{\"sub\":\"" TOY_CLIENT "\"}";
	const char *never = toy_token(&toy->key, "\"sub\":\"" TOY_USER "\",\"roles\":[\"user\"]");
	const char *stale = toy_aged_token(&toy->key, 605, "");
	expect_code(toy, "toy.fresh.say", "{}", toy_aged_token(&toy->key, 590, ""), "", "");
	expect_code(toy, "toy.fresh.say", "{}", stale, "unauthenticated", "insufficient_user_authentication");
	expect_code(toy, "toy.fresh.say", "{}", never, "unauthenticated", "insufficient_user_authentication");
	expect_code(toy, "toy.fresh.owner", "{}", stale, "unauthenticated", "insufficient_user_authentication");
	expect_code(toy, "toy.fresh.owner", "{}", toy_aged_token(&toy->key, 0, ""), "", "");
	expect_code(toy, "toy.fresh.say", "{}", toy_aged_token(&toy->key, 0, act), "forbidden", "impersonation");
	expect_code(toy, "toy.caller.user", "{}", toy_aged_token(&toy->key, 0, act), "", "");
	expect_code(toy, "toy.fresh.say", "{}", toy_service_token(&toy->key, "events"), "", "");
	expect_code(toy, "toy.fresh.say", "{}", NULL, "unauthenticated", "missing");
	struct toy_answer answer;
	toy_link(toy, "toy.fresh.say", "{}", stale, &answer);
	assert_string_equal(toy_at(&answer, "/error/data/max_age"), "600");
	toy_answer_free(&answer);
}

static void test_fresh_authentication(void **state)
{
	(void)state;
	toy_run(fresh_authentication);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_access),
	    cmocka_unit_test(test_clients),
	    cmocka_unit_test(test_service_scopes),
	    cmocka_unit_test(test_fresh_authentication),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
