-- How far an import of a file (by its SHA-256) has come, so that one that was broken off goes on there.
CREATE TABLE import_progress (
	file_hash  text PRIMARY KEY,
	line       bigint NOT NULL,
	updated_at timestamptz NOT NULL DEFAULT now()
);
