/*
 * The tables that cmake/code_lists.py makes at build time; for code_list.c only.
 */
#ifndef EVENTLOOP_SCHEMA_CODE_LIST_TABLES_H
#define EVENTLOOP_SCHEMA_CODE_LIST_TABLES_H

#include <stddef.h>
#include <stdint.h>

/* Names in the order of strcmp, each ended by a zero. Offsets, since pointers would be relocated at each start. */
struct code_names {
	const char *text;
	const uint16_t *starts;
	size_t count;
};

/* A bit for each combination of so many letters, AA first, lowest bit first. */
extern const unsigned char code_list_currencies[], code_list_countries[], code_list_languages_2[],
    code_list_languages_3[];
extern const struct code_names code_list_scripts, code_list_zones;

#endif
