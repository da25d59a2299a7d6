-- Images. The bytes are in the store under their SHA-256; several images may share them.

CREATE TABLE image (
	id         uuid PRIMARY KEY,
	owner_id   uuid,
	sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
	type       text NOT NULL CHECK (type IN ('image/jpeg', 'image/png', 'image/webp', 'image/gif')),
	width      integer NOT NULL CHECK (width > 0),
	height     integer NOT NULL CHECK (height > 0),
	bytes      bigint NOT NULL CHECK (bytes > 0),
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX image_owner ON image (owner_id, created_at DESC, id DESC);
CREATE INDEX image_sha256 ON image (sha256);
