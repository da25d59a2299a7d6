#include "serve/image.h"

#include "images.h"

/* The owner's id tells who works for a company, so only the owner ($2) and moderators or daemons ($3) see it. */
#define VISIBLE_OWNER "CASE WHEN $3::boolean OR i.owner_id = $2::uuid THEN i.owner_id END"
#define VISIBLE_IMAGE IMAGE_JSON(VISIBLE_OWNER)

static const char SELECT_IMAGE[] = "SELECT " VISIBLE_IMAGE "::text FROM image i WHERE i.id = $1";

static const char SELECT_IMAGES[] =
    "SELECT jsonb_build_object('items', coalesce(jsonb_agg(" VISIBLE_IMAGE " ORDER BY asked.place), '[]'))::text "
    "FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS asked(id, place) "
    "JOIN image i ON i.id = asked.id::uuid";

/* A user's id, or that of an integration; NULL for others. */
static const char *own_id(const struct rpc_call *call)
{
	bool owns = call->caller->kind == IDENTITY_USER || call->caller->kind == IDENTITY_CLIENT;
	return owns ? call->caller->id : NULL;
}

static const char *sees_owners(const struct rpc_call *call)
{
	bool sees = call->caller->kind == IDENTITY_SERVICE || rpc_caller_has_role(call, ROLE_MODERATOR | ROLE_ADMIN);
	return sees ? "true" : "false";
}

int image_get(struct rpc_call *call)
{
	struct pg_result *image =
	    pg_read(call->ctx, call->db, SELECT_IMAGE, rpc_param(call, "id"), own_id(call), sees_owners(call));
	return image ? rpc_reply_row(call, image, "image") : -1;
}

int image_list(struct rpc_call *call)
{
	struct pg_result *images =
	    pg_read(call->ctx, call->db, SELECT_IMAGES, rpc_param(call, "ids"), own_id(call), sees_owners(call));
	return images ? rpc_reply_row(call, images, "image") : -1;
}
