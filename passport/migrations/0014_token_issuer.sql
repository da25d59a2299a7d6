-- What tokens name as their issuer: published to those who verify before it is used, and kept until its last token has
-- expired (passport/issuer.h).

CREATE TABLE token_issuer (
	issuer text PRIMARY KEY,
	published_at timestamptz NOT NULL DEFAULT now(), -- since when the key set names it
	used_at timestamptz NOT NULL DEFAULT now()       -- when a replica last named or meant to name it in tokens
);

-- Tokens that are out there, when this database has made any, say what was the default until now.
INSERT INTO token_issuer (issuer) SELECT 'https://passport.eventloop' WHERE EXISTS (SELECT 1 FROM signing_key);
