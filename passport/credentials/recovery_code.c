#include "credentials/recovery_code.h"

#include "base/ids.h"
#include "credentials/totp_code.h"
#include "secret_text.h"

#include <openssl/crypto.h>
#include <string.h>

#define CODES 10
#define CODE_BYTES 10
#define CODE_CHARACTERS 16 /* base32 of them */

static const char DELETE_CODES[] = "DELETE FROM recovery_code WHERE user_id = $1";
static const char INSERT_CODE[] = "INSERT INTO recovery_code (user_id, hash) VALUES ($1, decode($2, 'hex'))";
static const char TAKE_CODE[] = "DELETE FROM recovery_code WHERE user_id = $1 AND hash = decode($2, 'hex')";

/* Adds a fresh code to tx. Returns it in groups of four, as people read it. */
static const char *make(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	unsigned char bytes[CODE_BYTES];
	random_bytes(bytes, sizeof(bytes));
	const char *code = base32_encode(&call->ctx->arena, bytes, sizeof(bytes));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	char hash[SECRET_HASH_SIZE];
	secret_hash(code, hash);
	pg_queue(call->ctx, tx, INSERT_CODE, user_id, hash);
	return arena_printf(&call->ctx->arena, "%.4s-%.4s-%.4s-%.4s", code, code + 4, code + 8, code + 12);
}

const char *recovery_codes_make(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	const char *list = "";
	pg_queue(call->ctx, tx, DELETE_CODES, user_id);
	for (int i = 0; i < CODES; i++)
		list = arena_printf(&call->ctx->arena, "%s%s\"%s\"", list, i > 0 ? "," : "", make(call, tx, user_id));
	return arena_printf(&call->ctx->arena, "[%s]", list);
}

/* As it was made: letters in upper case, nothing between them, and no digit that looks like a letter. What is longer
 * becomes none of them. */
static void normalize(const char *code, char ret[static CODE_CHARACTERS + 1])
{
	size_t length = 0;
	for (; *code != '\0'; code++) {
		if (*code == '-' || *code == ' ')
			continue;
		if (length == CODE_CHARACTERS) {
			length = 0;
			break;
		}
		char character = *code >= 'a' && *code <= 'z' ? (char)(*code - 'a' + 'A') : *code;
		ret[length++] = (char)(character == '0' ? 'O' : character == '1' ? 'I' : character);
	}
	ret[length] = '\0';
}

int recovery_code_take(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *code, bool *ret_taken)
{
	char normal[CODE_CHARACTERS + 1], hash[SECRET_HASH_SIZE];
	normalize(code, normal);
	secret_hash(normal, hash);
	struct pg_result *taken = pg_query(call->ctx, tx, TAKE_CODE, user_id, hash);
	if (!taken)
		return -1;
	*ret_taken = pg_count(taken) == 1;
	return 0;
}
