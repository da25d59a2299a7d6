/* One subscriber of the relay: a coroutine that delivers, puts off, and waits. */
#include "base/log.h"
#include "co/co.h"
#include "rpc/outbox_internal.h"

#define PASS_TIMEOUT (15 * CLOCK_SECOND)
#define PAUSE_FIRST (10 * CLOCK_MILLISECOND)
#define PAUSE_MAX (5 * CLOCK_SECOND)
#define RETRY_LOOK (100 * CLOCK_MILLISECOND)

enum pass { PASS_MORE, PASS_IDLE, PASS_DOWN };

void outbox_subscriber_wake(struct outbox_subscriber *subscriber)
{
	/* One that cannot be reached keeps its pause, unless the relay stops. */
	if (subscriber->down && !subscriber->relay->stopping)
		return;
	subscriber->pending = true;
	subscriber->pause = PAUSE_FIRST;
	if (!subscriber->idle)
		return;
	subscriber->idle = false;
	co_wake(subscriber->co);
}

/* Sends the batch. PASS_MORE: settle it; PASS_IDLE: try again with a smaller one. */
static enum pass send(struct context *ctx, struct outbox_subscriber *subscriber, struct outbox_batch *batch)
{
	switch (outbox_send(ctx, subscriber, batch)) {
	case OUTBOX_SENT:
		return PASS_MORE;
	case OUTBOX_TOO_MUCH:
		error_clear(&ctx->error);
		subscriber->batch = subscriber->batch > 8 ? subscriber->batch / 8 : 1;
		return PASS_IDLE;
	case OUTBOX_DOWN:
	default:
		return PASS_DOWN;
	}
}

static enum pass deliver_retries(struct context *ctx, struct outbox_subscriber *subscriber)
{
	struct outbox_batch batch;
	enum pass outcome;

	if (outbox_read_retries(ctx, subscriber, &batch) != 0)
		return PASS_DOWN;
	if (batch.count == 0)
		return PASS_IDLE;
	outcome = send(ctx, subscriber, &batch);
	if (outcome == PASS_MORE && outbox_settle_retries(ctx, subscriber, &batch) != 0)
		return PASS_DOWN;
	return outcome == PASS_IDLE ? PASS_MORE : outcome;
}

static enum pass deliver_new(struct context *ctx, struct outbox_subscriber *subscriber)
{
	struct outbox_batch batch;
	enum pass outcome;

	if (outbox_read_new(ctx, subscriber, &batch) != 0)
		return PASS_DOWN;
	subscriber->oldest = batch.oldest;
	if (batch.count == 0)
		return PASS_IDLE;
	outcome = send(ctx, subscriber, &batch);
	if (outcome != PASS_MORE)
		return outcome == PASS_IDLE ? PASS_MORE : outcome;
	if (outbox_settle_new(ctx, subscriber, &batch) != 0)
		return PASS_DOWN;
	subscriber->oldest = 0;
	if (subscriber->batch < subscriber->relay->batch)
		subscriber->batch *= 2;
	return PASS_MORE;
}

static enum pass deliver(struct context *ctx, struct outbox_subscriber *subscriber)
{
	enum pass retried, fresh;

	if (!subscriber->positioned && outbox_position(ctx, subscriber) != 0)
		return PASS_DOWN;
	retried = deliver_retries(ctx, subscriber);
	if (retried == PASS_DOWN)
		return PASS_DOWN;
	fresh = deliver_new(ctx, subscriber);
	return fresh == PASS_IDLE ? retried : fresh;
}

static void observe(struct outbox_subscriber *subscriber, const struct context *ctx, enum pass outcome)
{
	bool down = outcome == PASS_DOWN;

	metric_set(subscriber->lag, subscriber->oldest > 0 ? clock_wall() - subscriber->oldest : 0);
	if (down != subscriber->down && down)
		log_error_of(LOG_WARNING, ctx, "facts cannot be delivered");
	else if (down != subscriber->down)
		log_event(LOG_INFO, ctx, "facts are delivered again", LOG_STRING("subscriber", subscriber->name));
	subscriber->down = down;
}

static enum pass one_pass(struct outbox_subscriber *subscriber)
{
	struct context ctx;
	enum pass outcome;

	context_init(&ctx, deadline_after(PASS_TIMEOUT));
	ctx.method = arena_printf(&ctx.arena, "%s.fact.deliver", subscriber->name); /* for logs */
	outcome = deliver(&ctx, subscriber);
	if (outcome == PASS_DOWN)
		subscriber->positioned = false; /* another relay may have moved the cursor meanwhile */
	observe(subscriber, &ctx, outcome);
	context_done(&ctx);
	return outcome;
}

/* Parks until there may be more. A commit that wakes may not be visible yet because of an older transaction: so a look
 * that finds nothing is repeated soon, then less so. */
static void rest(struct outbox_subscriber *subscriber)
{
	const struct outbox_relay *relay = subscriber->relay;
	int64_t most = subscriber->retries ? RETRY_LOOK : relay->poll_interval;
	int64_t pause;

	if (relay->stopping || subscriber->pending)
		return;
	if (subscriber->down)
		most = PAUSE_MAX;
	pause = subscriber->pause < most ? subscriber->pause : most;
	subscriber->pause = pause * 2;
	subscriber->idle = true;
	if (co_park("facts", deadline_after(pause)) == CO_CANCELLED)
		subscriber->relay->stopping = true;
	subscriber->idle = false;
}

void outbox_subscriber_run(void *argument)
{
	struct outbox_subscriber *subscriber = argument;
	struct outbox_relay *relay = subscriber->relay;

	/* Twice nothing would be no pause at all, for as long as another relay leads. */
	subscriber->pause = PAUSE_FIRST;
	while (!relay->stopping) {
		enum pass outcome = PASS_IDLE;

		subscriber->pending = false;
		if (relay->leading)
			outcome = one_pass(subscriber);
		if (outcome == PASS_MORE)
			subscriber->pause = PAUSE_FIRST;
		else
			rest(subscriber);
	}
	subscriber->co = NULL;
	relay->running--;
	co_queue_wake_all(&relay->ended);
}
