/* Lines at the beginning of a connection of the link, of anybody: the first byte says to whom. None of them proves
 * anything, and what is answered fits into a line. */
#include "base/fatal.h"
#include "link/handshake.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct link_secrets secrets = {"a secret that no fuzzer finds by luck",
					    "nor the one that there was before"};

static void to_server(const char *line, size_t length, struct buffer *out)
{
	struct link_handshake handshake;
	link_challenge(&handshake, "passport", &secrets, out);
	if (link_accept_proof(&handshake, line, length, out))
		fatal("a proof without the secret");
}

static void to_client(const char *line, size_t length, struct buffer *out)
{
	struct link_handshake handshake;
	const char *fault = link_answer_challenge(&handshake, "gateway", "passport", &secrets, line, length, out);
	if ((!fault) != (out->length > 0) || out->length > LINK_HANDSHAKE_LINE)
		fatal("an answer that is none");
	if (!fault && link_check_welcome(&handshake, line, length))
		fatal("a challenge is no welcome");
}

static void to_waiting_client(const char *line, size_t length)
{
	struct link_handshake handshake = {
	    .secrets = secrets, .server = "passport", .client = "gateway", .server_nonce = "a", .client_nonce = "b"};
	if (link_check_welcome(&handshake, line, length))
		fatal("a welcome without the secret");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct buffer out;
	buffer_init(&out, (size_t)4 * LINK_HANDSHAKE_LINE);
	const char *line = (const char *)data + 1;
	if (data[0] % 3 == 0)
		to_server(line, size - 1, &out);
	else if (data[0] % 3 == 1)
		to_client(line, size - 1, &out);
	else
		to_waiting_client(line, size - 1);
	buffer_done(&out);
	return 0;
}
