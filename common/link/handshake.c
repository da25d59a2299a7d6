#include "link/handshake.h"

#include "base/arena.h"
#include "base/base64url.h"
#include "base/fatal.h"
#include "base/ids.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#define NONCE_BYTES 32
#define PROOF_BYTES 32
#define PROOF_LENGTH 43 /* characters */
#define WORDS_MAX 6

/* The words of a line, which stand apart by one space each. */
struct words {
	char text[LINK_HANDSHAKE_LINE + 1];
	const char *at[WORDS_MAX];
	size_t count;
};

bool link_name_valid(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");
	return length > 0 && length < LINK_NAME_SIZE && name[length] == '\0';
}

static bool encoded_valid(const char *text)
{
	return strlen(text) == PROOF_LENGTH &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == PROOF_LENGTH;
}

/* False when it is not a line "link/1 VERB ..." of printable ASCII with that many words after the verb. */
static bool split(struct words *words, const char *line, size_t length, const char *verb, size_t least, size_t most)
{
	if (length > LINK_HANDSHAKE_LINE)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (line[i] < ' ' || line[i] > '~')
			return false;
	}
	memcpy(words->text, line, length);
	words->text[length] = '\0';
	words->count = 0;
	char *rest = words->text, *word;
	while ((word = strsep(&rest, " "))) {
		if (words->count == WORDS_MAX)
			return false;
		words->at[words->count++] = word;
	}
	return words->count >= 2 + least && words->count <= 2 + most && strcmp(words->at[0], "link/1") == 0 &&
	       strcmp(words->at[1], verb) == 0;
}

static void encode(const unsigned char *bytes, size_t length, char *text)
{
	struct arena arena;
	arena_init(&arena);
	memcpy(text, base64url_encode(&arena, bytes, length), base64url_length(length) + 1);
	arena_done(&arena);
}

static void make_nonce(char nonce[static LINK_NONCE_SIZE])
{
	unsigned char bytes[NONCE_BYTES];
	random_bytes(bytes, sizeof(bytes));
	encode(bytes, sizeof(bytes), nonce);
}

/* No name and no nonce has a line feed in it, so no two handshakes give one text. */
static void prove(const struct link_handshake *handshake, const char *secret, const char *role,
		  char proof[static PROOF_LENGTH + 1])
{
	unsigned char bytes[PROOF_BYTES];
	unsigned size = sizeof(bytes);
	char text[64 + 2 * (LINK_NAME_SIZE + LINK_NONCE_SIZE)];
	int length = snprintf(text, sizeof(text), "eventloop link/1\n%s\n%s\n%s\n%s\n%s", role, handshake->server,
			      handshake->client, handshake->server_nonce, handshake->client_nonce);
	if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text, (size_t)length, bytes, &size))
		fatal("HMAC-SHA-256 is not to be had");
	encode(bytes, sizeof(bytes), proof);
}

static bool proves(const struct link_handshake *handshake, const char *secret, const char *role, const char *proof)
{
	if (!secret || secret[0] == '\0' || strlen(proof) != PROOF_LENGTH)
		return false;
	char expected[PROOF_LENGTH + 1];
	prove(handshake, secret, role, expected);
	return CRYPTO_memcmp(expected, proof, PROOF_LENGTH) == 0;
}

void link_challenge(struct link_handshake *handshake, const char *self, const struct link_secrets *secrets,
		    struct buffer *out)
{
	*handshake = (struct link_handshake){.secrets = *secrets};
	(void)snprintf(handshake->server, sizeof(handshake->server), "%s", self);
	make_nonce(handshake->server_nonce);
	buffer_printf(out, "link/1 challenge %s %s", handshake->server, handshake->server_nonce);
}

bool link_accept_proof(struct link_handshake *handshake, const char *line, size_t length, struct buffer *out)
{
	const char *const secrets[] = {handshake->secrets.current, handshake->secrets.previous};
	struct words words;
	if (!split(&words, line, length, "prove", 3, 4) || !link_name_valid(words.at[2]) || !encoded_valid(words.at[3]))
		return false;
	(void)snprintf(handshake->client, sizeof(handshake->client), "%s", words.at[2]);
	(void)snprintf(handshake->client_nonce, sizeof(handshake->client_nonce), "%s", words.at[3]);
	for (size_t i = 0; i < ARRAY_SIZE(secrets) && !handshake->matched; i++) {
		for (size_t j = 4; j < words.count; j++) {
			if (proves(handshake, secrets[i], "client", words.at[j]))
				handshake->matched = secrets[i];
		}
	}
	if (!handshake->matched)
		return false;
	char proof[PROOF_LENGTH + 1];
	prove(handshake, handshake->matched, "server", proof);
	buffer_printf(out, "link/1 welcome %s", proof);
	return true;
}

const char *link_answer_challenge(struct link_handshake *handshake, const char *self, const char *server,
				  const struct link_secrets *secrets, const char *line, size_t length,
				  struct buffer *out)
{
	*handshake = (struct link_handshake){.secrets = *secrets};
	struct words words;
	if (!split(&words, line, length, "challenge", 2, 2) || !link_name_valid(words.at[2]) ||
	    !encoded_valid(words.at[3]))
		return "it is no daemon of this version";
	if (server && strcmp(server, words.at[2]) != 0)
		return "another daemon listens there";
	(void)snprintf(handshake->server, sizeof(handshake->server), "%s", words.at[2]);
	(void)snprintf(handshake->server_nonce, sizeof(handshake->server_nonce), "%s", words.at[3]);
	(void)snprintf(handshake->client, sizeof(handshake->client), "%s", self);
	make_nonce(handshake->client_nonce);
	char proof[PROOF_LENGTH + 1];
	prove(handshake, secrets->current, "client", proof);
	buffer_printf(out, "link/1 prove %s %s %s", handshake->client, handshake->client_nonce, proof);
	if (secrets->previous && secrets->previous[0] != '\0') {
		prove(handshake, secrets->previous, "client", proof);
		buffer_printf(out, " %s", proof);
	}
	return NULL;
}

bool link_check_welcome(const struct link_handshake *handshake, const char *line, size_t length)
{
	struct words words;
	return split(&words, line, length, "welcome", 1, 1) &&
	       (proves(handshake, handshake->secrets.current, "server", words.at[2]) ||
		proves(handshake, handshake->secrets.previous, "server", words.at[2]));
}
