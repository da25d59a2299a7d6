/* One subscriber of the relay: coroutines that deliver, put off, and wait. */
#include "co/co.h"
#include "outbox/internal.h"
#include "telemetry/log.h"

#define PASS_MARGIN (5 * CLOCK_SECOND) /* beside the delivery: to read, ask whether it is there, settle */
#define PAUSE_FIRST (10 * CLOCK_MILLISECOND)
#define PAUSE_MAX (5 * CLOCK_SECOND)
#define RETRY_LOOK (100 * CLOCK_MILLISECOND)

void outbox_lane_wake(struct outbox_lane *lane)
{
	/* One that cannot be reached keeps its pause, unless the relay stops. */
	if (lane->down && !lane->subscriber->relay->stopping)
		return;
	lane->pending = true;
	lane->pause = PAUSE_FIRST;
	if (!lane->idle)
		return;
	lane->idle = false;
	co_wake(lane->co);
}

/* Sends the batch. OUTBOX_PASS_MORE: settle it; OUTBOX_PASS_IDLE: try again with a smaller one. */
static enum outbox_pass send(struct context *ctx, struct outbox_lane *lane, struct outbox_batch *batch)
{
	switch (outbox_send(ctx, lane->subscriber, batch)) {
	case OUTBOX_SENT:
		return OUTBOX_PASS_MORE;
	case OUTBOX_TOO_MUCH:
		error_clear(&ctx->error);
		lane->batch = lane->batch > 8 ? lane->batch / 8 : 1;
		return OUTBOX_PASS_IDLE;
	case OUTBOX_NO_ANSWER:
		error_clear(&ctx->error);
		lane->batch = 1;
		return OUTBOX_PASS_IDLE;
	case OUTBOX_DOWN:
	default:
		return OUTBOX_PASS_DOWN;
	}
}

static void settled(struct outbox_lane *lane)
{
	size_t most = lane->subscriber->relay->batch;
	lane->batch = lane->batch * 2 < most ? lane->batch * 2 : most;
}

static enum outbox_pass deliver_again(struct context *ctx, struct outbox_lane *lane)
{
	struct outbox_batch batch;
	if (outbox_read_retries(ctx, lane->subscriber, lane->batch, &batch) != 0)
		return OUTBOX_PASS_DOWN;
	if (batch.count == 0)
		return OUTBOX_PASS_IDLE;
	enum outbox_pass outcome = send(ctx, lane, &batch);
	if (outcome != OUTBOX_PASS_MORE)
		return outcome == OUTBOX_PASS_IDLE ? OUTBOX_PASS_MORE : outcome;
	if (outbox_settle_retries(ctx, lane->subscriber, &batch) != 0)
		return OUTBOX_PASS_DOWN;
	settled(lane);
	return OUTBOX_PASS_MORE;
}

static enum outbox_pass deliver_new(struct context *ctx, struct outbox_lane *lane)
{
	struct outbox_subscriber *subscriber = lane->subscriber;
	bool had_retries = subscriber->retries;
	if (!subscriber->positioned && outbox_position(ctx, subscriber) != 0)
		return OUTBOX_PASS_DOWN;
	struct outbox_batch batch;
	if (outbox_read_new(ctx, subscriber, lane->batch, &batch) != 0)
		return OUTBOX_PASS_DOWN;
	subscriber->oldest = batch.oldest;
	if (batch.count == 0)
		return OUTBOX_PASS_IDLE;
	enum outbox_pass outcome = send(ctx, lane, &batch);
	if (outcome != OUTBOX_PASS_MORE)
		return outcome == OUTBOX_PASS_IDLE ? OUTBOX_PASS_MORE : outcome;
	if (outbox_settle_new(ctx, subscriber, &batch) != 0)
		return OUTBOX_PASS_DOWN;
	subscriber->oldest = 0;
	settled(lane);
	if (!had_retries && subscriber->retries)
		outbox_lane_wake(&subscriber->again);
	return OUTBOX_PASS_MORE;
}

void outbox_subscriber_init(struct outbox_subscriber *subscriber)
{
	size_t batch = subscriber->relay->batch;
	subscriber->fresh = (struct outbox_lane){
	    .subscriber = subscriber, .deliver = deliver_new, .failing = "facts cannot be delivered", .batch = batch};
	subscriber->again = (struct outbox_lane){.subscriber = subscriber,
						 .deliver = deliver_again,
						 .failing = "facts that were put off cannot be delivered",
						 .batch = batch};
}

static void observe(struct outbox_lane *lane, const struct context *ctx, enum outbox_pass outcome)
{
	bool down = outcome == OUTBOX_PASS_DOWN;
	if (down != lane->down && down)
		log_error_of(LOG_WARNING, ctx, lane->failing);
	else if (down != lane->down)
		log_event(LOG_INFO, ctx, "facts are delivered again", LOG_STRING("subscriber", lane->subscriber->name));
	lane->down = down;
}

static enum outbox_pass one_pass(struct outbox_lane *lane)
{
	struct outbox_subscriber *subscriber = lane->subscriber;
	struct context ctx;
	context_init(&ctx, deadline_after(subscriber->relay->delivery_timeout + PASS_MARGIN));
	ctx.method = arena_printf(&ctx.arena, "%s.fact.deliver", subscriber->name); /* for logs */
	enum outbox_pass outcome = lane->deliver(&ctx, lane);
	if (outcome == OUTBOX_PASS_DOWN && lane == &subscriber->fresh)
		subscriber->positioned = false; /* another relay may have moved the cursor meanwhile */
	observe(lane, &ctx, outcome);
	context_done(&ctx);
	return outcome;
}

static int64_t longest_pause(const struct outbox_lane *lane)
{
	if (lane->down)
		return PAUSE_MAX;
	if (lane == &lane->subscriber->again && lane->subscriber->retries)
		return RETRY_LOOK;
	return lane->subscriber->relay->poll_interval;
}

/* Parks until there may be more. A commit that wakes may not be visible yet because of an older transaction: so a look
 * that finds nothing is repeated soon, then less so. */
static void rest(struct outbox_lane *lane)
{
	struct outbox_relay *relay = lane->subscriber->relay;
	int64_t most = longest_pause(lane), pause;
	if (relay->stopping || lane->pending)
		return;
	pause = lane->pause < most ? lane->pause : most;
	lane->pause = pause * 2;
	lane->idle = true;
	if (co_park("facts", deadline_after(pause)) == CO_CANCELLED)
		relay->stopping = true;
	lane->idle = false;
}

void outbox_lane_run(void *argument)
{
	struct outbox_lane *lane = argument;
	struct outbox_relay *relay = lane->subscriber->relay;
	/* Doubling 0 would never become a pause while another relay leads. */
	lane->pause = PAUSE_FIRST;
	while (!relay->stopping) {
		enum outbox_pass outcome = OUTBOX_PASS_IDLE;
		lane->pending = false;
		if (relay->leading)
			outcome = one_pass(lane);
		if (outcome == OUTBOX_PASS_MORE)
			lane->pause = PAUSE_FIRST;
		else
			rest(lane);
	}
	lane->co = NULL;
	relay->running--;
	co_queue_wake_all(&relay->ended);
}
