-- Types of listings, the properties that administrators give them, and the listings themselves.

-- Terms are what listing_search.terms holds: one number for each type, "boolean property is yes", "is no", and enum value.
CREATE SEQUENCE search_term AS integer MINVALUE 1 MAXVALUE 999999999;
-- Slots are places in listing_search.numbers, one for each number or date property.
CREATE SEQUENCE search_slot AS integer MINVALUE 1 MAXVALUE 4000;

CREATE TABLE listing_type (
	key         text PRIMARY KEY,
	term        integer NOT NULL UNIQUE DEFAULT nextval('search_term'),
	name        text NOT NULL,
	description text NOT NULL DEFAULT '',
	unit        text NOT NULL CHECK (unit IN ('hour', 'day', 'night', 'session')),
	archived    boolean NOT NULL DEFAULT false,
	version     integer NOT NULL DEFAULT 1,
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE property_category (
	key        text PRIMARY KEY,
	name       text NOT NULL,
	position   integer NOT NULL DEFAULT 0,
	archived   boolean NOT NULL DEFAULT false,
	version    integer NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE property (
	key         text PRIMARY KEY,
	name        text NOT NULL,
	description text NOT NULL DEFAULT '',
	category    text NOT NULL REFERENCES property_category,
	kind        text NOT NULL CHECK (kind IN ('boolean', 'number', 'text', 'enum', 'multi_enum', 'date')),
	unit        text,
	types       text[] NOT NULL DEFAULT '{}',      -- listing types it belongs to; empty: all
	term_yes    integer UNIQUE,                    -- boolean only
	term_no     integer UNIQUE,                    -- boolean only
	slot        integer UNIQUE,                    -- number and date only
	archived    boolean NOT NULL DEFAULT false,
	version     integer NOT NULL DEFAULT 1,
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	CHECK ((kind = 'boolean') = (term_yes IS NOT NULL AND term_no IS NOT NULL)),
	CHECK ((kind IN ('number', 'date')) = (slot IS NOT NULL)),
	CHECK (unit IS NULL OR kind = 'number')
);

CREATE TABLE property_value (
	property text NOT NULL REFERENCES property,
	key      text NOT NULL,
	name     text NOT NULL,
	position integer NOT NULL DEFAULT 0,
	term     integer NOT NULL UNIQUE DEFAULT nextval('search_term'),
	archived boolean NOT NULL DEFAULT false,
	PRIMARY KEY (property, key)
);

-- Counts every change of the catalogue, so that a daemon knows when its copy in memory is stale.
CREATE TABLE catalogue_revision (
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	revision bigint NOT NULL DEFAULT 1
);
INSERT INTO catalogue_revision DEFAULT VALUES;

CREATE TABLE listing (
	id             uuid PRIMARY KEY,
	company_id     uuid NOT NULL,
	external_id    text,                           -- the importer's name for it
	type           text NOT NULL REFERENCES listing_type,
	title          text NOT NULL,
	description    text NOT NULL DEFAULT '',
	address        text NOT NULL DEFAULT '',
	lat            double precision CHECK (lat BETWEEN -90 AND 90),
	lon            double precision CHECK (lon BETWEEN -180 AND 180),
	time_zone      text NOT NULL DEFAULT 'UTC',
	capacity       integer NOT NULL DEFAULT 0 CHECK (capacity >= 0), -- people
	units          integer NOT NULL DEFAULT 1 CHECK (units BETWEEN 1 AND 1000),
	price_amount   bigint CHECK (price_amount >= 0), -- minor units
	price_currency text,
	price_unit     text NOT NULL DEFAULT 'day' CHECK (price_unit IN ('hour', 'day', 'night', 'session')),
	properties     jsonb NOT NULL DEFAULT '{}',
	images         uuid[] NOT NULL DEFAULT '{}',
	state          text NOT NULL DEFAULT 'draft'
	               CHECK (state IN ('draft', 'submitted', 'published', 'rejected', 'archived')),
	rating_count    bigint NOT NULL DEFAULT 0,
	rating_mean     numeric(6, 4),
	rating_bayesian numeric(6, 4),
	version        integer NOT NULL DEFAULT 1,
	created_at     timestamptz NOT NULL DEFAULT now(),
	updated_at     timestamptz NOT NULL DEFAULT now(),
	published_at   timestamptz,
	CHECK ((lat IS NULL) = (lon IS NULL)),
	CHECK ((price_amount IS NULL) = (price_currency IS NULL)),
	UNIQUE (company_id, external_id)
);
CREATE INDEX listing_company ON listing (company_id, created_at DESC, id DESC);
