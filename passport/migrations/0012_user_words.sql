-- The words of names in any language, whatever the locale of the database: under C its own lower() and character classes
-- know ASCII only.

DROP INDEX user_account_words;

CREATE OR REPLACE FUNCTION user_words(name text, email text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_to_tsvector(array_remove(regexp_split_to_array(
	lower((name || ' ' || email) COLLATE "und-x-icu"), '[^[:alnum:]]+' COLLATE "und-x-icu"), '')) $$;

CREATE OR REPLACE FUNCTION user_words_query(text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT string_agg(quote_literal(word) || ':*', ' & ')::tsquery
   FROM unnest(array_remove(regexp_split_to_array(
	lower($1 COLLATE "und-x-icu"), '[^[:alnum:]]+' COLLATE "und-x-icu"), '')) AS word $$;

CREATE INDEX user_account_words ON user_account USING gin (user_words(name, email));
