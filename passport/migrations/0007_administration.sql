-- What administrators look for and set, and what housekeeping needs to find expired rows cheaply.

-- The words of a name and an address, for a search by their beginnings. Whatever is no letter or digit parts words.
CREATE FUNCTION user_words(name text, email text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_to_tsvector(array_remove(regexp_split_to_array(lower(name || ' ' || email), '[^[:alnum:]]+'), '')) $$;

-- All words of the text, each as the beginning of one; null when there is none.
CREATE FUNCTION user_words_query(text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT string_agg(quote_literal(word) || ':*', ' & ')::tsquery
   FROM unnest(array_remove(regexp_split_to_array(lower($1), '[^[:alnum:]]+'), '')) AS word $$;

CREATE INDEX user_account_words ON user_account USING gin (user_words(name, email));
CREATE INDEX user_account_created ON user_account (created_at DESC, id DESC);
CREATE INDEX user_account_staff ON user_account (created_at DESC, id DESC) WHERE roles <> '{user}';
CREATE INDEX user_account_inactive ON user_account (created_at DESC, id DESC) WHERE state <> 'active';

CREATE INDEX audit_event_action ON audit_event (action, id);
-- To scrub an address that is erased.
CREATE INDEX audit_event_email ON audit_event (lower(details->>'email')) WHERE details ? 'email';

-- What attributes of users may hold: one JSON Schema (draft-07), none allowed until an administrator says which.
CREATE TABLE attribute_schema (
	only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	schema     jsonb NOT NULL,
	version    integer NOT NULL DEFAULT 1,
	updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO attribute_schema (schema) VALUES ('{"type": "object", "additionalProperties": false}');
