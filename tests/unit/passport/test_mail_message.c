/* Letters as bytes: what servers and mail programs are given, whatever people call themselves. */
#include "letters/mail_message.h"
#include "unit.h"

#include "base/clock.h"
#include "base/embed.h"
#include "letters/mail_encoding.h"
#include "letters/mail_letter.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_LINE 78
#define ROCKETS \
	"\U0001F469\u200D\U0001F680\U0001F469\u200D\U0001F680\U0001F469\u200D\U0001F680\U0001F469\u200D\U0001F680"
#define MANY_ROCKETS ROCKETS ROCKETS ROCKETS ROCKETS

extern const struct embedded_file passport_mail[];

static const char *const hostile[] = {
    "Ann",
    "",
    "Bob\r\nBcc: everybody@test.example\r\n\r\n<script>alert(1)</script>",
    "Eve\nX-EventLoop-Template: verify_email",
    "=?UTF-8?B?QmNjOiB4?= =?q?x?=",
    "\"Quoted\" <other@test.example>, more@test.example; (comment)",
    "<a href=\"https://evil.example\">click</a>",
    "' onmouseover='x",
    "&lt;&#60;&amp;",
    "{token} {link} {name} }{",
    "@link evil\n\n@token",
    "https://evil.example/?token=abc",
    "\u202Eevil\u2066\u200B\uFEFF",
    "\xff\xc0\x80\xed\xa0\x80",
    "\x01\x02\x07\x1b[2J\x7f",
    ".\r\n.\r\nQUIT\r\n",
    "From the start",
    "token: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    MANY_ROCKETS,
    "Очень длинное название компании, которое не помещается ни в одну строку заголовка письма целиком, как ни старайся",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

static const char *const header_names[] = {
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "X-EventLoop-Template",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
    NULL,
};

/* What is quoted-printable in a message as it was; LF ends lines. */
static char *unquoted(const char *text)
{
	char *out = malloc(strlen(text) + 1), *at = out;
	assert_non_null(out);
	for (; *text; text++) {
		if (*text == '\r')
			continue;
		unsigned byte;
		if (text[0] == '=' && text[1] == '\r') {
			text += 2;
		} else if (text[0] == '=' && sscanf(text + 1, "%2X", &byte) == 1) {
			*at++ = (char)byte;
			text += 2;
		} else {
			*at++ = *text;
		}
	}
	*at = '\0';
	return out;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, part)); at++)
		count++;
	return count;
}

/* The rules of every message: ASCII without controls, lines that end with CRLF and are not too long. */
static void check_bytes(const char *message, size_t length)
{
	size_t used = 0;
	assert_true(strlen(message) == length);
	for (size_t i = 0; i < length; i++) {
		if (message[i] == '\r') {
			assert_true(message[i + 1] == '\n');
			assert_true(used <= LONGEST_LINE);
			used = 0;
			i++;
			continue;
		}
		assert_true(message[i] >= ' ' && message[i] <= '~');
		assert_false(used == 0 && message[i] == '.');
		used++;
	}
}

/* Exactly the headers that there are to be, in their order. */
static void check_headers(const char *message)
{
	size_t name = 0;
	for (const char *line = message; strncmp(line, "\r\n", 2) != 0; line = strstr(line, "\r\n") + 2) {
		if (line[0] == ' ')
			continue;
		assert_non_null(header_names[name]);
		assert_int_equal(strncmp(line, header_names[name], strlen(header_names[name])), 0);
		assert_true(line[strlen(header_names[name])] == ':');
		name++;
	}
	assert_null(header_names[name]);
}

static void check_parts(const char *message, const struct mail_content *content)
{
	char *plain = unquoted(message);
	assert_non_null(strstr(plain, content->text));
	assert_non_null(strstr(plain, content->html));
	assert_true(count_of(message, "Content-Transfer-Encoding: quoted-printable") == 2);
	free(plain);
}

/* The letter's HTML has the elements of its template and no others. */
static void check_html(const char *html, size_t elements)
{
	assert_true(count_of(html, "<") == elements);
	assert_true(count_of(html, "<a ") <= 1);
	assert_true(count_of(html, "://") == count_of(html, "https://site.example/go"));
}

static struct mail_letter letter_with(struct context *ctx, const char *name, const char *locale, const char *words)
{
	static const char *const values[] = {"at",    "address",    "device",	     "change", "company", "inviter",
					     "right", "expires_at", "invitation_id", "reason", "listing"};
	struct mail_letter letter = {
	    .template_name = name,
	    .locale = locale,
	    .name = words,
	    .link = "https://site.example/go?token=0123456789012345678901234567890123456789abc",
	    .token = "0123456789012345678901234567890123456789abc",
	};
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		mail_letter_set_words(ctx, &letter, values[i], words);
	mail_letter_line(&letter, "Number", "1");
	mail_letter_line_words(ctx, &letter, "Note", words[0] ? words : "-");
	letter.name = letter.values[0].text;
	return letter;
}

static void check_letter(const char *name, const char *locale, const char *words, size_t *elements)
{
	size_t length = 0;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct mail_letter letter = letter_with(&ctx, name, locale, words);
	struct mail_content content;
	assert_int_equal(mail_letter_write(&ctx, &letter, &content), 0);
	struct mail_message message = {
	    .from = {"EventLoop & Söhne", "no-reply@site.example"},
	    .to = {letter.name, "ann.with-a-rather-long-name@a-long-domain.test.example"},
	    .subject = content.subject,
	    .text = content.text,
	    .html = content.html,
	    .language = locale,
	    .template_name = name,
	    .id = "01a1fecb-d49c-7618-aed2-d1f291d1eedf.1",
	    .date = clock_wall(),
	};
	const char *bytes = mail_message_build(&ctx, &message, &length);
	assert_non_null(bytes);
	check_bytes(bytes, length);
	check_headers(bytes);
	check_parts(bytes, &content);
	if (*elements == 0)
		*elements = count_of(content.html, "<");
	check_html(content.html, *elements);
	context_done(&ctx);
}

/* Every template, in every language, with every hostile word in every place. */
static void test_no_words_break_a_letter(void **state)
{
	size_t letters = 0;
	(void)state;
	for (const struct embedded_file *file = passport_mail; file->name; file++) {
		size_t elements = 0;
		char name[64], locale[3];
		assert_int_equal(sscanf(file->name, "%63[a-z_].%2[a-z].txt", name, locale), 2);
		for (size_t i = 0; i < ARRAY_SIZE(hostile); i++)
			check_letter(name, locale, hostile[i], &elements);
		letters++;
	}
	assert_true(letters >= 18);
}

static void test_every_language_has_every_letter(void **state)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	(void)state;
	for (const struct embedded_file *file = passport_mail; file->name; file++) {
		char name[64];
		assert_int_equal(sscanf(file->name, "%63[a-z_].", name), 1);
		struct mail_letter letter = letter_with(&ctx, name, "en", "Ann");
		struct mail_content english, russian;
		assert_int_equal(mail_letter_write(&ctx, &letter, &english), 0);
		letter.locale = "ru";
		assert_int_equal(mail_letter_write(&ctx, &letter, &russian), 0);
		assert_string_not_equal(english.subject, russian.subject);
		assert_true(count_of(english.html, "<") == count_of(russian.html, "<"));
		assert_null(strchr(russian.text, '{'));
	}
	context_done(&ctx);
}

static void test_missing_values_are_told(void **state)
{
	struct mail_letter letter = {.template_name = "invitation", .locale = "en", .link = "x"};
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	(void)state;
	struct mail_content content;
	assert_int_equal(mail_letter_write(&ctx, &letter, &content), -1);
	assert_non_null(strstr(ctx.error.cause, "company"));
	context_restart(&ctx, DEADLINE_NEVER);
	letter.template_name = "verify_email";
	assert_int_equal(mail_letter_write(&ctx, &letter, &content), -1);
	assert_non_null(strstr(ctx.error.cause, "token"));
	context_restart(&ctx, DEADLINE_NEVER);
	letter.template_name = "../verify_email";
	assert_int_equal(mail_letter_write(&ctx, &letter, &content), -1);
	context_done(&ctx);
}

static void test_addresses_are_checked(void **state)
{
	static const char *const bad[] = {
	    "",
	    "ann",
	    "ann@",
	    "@test.example",
	    "a b@test.example",
	    "a@b\r\nBcc: x@y",
	    "ann@test,bob@x",
	    "\"a b\"@x.test",
	    "<ann@x.test>",
	    "ännchen@x.test",
	    "ann@bücher.test",
	    "a@b\xff",
	    "ann@x.test>",
	    "a\x01@x.test",
	    "-oQ/tmp x@x.test",
	};
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(mail_address_valid(bad[i]));
	assert_true(mail_address_valid("o'neill+tag@xn--bcher-kva.test"));
	struct mail_address address;
	assert_true(mail_address_parse(&ctx, "Event Loop <no-reply@x.test>", &address));
	assert_string_equal(address.name, "Event Loop");
	assert_string_equal(address.address, "no-reply@x.test");
	assert_true(mail_address_parse(&ctx, "no-reply@x.test", &address));
	assert_string_equal(address.name, "");
	assert_false(mail_address_parse(&ctx, "Event Loop <no-reply>", &address));
	struct mail_message message = {.from = address, .to = {"", bad[5]}, .id = "x"};
	message.from = (struct mail_address){"", "no-reply@x.test"};
	size_t length;
	assert_null(mail_message_build(&ctx, &message, &length));
	assert_string_equal(ctx.error.reason, "address");
	context_done(&ctx);
}

static void test_bodies_are_quoted(void **state)
{
	static const char *const examples[][2] = {
	    {"plain text\n", "plain text\r\n"},
	    {"a=b\n", "a=3Db\r\n"},
	    {"blank at the end \n", "blank at the end=20\r\n"},
	    {"tab\tand\x01", "tab=09and=01"},
	    {"é\n", "=C3=A9\r\n"},
	    {".\n..\nFrom me\nFrom: me\n", "=2E\r\n=2E.\r\n=46rom me\r\nFrom: me\r\n"},
	    {"a\r\nb", "a=0D\r\nb"},
	    {"1234567890123456789012345678901234567890123456789012345678901234567890123456",
	     "123456789012345678901234567890123456789012345678901234567890123456789012345=\r\n6"},
	    {"12345678901234567890123456789012345678901234567890123456789012345678901234é",
	     "12345678901234567890123456789012345678901234567890123456789012345678901234=\r\n=C3=A9"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct buffer out;
		buffer_init(&out, 1000);
		mail_encode_quoted(&out, examples[i][0]);
		assert_string_equal(buffer_text(&out), examples[i][1]);
		buffer_done(&out);
	}
}

static void test_headers_are_encoded(void **state)
{
	static const struct {
		const char *given, *expected;
		bool as_phrase;
	} examples[] = {
	    {"Plain words, with (signs)", " Plain words, with (signs)", false},
	    {"Plain words", " Plain words", true},
	    {"Signs: <a>", " =?UTF-8?B?U2lnbnM6IDxhPg==?=", true},
	    {"=?x", " =?UTF-8?B?PT94?=", false},
	    {"é", " =?UTF-8?B?w6k=?=", false},
	    {" blank", " =?UTF-8?B?IGJsYW5r?=", false},
	    {"a\nb", " =?UTF-8?B?YQpi?=", false},
	    /* 22 letters of two bytes: no letter is torn, and no line with such a word is longer than 76. */
	    {"яяяяяяяяяяяяяяяяяяяяяя",
	     " =?UTF-8?B?0Y/Rj9GP0Y/Rj9GP0Y/Rj9GP0Y/Rj9GP0Y/Rj9GP0Y/Rj9GP0Y8=?=\r\n =?UTF-8?B?0Y/Rj9GP?=", false},
	    /* Plain words are folded between. */
	    {"twenty letters of it, twenty letters of it, twenty letters of it, twenty letters",
	     " twenty letters of it, twenty letters of it, twenty letters of it,\r\n twenty letters", false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct buffer out;
		buffer_init(&out, 1000);
		mail_encode_words(&out, examples[i].given, 8, examples[i].as_phrase);
		assert_string_equal(buffer_text(&out), examples[i].expected);
		buffer_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_words_break_a_letter), cmocka_unit_test(test_every_language_has_every_letter),
	    cmocka_unit_test(test_missing_values_are_told), cmocka_unit_test(test_addresses_are_checked),
	    cmocka_unit_test(test_bodies_are_quoted),	    cmocka_unit_test(test_headers_are_encoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
