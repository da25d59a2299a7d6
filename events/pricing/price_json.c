#include "base/buffer.h"
#include "pricing/price.h"
#include "json/tree.h"

#include <string.h>

#define MAX_TEXT ((size_t)1024 * 1024)
#define MAX_DEPTH 8

static const char *const kinds[] = {
    [PRICE_TIME] = "time", //
    [PRICE_ADJUSTMENT] = "adjustment",
    [PRICE_FLOOR] = "floor",
    [PRICE_EXTRA] = "extra",
    [PRICE_MINIMUM] = "minimum",
    [PRICE_TAX] = "tax",
    [PRICE_SHORTENED] = "shortened",
    [PRICE_KEPT] = "kept",
    [PRICE_OVERRIDE] = "override",
};

static void put_text(struct buffer *out, const char *name, const char *value)
{
	buffer_printf(out, ",\"%s\":", name);
	buffer_append_json_string(out, value);
}

static void put_integer(struct buffer *out, const char *name, bool known, int64_t value)
{
	buffer_printf(out, ",\"%s\":", name);
	if (known)
		buffer_append_integer(out, value);
	else
		buffer_append_text(out, "null");
}

static void put_line(struct buffer *out, const struct price_line *line)
{
	bool counted = line->per != NULL;
	buffer_printf(out, "{\"kind\":\"%s\"", kinds[line->kind]);
	put_text(out, "key", line->key);
	put_text(out, "label", line->label);
	put_integer(out, "amount", true, line->amount);
	put_integer(out, "tax_included", true, line->tax_included);
	put_integer(out, "tax_added", true, line->tax_added);
	buffer_printf(out, ",\"refundable\":%s", line->refundable ? "true" : "false");
	put_integer(out, "quantity", counted, line->quantity);
	put_text(out, "per", line->per);
	put_integer(out, "unit_amount", counted, line->unit_amount);
	buffer_append_char(out, '}');
}

static void put_tax_sum(struct buffer *out, const struct price_tax_sum *sum)
{
	buffer_append_text(out, "{\"name\":");
	buffer_append_json_string(out, sum->name);
	put_integer(out, "rate_bp", true, sum->rate_bp);
	buffer_printf(out, ",\"included\":%s", sum->included ? "true" : "false");
	put_integer(out, "amount", true, sum->amount);
	if (sum->kept != 0)
		put_integer(out, "kept", true, sum->kept);
	buffer_append_char(out, '}');
}

const char *price_json(struct arena *arena, const struct price *price)
{
	struct buffer out;
	buffer_init_arena(&out, arena, MAX_TEXT);
	buffer_append_text(&out, "{\"currency\":");
	buffer_append_json_string(&out, price->known ? price->currency : NULL);
	put_integer(&out, "total", price->known, price->total);
	put_integer(&out, "deposit", price->known, price->deposit);
	put_integer(&out, "taxes", price->known, price->taxes);
	buffer_append_text(&out, ",\"tax_sums\":[");
	for (size_t i = 0; i < price->tax_count; i++) {
		buffer_append_text(&out, i > 0 ? "," : "");
		put_tax_sum(&out, &price->tax_sums[i]);
	}
	buffer_append_text(&out, "],\"lines\":[");
	for (size_t i = 0; i < price->count; i++) {
		buffer_append_text(&out, i > 0 ? "," : "");
		put_line(&out, &price->lines[i]);
	}
	buffer_append_text(&out, "]}");
	return buffer_text(&out);
}

static enum price_kind read_kind(struct json_object *line)
{
	const char *word = json_object_get_string(json_object_object_get(line, "kind"));
	for (size_t i = 0; word && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i], word) == 0)
			return (enum price_kind)i;
	return PRICE_TIME;
}

static int64_t integer(struct json_object *tree, const char *name)
{
	return json_object_get_int64(json_object_object_get(tree, name));
}

static const char *text(struct arena *arena, struct json_object *tree, const char *name)
{
	return arena_strdup(arena, json_object_get_string(json_object_object_get(tree, name)));
}

static struct price_line read_line(struct arena *arena, struct json_object *tree)
{
	return (struct price_line){
	    .kind = read_kind(tree),
	    .key = text(arena, tree, "key"),
	    .label = text(arena, tree, "label"),
	    .amount = integer(tree, "amount"),
	    .tax_included = integer(tree, "tax_included"),
	    .tax_added = integer(tree, "tax_added"),
	    .refundable = json_object_get_boolean(json_object_object_get(tree, "refundable")),
	    .quantity = integer(tree, "quantity"),
	    .per = text(arena, tree, "per"),
	    .unit_amount = integer(tree, "unit_amount"),
	};
}

static struct price_tax_sum read_tax_sum(struct arena *arena, struct json_object *tree)
{
	return (struct price_tax_sum){
	    .name = text(arena, tree, "name"),
	    .rate_bp = integer(tree, "rate_bp"),
	    .amount = integer(tree, "amount"),
	    .kept = integer(tree, "kept"),
	    .included = json_object_get_boolean(json_object_object_get(tree, "included")),
	};
}

static void read_price(struct arena *arena, struct json_object *tree, struct price *ret)
{
	struct json_object *lines = json_object_object_get(tree, "lines");
	struct json_object *sums = json_object_object_get(tree, "tax_sums");
	*ret = (struct price){
	    .known = json_object_object_get(tree, "total") != NULL,
	    .total = integer(tree, "total"),
	    .deposit = integer(tree, "deposit"),
	    .taxes = integer(tree, "taxes"),
	    .currency = text(arena, tree, "currency"),
	    .count = json_object_array_length(lines),
	    .tax_count = json_object_array_length(sums),
	};
	struct price_line *to = arena_alloc(arena, ret->count * sizeof(*to));
	for (size_t i = 0; i < ret->count; i++)
		to[i] = read_line(arena, json_object_array_get_idx(lines, i));
	struct price_tax_sum *sum = arena_alloc(arena, ret->tax_count * sizeof(*sum));
	for (size_t i = 0; i < ret->tax_count; i++)
		sum[i] = read_tax_sum(arena, json_object_array_get_idx(sums, i));
	ret->lines = to;
	ret->tax_sums = sum;
}

int price_read(struct context *ctx, const char *json, struct price *ret)
{
	struct json_object *tree = NULL;
	struct json_error error;
	if (!json_tree_parse(json, strlen(json), MAX_DEPTH, 0, &ctx->arena, &tree, &error))
		return context_fail_internal(ctx, "what the database keeps of a price is no JSON");
	bool sound = json_object_is_type(json_object_object_get(tree, "lines"), json_type_array) &&
		     json_object_is_type(json_object_object_get(tree, "tax_sums"), json_type_array);
	if (sound)
		read_price(&ctx->arena, tree, ret);
	json_object_put(tree);
	return sound ? 0 : context_fail_internal(ctx, "what the database keeps of a price has no lines");
}
