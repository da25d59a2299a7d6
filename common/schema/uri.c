#include "schema/internal.h"

#include <string.h>

/* The parts of a URI reference; data NULL when absent. Source: RFC 3986 appendix B. */
struct part {
	const char *data;
	size_t length;
};

struct uri {
	struct part scheme, authority, path, query, fragment;
};

static struct uri split(const char *text)
{
	struct uri uri = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
	size_t length = strcspn(text, ":/?#");
	if (length > 0 && text[length] == ':') {
		uri.scheme = (struct part){text, length};
		text += length + 1;
	}
	if (text[0] == '/' && text[1] == '/') {
		uri.authority = (struct part){text + 2, strcspn(text + 2, "/?#")};
		text += 2 + uri.authority.length;
	}
	uri.path = (struct part){text, strcspn(text, "?#")};
	text += uri.path.length;
	if (*text == '?') {
		uri.query = (struct part){text + 1, strcspn(text + 1, "#")};
		text += 1 + uri.query.length;
	}
	if (*text == '#')
		uri.fragment = (struct part){text + 1, strlen(text + 1)};
	return uri;
}

/* Cuts the last segment and its slash off. */
static size_t cut_segment(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length == 0 ? 0 : length - 1;
}

/* Takes "." and ".." segments out, in place. Source: RFC 3986 section 5.2.4. */
static void remove_dots(char *path)
{
	size_t out = 0;
	const char *in = path;
	while (*in != '\0') {
		size_t segment = (size_t)(*in == '/') + strcspn(in + (*in == '/'), "/");
		bool slash = *in == '/';
		const char *name = in + slash;
		size_t length = segment - slash;
		bool last = in[segment] == '\0';
		if (length == 1 && name[0] == '.') {
			if (last && slash)
				path[out++] = '/';
		} else if (length == 2 && name[0] == '.' && name[1] == '.') {
			out = cut_segment(path, out);
			if (last && slash)
				path[out++] = '/';
		} else {
			memmove(path + out, in, segment);
			out += segment;
		}
		in += segment;
	}
	path[out] = '\0';
}

/* The reference's path below that of the base. Source: RFC 3986 section 5.2.3. */
static char *merge(struct arena *arena, const struct uri *base, struct part path)
{
	if (base->authority.data && base->path.length == 0)
		return arena_printf(arena, "/%.*s", (int)path.length, path.data);
	size_t kept = base->path.length;
	while (kept > 0 && base->path.data[kept - 1] != '/')
		kept--;
	return arena_printf(arena, "%.*s%.*s", (int)kept, base->path.data, (int)path.length, path.data);
}

static const char *join(struct arena *arena, const struct uri *uri, const char *path)
{
	struct buffer text;
	buffer_init_arena(&text, arena, 1U << 16);
	if (uri->scheme.data)
		buffer_printf(&text, "%.*s:", (int)uri->scheme.length, uri->scheme.data);
	if (uri->authority.data)
		buffer_printf(&text, "//%.*s", (int)uri->authority.length, uri->authority.data);
	buffer_append_text(&text, path);
	if (uri->query.data)
		buffer_printf(&text, "?%.*s", (int)uri->query.length, uri->query.data);
	/* An empty fragment names the same as none. */
	if (uri->fragment.length > 0)
		buffer_printf(&text, "#%.*s", (int)uri->fragment.length, uri->fragment.data);
	return buffer_text(&text);
}

const char *schema_uri_resolve(struct arena *arena, const char *base_text, const char *reference)
{
	struct uri base = split(base_text), uri = split(reference);
	char *path;
	if (uri.scheme.data || uri.authority.data) {
		if (!uri.scheme.data)
			uri.scheme = base.scheme;
		path = arena_strndup(arena, uri.path.data, uri.path.length);
	} else if (uri.path.length == 0) {
		if (!uri.query.data)
			uri.query = base.query;
		uri.scheme = base.scheme;
		uri.authority = base.authority;
		return join(arena, &uri, arena_strndup(arena, base.path.data, base.path.length));
	} else {
		uri.scheme = base.scheme;
		uri.authority = base.authority;
		path = uri.path.data[0] == '/' ? arena_strndup(arena, uri.path.data, uri.path.length)
					       : merge(arena, &base, uri.path);
	}
	/* A URN has no hierarchy. */
	if (uri.authority.data || path[0] == '/' || !uri.scheme.data)
		remove_dots(path);
	return join(arena, &uri, path);
}
