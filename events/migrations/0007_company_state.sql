-- What passport said last about companies that it suspended at some time; the others are active.
CREATE TABLE company_state (
	company_id uuid PRIMARY KEY,
	suspended  boolean NOT NULL,
	seq        bigint NOT NULL                     -- in passport's log: an older fact that comes later is old news
);
