/*
 * Files that embed_files() of cmake/embed.cmake links into the program.
 * Invariants: a table ends with an entry whose name is NULL; the byte at end is 0, so text files are C strings.
 */
#ifndef EVENTLOOP_BASE_EMBED_H
#define EVENTLOOP_BASE_EMBED_H

struct embedded_file {
	const char *name;  /* file name without folder */
	const char *start; /* first byte */
	const char *end;   /* one past the last byte */
};

#endif
