"""Expired rows leave passport's database by themselves, in small batches, and nothing else does."""

import re
import time

import pytest
from waiting import wait_until

pytestmark = pytest.mark.asan
MANY = 1234  # more than two batches
OVER = "least(ended_at, idle_expires_at, expires_at)"

# Expired rows, and rows that are not yet: (table, how many of the latter, the statements). %s: how many.
EXPIRED = """
INSERT INTO user_account (id, email, email_folded, password_hash, name)
	VALUES ('{user}', 'kept@test.example', 'kept@test.example', 'x', 'Kept');
INSERT INTO company (id, name) VALUES ('{user}', 'Kept');
INSERT INTO session (id, user_id, idle_expires_at, expires_at, ended_at)
	SELECT gen_random_uuid(), '{user}', now() + interval '1 day', now() + interval '1 day', now() - interval '31 days'
	FROM generate_series(1, {many});
INSERT INTO session (id, user_id, idle_expires_at, expires_at)
	SELECT gen_random_uuid(), '{user}', now() - interval '31 days', now() + interval '1 day'
	FROM generate_series(1, 10);
INSERT INTO refresh_token (hash, session_id)
	SELECT sha256(convert_to(id::text || n, 'UTF8')), id FROM session, generate_series(1, 2) n WHERE user_id = '{user}';
INSERT INTO registration (id, email, email_folded, password_hash, name, locale, time_zone, created_at)
	SELECT gen_random_uuid(), 'a@b.example', 'a@b.example', 'x', 'x', 'en', 'UTC', now() - interval '25 hours'
	FROM generate_series(1, {many});
INSERT INTO one_time_token (purpose, subject, hash, expires_at)
	SELECT 'test', n, sha256(convert_to(n::text, 'UTF8')), now() - interval '1 minute'
	FROM generate_series(1, {many}) n;
INSERT INTO throttle (name, key, tries, ends_at)
	SELECT 'test', sha256(convert_to(n::text, 'UTF8')), 1, now() - interval '1 s' FROM generate_series(1, {many}) n;
INSERT INTO revocation (seq, kind, id, created_at)
	SELECT -n, 'session', 'x', now() - interval '3 hours' FROM generate_series(1, {many}) n;
INSERT INTO invitation (id, company_id, email, email_folded, "right", expires_at)
	SELECT gen_random_uuid(), '{user}', n, n, 'staff', now() - interval '91 days' FROM generate_series(1, {many}) n;
INSERT INTO known_network (user_id, network, last_login_at)
	SELECT '{user}', n, now() - interval '31 days' FROM generate_series(1, {many}) n;
INSERT INTO service_account (id, name) VALUES ('{user}', 'kept');
INSERT INTO service_secret (hash, account_id, hint, expires_at)
	SELECT sha256(convert_to(n::text, 'UTF8')), '{user}', 'x', now() - interval '31 days'
	FROM generate_series(1, {many}) n;
INSERT INTO letter_key (key, created_at) SELECT n, now() - interval '36 days' FROM generate_series(1, {many}) n;
INSERT INTO audit_event (id, occurred_at, action, actor_kind)
	SELECT ('0100' || lpad(to_hex(n), 8, '0') || repeat('0', 20))::uuid, now() - interval '9 years', 'test', 'system'
	FROM generate_series(1, {many}) n;
"""

FRESH = """
INSERT INTO session (id, user_id, idle_expires_at, expires_at, ended_at)
	SELECT gen_random_uuid(), '{user}', now() + interval '1 day', now() + interval '1 day', now() - interval '29 days'
	FROM generate_series(1, 3);
INSERT INTO refresh_token (hash, session_id, used_at)
	SELECT sha256(convert_to(id::text || 'fresh', 'UTF8')), id, now() - interval '13 days' FROM session
	WHERE user_id = '{user}' AND ended_at > now() - interval '30 days';
INSERT INTO refresh_token (hash, session_id, used_at)
	SELECT sha256(convert_to(id::text || 'old', 'UTF8')), id, now() - interval '15 days' FROM session
	WHERE user_id = '{user}' AND ended_at > now() - interval '30 days';
INSERT INTO registration (id, email, email_folded, password_hash, name, locale, time_zone, created_at)
	VALUES (gen_random_uuid(), 'a@b.example', 'a@b.example', 'x', 'x', 'en', 'UTC', now() - interval '23 hours');
INSERT INTO one_time_token (purpose, subject, hash, expires_at) VALUES ('test', 'x', 'x', now() + interval '1 hour');
INSERT INTO throttle (name, key, tries, ends_at) VALUES ('test', 'x', 1, now() + interval '1 hour');
INSERT INTO revocation (seq, kind, id, created_at) VALUES (-1000000, 'session', 'x', now() - interval '1 hour');
INSERT INTO invitation (id, company_id, email, email_folded, "right", expires_at)
	VALUES (gen_random_uuid(), '{user}', 'x', 'x', 'staff', now() - interval '89 days');
INSERT INTO known_network (user_id, network, last_login_at) VALUES ('{user}', 'x', now() - interval '29 days');
INSERT INTO letter_key (key, created_at) VALUES ('x', now() - interval '34 days');
INSERT INTO service_secret (hash, account_id, hint, expires_at) VALUES
	('a', '{user}', 'x', NULL), ('b', '{user}', 'x', now() - interval '29 days');
"""

LEFT = {
    "session": f"SELECT count(*) FROM session WHERE {OVER} < now() - interval '30 days'",
    "refresh_token": "SELECT count(*) FROM refresh_token WHERE used_at < now() - interval '14 days'",
    "registration": "SELECT count(*) FROM registration WHERE created_at < now() - interval '1 day'",
    "one_time_token": "SELECT count(*) FROM one_time_token WHERE expires_at < now()",
    "throttle": "SELECT count(*) FROM throttle WHERE ends_at < now()",
    "revocation": "SELECT count(*) FROM revocation WHERE created_at < now() - interval '2 hours'",
    "invitation": "SELECT count(*) FROM invitation WHERE expires_at < now() - interval '90 days'",
    "known_network": "SELECT count(*) FROM known_network WHERE last_login_at < now() - interval '30 days'",
    "service_secret": "SELECT count(*) FROM service_secret WHERE expires_at < now() - interval '30 days'",
    "letter_key": "SELECT count(*) FROM letter_key WHERE created_at < now() - interval '35 days'",
    "audit_event": "SELECT count(*) FROM audit_event WHERE occurred_at < now() - interval '400 days'",
}
KEPT = {
    "session": (3, f"SELECT count(*) FROM session WHERE user_id = '{{user}}' AND {OVER} < now()"),
    "refresh_token": (3, "SELECT count(*) FROM refresh_token WHERE used_at < now() - interval '12 days'"),
    "registration": (1, "SELECT count(*) FROM registration"),
    "one_time_token": (1, "SELECT count(*) FROM one_time_token WHERE purpose = 'test'"),
    "throttle": (1, "SELECT count(*) FROM throttle WHERE name = 'test'"),
    "revocation": (1, "SELECT count(*) FROM revocation WHERE seq = -1000000"),
    "invitation": (1, "SELECT count(*) FROM invitation"),
    "known_network": (1, "SELECT count(*) FROM known_network"),
    "letter_key": (1, "SELECT count(*) FROM letter_key"),
    "service_secret": (2, "SELECT count(*) FROM service_secret"),
}
USER = "01932b5c-7a10-7000-8000-0000000000aa"


def removed(daemon):
    """{table: rows removed} by the daemon's metrics."""
    text = daemon.get("/metrics").text
    found = re.findall(r'^eventloop_housekeeping_removed_total\{table="(\w+)"\} (\d+)', text, re.M)
    return {table: int(count) for table, count in found}


def runs(daemon):
    return int(re.search(r"^eventloop_housekeeping_runs_total (\d+)", daemon.get("/metrics").text, re.M).group(1))


def counted(database, statement):
    return database.execute(statement.replace("{user}", USER)).fetchone()[0]


def test_expired_rows_go_and_others_stay(make_stack):
    stack = make_stack({"passport": {"housekeeping_interval": "1s"}}, names=("passport",))
    with stack.database("passport") as database:
        for rows in (EXPIRED, FRESH):
            database.execute(rows.format(user=USER, many=MANY))
        for table, statement in LEFT.items():
            wait_until(lambda s=statement: counted(database, s) == 0, 30, f"expired rows of {table} to go")
        for table, (count, statement) in KEPT.items():
            assert counted(database, statement) == count, table
        assert counted(database, "SELECT count(*) FROM refresh_token") == 3
    expected = dict.fromkeys(LEFT, MANY) | {"session": MANY + 10, "refresh_token": 2 * (MANY + 10) + 3}
    wait_until(lambda: removed(stack["passport"]) == expected, what=f"the metrics to say {expected}")


def test_a_retention_of_the_audit_trail_by_setting(make_stack):
    settings = {"housekeeping_interval": "1s", "audit_retention": "30d"}
    stack = make_stack({"passport": settings}, names=("passport",))
    event = (
        "INSERT INTO audit_event (id, occurred_at, action, actor_kind) SELECT (lpad(to_hex((extract(epoch FROM t) "
        "* 1000)::bigint), 12, '0') || repeat('0', 20))::uuid, t, 'test', 'system' "
        "FROM (SELECT now() - interval '%s days' AS t) t"
    )
    with stack.database("passport") as database:
        for days in (29, 31, 32):
            database.execute(event % days)
        left = "SELECT extract(day FROM now() - occurred_at)::int FROM audit_event WHERE action = 'test'"
        wait_until(lambda: database.execute(left).fetchall() == [(29,)], what="the two older events to go")


def test_of_two_replicas_one_runs(make_stack, cluster):
    """Both want to run each second; together they begin about one run a second, not two."""
    stack = make_stack({"passport": {"housekeeping_interval": "1s"}}, names=("passport",))
    same = {"database_url": cluster.url(stack.databases["passport"]), "master_key": stack.master_key}
    other = make_stack({"passport": {"housekeeping_interval": "1s"} | same}, names=("passport",))
    both = (stack["passport"], other["passport"])
    begun, started = sum(map(runs, both)), time.monotonic()
    wait_until(lambda: sum(map(runs, both)) >= begun + 4, what="four more runs")
    taken = time.monotonic() - started
    assert taken > 2.5, "two replicas that do not know of each other would have needed two seconds"


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("session", "least(ended_at, idle_expires_at, expires_at) < now() - interval '30 days'"),
        ("refresh_token", "used_at < now() - interval '14 days'"),
        ("registration", "created_at < now() - interval '24 hours'"),
        ("one_time_token", "expires_at < now()"),
        ("throttle", "ends_at < now()"),
        ("revocation", "created_at < now() - interval '2 hours'"),
        ("invitation", "expires_at < now() - interval '90 days'"),
        ("audit_event", "id < '01000000-0000-0000-0000-000000000000'"),
    ],
)
def test_expired_rows_are_found_by_an_index(stack, table, condition):
    with stack.database("passport") as database:
        database.execute("SET enable_seqscan = off")
        plan = database.execute(f"EXPLAIN SELECT FROM {table} WHERE {condition}").fetchall()
    assert any("Index" in line for (line,) in plan) and not any("Seq Scan" in line for (line,) in plan), plan
