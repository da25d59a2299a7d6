-- What every daemon with a database has: the log of its facts (DESIGN section 6), what it consumed of others, the
-- answers kept under idempotency keys, and its secrets.

-- Order of commit: a row is read once no transaction with a lower or equal id is running any more, in the order
-- (xid, seq). Reading by seq alone would skip what commits late (pitfall of every outbox with a plain sequence).
CREATE SEQUENCE outbox_seq AS bigint;
CREATE TABLE outbox (
	xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
	seq         bigint NOT NULL DEFAULT nextval('outbox_seq'),
	id          uuid NOT NULL,
	topic       text NOT NULL,
	key         text NOT NULL,
	payload     json NOT NULL,
	traceparent text NOT NULL DEFAULT '',
	occurred_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (xid, seq)
);
ALTER SEQUENCE outbox_seq OWNED BY outbox.seq;

-- Where each subscriber stands: everything up to here was delivered, or waits in outbox_retry, or is a dead letter.
CREATE TABLE outbox_cursor (
	subscriber text PRIMARY KEY,
	xid        xid8 NOT NULL DEFAULT '0',
	seq        bigint NOT NULL DEFAULT 0
);

-- What a subscriber refused, and what must wait behind it because it is about the same key.
CREATE TABLE outbox_retry (
	subscriber      text NOT NULL,
	xid             xid8 NOT NULL,
	seq             bigint NOT NULL,
	id              uuid NOT NULL,
	topic           text NOT NULL,
	key             text NOT NULL,
	payload         json NOT NULL,
	occurred_at     timestamptz NOT NULL,
	attempts        integer NOT NULL DEFAULT 0,
	next_attempt_at timestamptz NOT NULL DEFAULT now(),
	reason          text NOT NULL DEFAULT '',
	PRIMARY KEY (subscriber, xid, seq)
);
CREATE INDEX outbox_retry_key ON outbox_retry (subscriber, key, xid, seq);

-- What was refused too often. Replayed by command: it then goes back to outbox_retry.
CREATE TABLE outbox_dead_letter (
	subscriber  text NOT NULL,
	xid         xid8 NOT NULL,
	seq         bigint NOT NULL,
	id          uuid NOT NULL,
	topic       text NOT NULL,
	key         text NOT NULL,
	payload     json NOT NULL,
	occurred_at timestamptz NOT NULL,
	attempts    integer NOT NULL,
	reason      text NOT NULL,
	died_at     timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (subscriber, xid, seq)
);

-- The one relay at work; another may take over once the lease has run out.
CREATE TABLE outbox_lease (
	only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	holder     uuid NOT NULL,
	expires_at timestamptz NOT NULL
);

-- Facts of others that were folded into this database: a second delivery does nothing.
CREATE TABLE consumed_fact (
	id          uuid PRIMARY KEY,
	consumed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX consumed_fact_age ON consumed_fact (consumed_at);

-- The answer given to a call with an idempotency key; result is null only inside the transaction that makes it.
CREATE TABLE idempotency_key (
	caller      text NOT NULL,
	key         text NOT NULL,
	method      text NOT NULL,
	params_hash bytea NOT NULL,
	result      text,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);

-- Secrets of this installation that all its replicas share, e.g. of list cursors. Made at first use.
CREATE TABLE daemon_secret (
	name  text PRIMARY KEY,
	value bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
);
