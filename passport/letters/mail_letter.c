#include "letters/mail_letter.h"

#include "base/buffer.h"
#include "base/embed.h"
#include "base/fatal.h"
#include "letters/mail_words.h"

#include <string.h>

#define MOST_BYTES 65536
#define SUBJECT_PREFIX "Subject: "
#define ACCOUNT_PREFIX "@account "

extern const struct embedded_file passport_mail[];

/* Where a template is being written to. */
struct writing {
	struct context *ctx;
	const struct mail_letter *letter;
	struct buffer text, html;
};

/* A part of a template. */
struct span {
	const char *start;
	size_t length;
};

const char *mail_letter_locale(const char *locale)
{
	return locale && strncmp(locale, "ru", 2) == 0 && (locale[2] == '\0' || locale[2] == '-') ? "ru" : "en";
}

void mail_letter_set(struct mail_letter *letter, const char *name, const char *text)
{
	if (letter->value_count == MAIL_LETTER_VALUES)
		fatal("too many values in a letter: %s", name);
	letter->values[letter->value_count++] = (struct mail_value){name, text && text[0] ? text : "-"};
}

void mail_letter_set_words(struct context *ctx, struct mail_letter *letter, const char *name, const char *text)
{
	mail_letter_set(letter, name, mail_words(&ctx->arena, text, MAIL_WORDS_MOST));
}

void mail_letter_line(struct mail_letter *letter, const char *label, const char *text)
{
	if (!text || !text[0])
		return;
	if (letter->line_count == MAIL_LETTER_LINES)
		fatal("too many lines in a letter: %s", label);
	letter->lines[letter->line_count++] = (struct mail_line){label, text};
}

void mail_letter_line_words(struct context *ctx, struct mail_letter *letter, const char *label, const char *text)
{
	mail_letter_line(letter, label, mail_words(&ctx->arena, text, MAIL_WORDS_MOST));
}

static void append_escaped(struct buffer *html, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		switch (text[i]) {
		case '&':
			buffer_append_text(html, "&amp;");
			break;
		case '<':
			buffer_append_text(html, "&lt;");
			break;
		case '>':
			buffer_append_text(html, "&gt;");
			break;
		case '"':
			buffer_append_text(html, "&quot;");
			break;
		case '\'':
			buffer_append_text(html, "&#39;");
			break;
		default:
			buffer_append_char(html, text[i]);
		}
	}
}

static void append_both(struct writing *writing, const char *text, size_t length)
{
	buffer_append(&writing->text, text, length);
	append_escaped(&writing->html, text, length);
}

static const char *value_of(const struct mail_letter *letter, struct span name)
{
	for (size_t i = 0; i < letter->value_count; i++) {
		const struct mail_value *value = &letter->values[i];
		if (strlen(value->name) == name.length && memcmp(value->name, name.start, name.length) == 0)
			return value->text;
	}
	return NULL;
}

static int missing(const struct writing *writing, const char *what, size_t length)
{
	return context_fail_internal(writing->ctx, "letter %s has no %.*s", writing->letter->template_name, (int)length,
				     what);
}

/* Writes words with their values into both. */
static int write_words(struct writing *writing, struct span words)
{
	const char *at = words.start, *end = words.start + words.length;
	while (at < end) {
		const char *open = memchr(at, '{', (size_t)(end - at));
		const char *close = open ? memchr(open, '}', (size_t)(end - open)) : NULL;
		append_both(writing, at, (size_t)((close ? open : end) - at));
		if (!close)
			break;
		struct span name = {open + 1, (size_t)(close - open - 1)};
		const char *value = value_of(writing->letter, name);
		if (!value)
			return missing(writing, name.start, name.length);
		append_both(writing, value, strlen(value));
		at = close + 1;
	}
	return 0;
}

static void write_greeting(struct writing *writing)
{
	const struct mail_letter *letter = writing->letter;
	bool russian = strcmp(letter->locale, "ru") == 0;
	const char *hello = russian ? "Здравствуйте" : "Hello", *end = russian ? "!" : ",";
	buffer_append_text(&writing->html, "<p>");
	append_both(writing, hello, strlen(hello));
	if (letter->name && letter->name[0]) {
		append_both(writing, russian ? ", " : " ", russian ? 2 : 1);
		append_both(writing, letter->name, strlen(letter->name));
	}
	append_both(writing, end, 1);
	buffer_append_text(&writing->html, "</p>\n");
}

static int write_link(struct writing *writing, struct span label)
{
	const char *link = writing->letter->link;
	if (!link)
		return missing(writing, "link", 4);
	buffer_printf(&writing->text, "%.*s:\n%s", (int)label.length, label.start, link);
	buffer_append_text(&writing->html, "<p><a href=\"");
	append_escaped(&writing->html, link, strlen(link));
	buffer_append_text(&writing->html, "\">");
	append_escaped(&writing->html, label.start, label.length);
	buffer_append_text(&writing->html, "</a></p>\n");
	return 0;
}

static int write_token(struct writing *writing)
{
	const char *token = writing->letter->token;
	if (!token)
		return missing(writing, "token", 5);
	buffer_printf(&writing->text, "token: %s", token);
	buffer_append_text(&writing->html, "<p>token: <code>");
	append_escaped(&writing->html, token, strlen(token));
	buffer_append_text(&writing->html, "</code></p>\n");
	return 0;
}

/* The letter's own lines. */
static void write_own_lines(struct writing *writing)
{
	const struct mail_letter *letter = writing->letter;
	buffer_append_text(&writing->html, "<p>");
	for (size_t i = 0; i < letter->line_count; i++) {
		const struct mail_line *line = &letter->lines[i];
		buffer_append_text(&writing->text, i > 0 ? "\n" : "");
		buffer_append_text(&writing->html, i > 0 ? "<br>\n" : "");
		append_both(writing, line->label, strlen(line->label));
		append_both(writing, ": ", 2);
		append_both(writing, line->text, strlen(line->text));
	}
	buffer_append_text(&writing->html, "</p>\n");
}

/* Lines that give a value each ("When: ...") stay lines in HTML. */
static int write_lines(struct writing *writing, struct span paragraph)
{
	const char *at = paragraph.start, *end = paragraph.start + paragraph.length;
	buffer_append_text(&writing->html, "<p>");
	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		struct span line = {at, (size_t)((line_end ? line_end : end) - at)};
		bool whole = memmem(line.start, line.length, ": {", 3) && line.start[line.length - 1] == '}';
		if (write_words(writing, line))
			return -1;
		at = line_end ? line_end + 1 : end;
		if (at < end) {
			buffer_append_char(&writing->text, '\n');
			buffer_append_text(&writing->html, whole ? "<br>\n" : "\n");
		}
	}
	buffer_append_text(&writing->html, "</p>\n");
	return 0;
}

static bool is_word(struct span paragraph, const char *word)
{
	return paragraph.length >= strlen(word) && memcmp(paragraph.start, word, strlen(word)) == 0;
}

static struct span without_prefix(struct span paragraph)
{
	size_t length = is_word(paragraph, ACCOUNT_PREFIX) ? strlen(ACCOUNT_PREFIX) : 0;
	return (struct span){paragraph.start + length, paragraph.length - length};
}

static int write_paragraph(struct writing *writing, struct span paragraph)
{
	int failed = 0;
	if (is_word(paragraph, "@greeting"))
		write_greeting(writing);
	else if (is_word(paragraph, "@token"))
		failed = write_token(writing);
	else if (is_word(paragraph, "@lines"))
		write_own_lines(writing);
	else if (is_word(paragraph, "@link "))
		failed = write_link(writing, (struct span){paragraph.start + 6, paragraph.length - 6});
	else
		failed = write_lines(writing, without_prefix(paragraph));
	return failed;
}

static bool is_left_out(const struct writing *writing, struct span paragraph)
{
	return writing->letter->no_account && (is_word(paragraph, "@link ") || is_word(paragraph, ACCOUNT_PREFIX));
}

/* Writes the paragraphs of a body. */
static int write_body(struct writing *writing, const char *body, const char *end)
{
	while (end > body && end[-1] == '\n')
		end--;
	while (body < end) {
		const char *stop = memmem(body, (size_t)(end - body), "\n\n", 2);
		struct span paragraph = {body, (size_t)((stop ? stop : end) - body)};
		if (is_left_out(writing, paragraph)) {
			body = stop ? stop + 2 : end;
			continue;
		}
		if (write_paragraph(writing, paragraph))
			return -1;
		buffer_append_text(&writing->text, stop ? "\n\n" : "\n");
		body = stop ? stop + 2 : end;
	}
	return 0;
}

static const struct embedded_file *find_template(struct context *ctx, const struct mail_letter *letter)
{
	const char *name = arena_printf(&ctx->arena, "%s.%s.txt", letter->template_name, letter->locale);
	for (const struct embedded_file *file = passport_mail; file->name; file++)
		if (strcmp(file->name, name) == 0)
			return file;
	(void)context_fail_internal(ctx, "there is no template %s", name);
	return NULL;
}

static void begin(struct writing *writing, struct context *ctx, const struct mail_letter *letter)
{
	*writing = (struct writing){.ctx = ctx, .letter = letter};
	buffer_init_arena(&writing->text, &ctx->arena, MOST_BYTES);
	buffer_init_arena(&writing->html, &ctx->arena, MOST_BYTES);
}

/* The page around the paragraphs; the title is the subject as it stands in HTML. */
static void begin_page(struct writing *writing, const char *title)
{
	buffer_printf(
	    &writing->html,
	    "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n</head>\n"
	    "<body style=\"font-family: sans-serif; max-width: 36em; line-height: 1.5\">\n",
	    writing->letter->locale, title);
}

int mail_letter_write(struct context *ctx, const struct mail_letter *letter, struct mail_content *ret)
{
	const struct embedded_file *file = find_template(ctx, letter);
	if (!file)
		return -1;
	const char *start = file->start + strlen(SUBJECT_PREFIX);
	const char *line_end = memchr(start, '\n', (size_t)(file->end - start));
	struct writing head, body;
	begin(&head, ctx, letter);
	begin(&body, ctx, letter);
	if (write_words(&head, (struct span){start, (size_t)(line_end - start)}))
		return -1;
	begin_page(&body, buffer_text(&head.html));
	if (write_body(&body, line_end + 2, file->end))
		return -1;
	buffer_append_text(&body.html, "</body>\n</html>\n");
	if (buffer_failed(&body.text) || buffer_failed(&body.html))
		return context_fail_internal(ctx, "letter %s is too long", letter->template_name);
	*ret = (struct mail_content){buffer_text(&head.text), buffer_text(&body.text), buffer_text(&body.html)};
	return 0;
}
