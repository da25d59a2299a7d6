#include "postgres/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVICTION_STEPS 16

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0xd6e8feb86659fd93);
	return hash ^ hash >> 32;
}

static uint64_t hash_of(const char *bytes, size_t length)
{
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ length, word;
	for (; length >= sizeof(word); bytes += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, bytes, length);
	return mix(hash, word);
}

static struct pg_statement **bucket_of(struct pg_statements *all, uint64_t hash)
{
	return &all->buckets[hash % PG_STATEMENT_BUCKETS];
}

static void list_remove(struct pg_statements *all, struct pg_statement *statement)
{
	*(statement->newer ? &statement->newer->older : &all->newest) = statement->older;
	*(statement->older ? &statement->older->newer : &all->oldest) = statement->newer;
}

static void list_add(struct pg_statements *all, struct pg_statement *statement)
{
	statement->newer = NULL;
	statement->older = all->newest;
	*(all->newest ? &all->newest->newer : &all->oldest) = statement;
	all->newest = statement;
}

static void forget(struct pg_statements *all, struct pg_statement *statement)
{
	struct pg_statement **place = bucket_of(all, statement->hash);
	while (*place != statement)
		place = &(*place)->chain;
	*place = statement->chain;
	list_remove(all, statement);
	all->count--;
	statement->state = PG_STATEMENT_DROPPED;
}

/* The server still knows a dropped statement by its name until the connection finds time to deallocate it. */
static void close_later(struct pg_statements *all, struct pg_statement *statement)
{
	statement->chain = all->closing;
	all->closing = statement;
}

void pg_statement_drop(struct pg_connection *connection, struct pg_statement *statement)
{
	if (statement->state == PG_STATEMENT_DROPPED)
		return;
	forget(&connection->statements, statement);
	if (statement->in_flight == 0)
		close_later(&connection->statements, statement);
}

void pg_statement_release(struct pg_connection *connection, struct pg_statement *statement)
{
	if (--statement->in_flight == 0 && statement->state == PG_STATEMENT_DROPPED)
		close_later(&connection->statements, statement);
}

static void evict(struct pg_connection *connection)
{
	struct pg_statement *statement = connection->statements.oldest;
	for (int i = 0; statement && i < EVICTION_STEPS; i++, statement = statement->newer) {
		if (statement->in_flight == 0) {
			pg_statement_drop(connection, statement);
			return;
		}
	}
}

static struct pg_statement *statement_new(struct pg_connection *connection, const char *sql, size_t length,
					  uint64_t hash)
{
	struct pg_statements *all = &connection->statements;
	struct pg_statement *statement = malloc(sizeof(*statement) + length + 1);
	if (!statement)
		abort();
	if (all->count >= PG_STATEMENT_LIMIT)
		evict(connection);
	*statement = (struct pg_statement){.hash = hash, .length = length, .chain = *bucket_of(all, hash)};
	memcpy(statement->sql, sql, length + 1);
	(void)snprintf(statement->name, sizeof(statement->name), "e%016" PRIx64 "_%" PRIx32, hash, all->serial++);
	*bucket_of(all, hash) = statement;
	list_add(all, statement);
	all->count++;
	return statement;
}

struct pg_statement *pg_statement_get(struct pg_connection *connection, const char *sql)
{
	struct pg_statements *all = &connection->statements;
	size_t length = strlen(sql);
	uint64_t hash = hash_of(sql, length);
	struct pg_statement *statement = *bucket_of(all, hash);
	while (statement &&
	       (statement->hash != hash || statement->length != length || memcmp(statement->sql, sql, length) != 0))
		statement = statement->chain;
	if (!statement)
		return statement_new(connection, sql, length, hash);
	if (statement != all->newest) {
		list_remove(all, statement);
		list_add(all, statement);
	}
	return statement;
}

void pg_statements_clear(struct pg_connection *connection)
{
	struct pg_statements *all = &connection->statements;
	struct pg_statement *next;
	for (struct pg_statement *statement = all->oldest; statement; statement = next) {
		next = statement->newer;
		free(statement);
	}
	for (struct pg_statement *statement = all->closing; statement; statement = next) {
		next = statement->chain;
		free(statement);
	}
	*all = (struct pg_statements){.serial = all->serial};
}
