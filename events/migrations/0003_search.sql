-- What search reads: one narrow row for each published listing, derived from listing and booking_unit in the transaction
-- that changes them, and rebuildable from them.

CREATE TABLE listing_search (
	id        uuid PRIMARY KEY,
	rating    double precision NOT NULL DEFAULT 0, -- Bayesian mean; 0 without reviews
	price     bigint,                              -- minor units
	currency  text,
	capacity  integer NOT NULL,
	units     integer NOT NULL,
	lat       double precision,
	lon       double precision,
	cell      integer,                             -- grid of 0.05 by 0.07 degrees
	company_id uuid NOT NULL,
	published_at timestamptz NOT NULL DEFAULT now(),
	terms     integer[] NOT NULL,                  -- type, booleans, enum values, cell (1000000000 + cell)
	numbers   double precision[] NOT NULL,         -- by property.slot; dates as days since 1970
	busy_days bit(512) NOT NULL,                   -- ring by day number modulo 512: days wholly saturated; a prefilter
	busy      tstzmultirange NOT NULL              -- saturated time from today on (no unit free): exact
) WITH (fillfactor = 85);

CREATE INDEX listing_search_cell_rating ON listing_search (cell, rating DESC, id DESC);
CREATE INDEX listing_search_cell_price ON listing_search (cell, price, id);
CREATE INDEX listing_search_rating ON listing_search (rating DESC, id DESC);
CREATE INDEX listing_search_price ON listing_search (price, id);
CREATE INDEX listing_search_newest ON listing_search (published_at DESC, id DESC);
CREATE INDEX listing_search_terms ON listing_search USING gin (terms);
CREATE INDEX listing_search_point ON listing_search USING gist (point(lon, lat));

CREATE TABLE listing_text (
	id   uuid PRIMARY KEY,
	words tsvector NOT NULL
);
CREATE INDEX listing_text_words ON listing_text USING gin (words);
