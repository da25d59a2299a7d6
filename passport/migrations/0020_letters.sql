-- Letters that other daemons have sent: each once, and to those who want them.

-- What was sent under which key; kept for 35 days.
CREATE TABLE letter_key (
	key        text PRIMARY KEY,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX letter_key_age ON letter_key (created_at);

-- The kinds of letters that the user does not want. Those about the account itself are none of them.
ALTER TABLE user_account ADD COLUMN letters_off text[] NOT NULL DEFAULT '{}'
	CHECK (letters_off <@ ARRAY['requests', 'bookings', 'reminders']);
