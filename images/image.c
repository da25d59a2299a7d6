#include "image.h"

#include "images.h"

static const char SELECT_IMAGE[] = "SELECT " IMAGE_JSON "::text FROM image i WHERE i.id = $1";

static const char SELECT_IMAGES[] =
    "SELECT jsonb_build_object('items', coalesce(jsonb_agg(" IMAGE_JSON " ORDER BY asked.place), '[]'))::text "
    "FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS asked(id, place) JOIN image i ON i.id = "
    "asked.id::uuid";

int image_get(struct rpc_call *call)
{
	struct pg_result *image = pg_read(call->ctx, call->db, SELECT_IMAGE, rpc_param(call, "id"));
	return image ? rpc_reply_row(call, image, "image") : -1;
}

int image_list(struct rpc_call *call)
{
	struct pg_result *images = pg_read(call->ctx, call->db, SELECT_IMAGES, rpc_param(call, "ids"));
	return images ? rpc_reply_row(call, images, "image") : -1;
}
