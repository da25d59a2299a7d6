/* The proof at the beginning of a connection of the link: both ends, and everybody who is none. */
#include "link/handshake.h"
#include "unit.h"

#include <string.h>

#define CURRENT "a secret of thirty-two characters"
#define PREVIOUS "the secret that there was before it"
#define OTHER "the secret of an other installation"

static const struct link_secrets only_current = {CURRENT, ""};
static const struct link_secrets only_previous = {PREVIOUS, NULL};
static const struct link_secrets both = {CURRENT, PREVIOUS};
static const struct link_secrets turned = {PREVIOUS, CURRENT};
static const struct link_secrets other = {OTHER, NULL};

/* Both ends of one connection, and their lines. */
struct pair {
	struct link_handshake server, client;
	struct buffer challenge, proof, welcome;
};

static void begin(struct pair *pair)
{
	*pair = (struct pair){.server = {.matched = NULL}};
	buffer_init(&pair->challenge, 1000);
	buffer_init(&pair->proof, 1000);
	buffer_init(&pair->welcome, 1000);
}

static void end(struct pair *pair)
{
	buffer_done(&pair->challenge);
	buffer_done(&pair->proof);
	buffer_done(&pair->welcome);
}

/* The server's challenge and the client's answer to it. */
static void prove(struct pair *pair, const struct link_secrets *server, const struct link_secrets *client)
{
	begin(pair);
	link_challenge(&pair->server, "passport", server, &pair->challenge);
	assert_null(link_answer_challenge(&pair->client, "gateway", "passport", client, buffer_text(&pair->challenge),
					  pair->challenge.length, &pair->proof));
	assert_true(pair->challenge.length <= LINK_HANDSHAKE_LINE && pair->proof.length <= LINK_HANDSHAKE_LINE);
}

static bool accepted(struct pair *pair, const char *line)
{
	return link_accept_proof(&pair->server, line, strlen(line), &pair->welcome);
}

static bool meets(const struct link_secrets *server, const struct link_secrets *client)
{
	struct pair pair;
	prove(&pair, server, client);
	bool good = accepted(&pair, buffer_text(&pair.proof));
	if (good) {
		assert_string_equal(pair.server.client, "gateway");
		assert_true(link_check_welcome(&pair.client, buffer_text(&pair.welcome), pair.welcome.length));
	}
	end(&pair);
	return good;
}

static void test_secrets(void **state)
{
	(void)state;
	assert_true(meets(&only_current, &only_current));
	assert_false(meets(&only_current, &other));
	assert_false(meets(&only_current, &only_previous));
	/* A change of the secret, whoever is restarted first, forwards and back. */
	const struct link_secrets *const stages[] = {&only_previous, &both, &only_current};
	for (size_t i = 0; i + 1 < ARRAY_SIZE(stages); i++) {
		assert_true(meets(stages[i], stages[i + 1]));
		assert_true(meets(stages[i + 1], stages[i]));
	}
	assert_true(meets(&both, &turned));
	assert_true(meets(&turned, &both));
}

/* A proof that was good on one connection is none on another: the nonces differ. */
static void test_replay(void **state)
{
	(void)state;
	struct pair first, second;
	prove(&first, &only_current, &only_current);
	assert_true(accepted(&first, buffer_text(&first.proof)));
	prove(&second, &only_current, &only_current);
	assert_string_not_equal(buffer_text(&first.challenge), buffer_text(&second.challenge));
	assert_false(accepted(&second, buffer_text(&first.proof)));
	assert_false(link_check_welcome(&second.client, buffer_text(&first.welcome), first.welcome.length));
	end(&first);
	end(&second);
}

/* What one end proves proves nothing when it is sent back to it. */
static void test_reflection(void **state)
{
	(void)state;
	struct pair pair;
	prove(&pair, &only_current, &only_current);
	struct buffer line;
	buffer_init(&line, 1000);
	const char *proof = strrchr(buffer_text(&pair.proof), ' ') + 1;
	buffer_printf(&line, "link/1 welcome %s", proof);
	assert_false(link_check_welcome(&pair.client, buffer_text(&line), line.length));
	assert_true(accepted(&pair, buffer_text(&pair.proof)));
	buffer_reset(&line);
	buffer_printf(&line, "link/1 prove %s %s %s", pair.server.client, pair.server.client_nonce,
		      strrchr(buffer_text(&pair.welcome), ' ') + 1);
	pair.server.matched = NULL;
	assert_false(accepted(&pair, buffer_text(&line)));
	buffer_done(&line);
	end(&pair);
}

/* The names are part of what is proved. */
static void test_names(void **state)
{
	(void)state;
	struct pair pair;
	prove(&pair, &only_current, &only_current);
	struct buffer line;
	buffer_init(&line, 1000);
	buffer_append_text(&line, buffer_text(&pair.proof));
	memcpy(strstr(line.data, "gateway"), "rating ", 7);
	assert_false(accepted(&pair, buffer_text(&line)));
	memcpy(strstr(line.data, "rating "), "gatewax", 7);
	assert_false(accepted(&pair, buffer_text(&line)));
	buffer_reset(&line);
	struct link_handshake handshake;
	assert_string_equal(link_answer_challenge(&handshake, "gateway", "events", &only_current,
						  buffer_text(&pair.challenge), pair.challenge.length, &line),
			    "another daemon listens there");
	assert_int_equal(line.length, 0);
	buffer_done(&line);
	end(&pair);
}

static const char *const bad_shapes[] = {
    "",
    "link/1",
    "link/1 prove",
    "link/1 prove gateway %s",
    "link/1 prove gateway %s ",
    "link/1 prove gateway  %s",
    "link/1 prove  %s",
    "link/2 prove gateway %s %1$s",
    "link/1 prove gateway/ %s %1$s",
    "link/1 prove GATEWAY %s %1$s",
    "link/1 prove a-name-of-more-than-thirty-one-bytes %s %1$s",
    "link/1 prove gateway %s= %1$s",
    "link/1 prove gateway %s %1$s",
    "link/1 prove gateway %s %1$s %1$s",
    "link/1 prove gateway %s %1$s %1$s %1$s",
    "link/1 prove gateway %s %1$s %1$s %1$s %1$s %1$s %1$s",
    "link/1 prove gateway %s\t%1$s",
    "link/1 welcome %s",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}",
};

/* The line of a shape, in which %s and %1$s stand for a nonce. Returns its length. */
static size_t write_shape(const char *shape, char *line)
{
	static const char nonce[] = "0123456789012345678901234567890123456789012";
	size_t length = 0;
	for (; *shape != '\0'; shape++) {
		if (*shape != '%') {
			line[length++] = *shape;
			continue;
		}
		shape += shape[1] == '1' ? 3 : 1;
		memcpy(line + length, nonce, sizeof(nonce) - 1);
		length += sizeof(nonce) - 1;
	}
	line[length] = '\0';
	return length;
}

static void test_bad_lines(void **state)
{
	(void)state;
	struct pair pair;
	prove(&pair, &both, &both);
	char line[LINK_HANDSHAKE_LINE + 2];
	struct link_handshake handshake;
	for (size_t i = 0; i < ARRAY_SIZE(bad_shapes); i++) {
		size_t length = write_shape(bad_shapes[i], line);
		assert_false(accepted(&pair, line));
		assert_non_null(link_answer_challenge(&handshake, "gateway", NULL, &both, line, length, &pair.welcome));
		assert_false(link_check_welcome(&pair.client, line, length));
	}
	memset(line, 'x', sizeof(line));
	assert_false(link_accept_proof(&pair.server, line, sizeof(line), &pair.welcome));
	end(&pair);
	prove(&pair, &only_current, &only_current);
	assert_false(link_accept_proof(&pair.server, buffer_text(&pair.proof), pair.proof.length - 1, &pair.welcome));
	assert_true(accepted(&pair, buffer_text(&pair.proof)));
	end(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_secrets), cmocka_unit_test(test_replay),    cmocka_unit_test(test_reflection),
	    cmocka_unit_test(test_names),   cmocka_unit_test(test_bad_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
