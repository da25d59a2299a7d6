"""Calls of passport that every page makes, beside pgbench sending the statements that passport was seen to send."""

import hashlib
import json
import secrets
from pathlib import Path

from machine import PASSWORD, Stack, rpc
from rates import Row, middle, pair, pgbench, request_script, rounds, wrk
from statement_log import Statement, fill

CLIENTS = 16  # of pgbench
CONNECTIONS = 64
SESSIONS = 30000  # open beforehand: with empty tables PostgreSQL's plans would be others than on a site with users
COLUMNS = "user_id, auth_time, last_seen_at, idle_expires_at, expires_at, methods"

# Each connection goes on with the refresh token of an answer that came; wrk does not tell on which connection.
REFRESH = """
local tokens = {%s}
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request()
  return wrk.format(nil, nil, nil, '{"jsonrpc":"2.0","id":1,"method":"passport.auth.refresh","params":' ..
    '{"refresh_token":"' .. table.remove(tokens, 1) .. '"}}')
end
function response(status, headers, body)
  local token = body:match('"refresh_token":"([^"]+)"')
  if not token then error(body) end
  tokens[#tokens + 1] = token
end
"""


def note(name: str, rates) -> str:
    return (
        f"{name}: {middle(rates):,.0f}/s, {middle(rates, 'cpu'):.1f} us CPU of servers, "
        f"{middle(rates, 'all_cpu'):.1f} us with the client's, p99 {middle(rates, 'p99'):.1f} ms"
    )


def rows(what: str, hold: float, found) -> list[Row]:
    ratio, direct = (pair(found, name, "pgbench -c16") for name in ("gateway", "directly"))
    by_cpu = 1 / pair(found, "gateway", "pgbench -c16", "all_cpu")
    notes = [note(name, rates) for name, rates in found.items()]
    notes.append(f"by CPU, clients included: {by_cpu:.2f} x; without the gateway {direct:.2f} x")
    return [
        Row(
            f"{what}, browser's view",
            "pgbench -c16, same statements",
            f">= {hold} x",
            f"{ratio:.2f} x",
            ratio >= hold,
            notes,
        )
    ]


def me(bench) -> list[Row]:
    """The own account: token checked at the gateway and at passport, JSON made by PostgreSQL."""
    stack: Stack = bench.stack
    seen = stack.cluster.record(lambda: rpc(stack.base(), "passport.user.me", {}, bench.token))
    statement = next(found for found in seen if bench.user_id in str(found.values))
    script = bench.folder / "me.sql"
    script.write_text(" ".join(statement.text.replace("$1", ":id").replace("$2", "''").split()) + ";\n")
    lua = request_script(bench.folder, "me", "passport.user.me", {}, bench.token)
    passport, gateway = stack.processes["passport"], stack.processes["gateway"]
    variables = {"id": bench.user_id}

    def load(base, *watched):
        return lambda: wrk(f"{base}/rpc", bench.seconds, CONNECTIONS, lua, [*watched, stack.cluster.process])

    found = rounds(
        bench.rounds,
        {
            "gateway": load(stack.base(), gateway, passport),
            "directly": load(stack.base("passport"), passport),
            "pgbench -c16": lambda: pgbench(
                stack.cluster, stack.database("passport"), script, bench.seconds, CLIENTS, variables
            ),
        },
    )
    return rows("passport.user.me", 0.9, found)


def open_sessions(bench, like: str, count: int) -> list[str]:
    """As many sessions like the one with that id, made by SQL: the refresh tokens of them."""
    tokens = [secrets.token_urlsafe(32) for _ in range(count)]
    hashes = ", ".join(f"('{hashlib.sha256(token.encode()).hexdigest()}')" for token in tokens)
    bench.stack.cluster.sql(
        bench.stack.database("passport"),
        f"""WITH new AS (SELECT gen_random_uuid() id, hash FROM (VALUES {hashes}) h (hash)),
made AS (INSERT INTO session (id, {COLUMNS}) SELECT new.id, {COLUMNS} FROM new, session s WHERE s.id = '{like}')
INSERT INTO refresh_token (hash, session_id) SELECT decode(hash, 'hex'), id FROM new""",
    )
    return tokens


def hash_of(number: str) -> str:
    """A refresh token's hash as pgbench makes it: of its client and of a number that it counts up."""
    return f"lpad(to_hex((:client_id)::int), 8, '0') || lpad(to_hex(({number})::int), 56, '0')"


def refresh_script(bench, seen: list[Statement]) -> Path:
    """What one refresh sends, as a pgbench script in which each client has a session of its own."""
    select = next(found for found in seen if "FROM refresh_token" in found.text)
    write = next(found for found in seen if "INSERT INTO refresh_token" in found.text)
    before, after, session = (write.values[name] for name in ("$1", "$2", "$3"))
    replace = {before: f"({hash_of(':k')})", after: f"({hash_of(':k + 1')})", session: f"({SESSION})::uuid"}
    assert select.values["$1"] == before
    lines = [fill(statement, replace) + ";" for statement in seen if statement.session == select.session]
    script = bench.folder / "refresh.sql"
    script.write_text("\\set k :k + 1\n" + "\n".join(lines) + "\n")
    return script


SESSION = "'00000000-0000-7000-8000-' || lpad((:client_id)::text, 12, '0')"


def insert_sessions(bench, like: str, first: int):
    """A session for each client of pgbench, with the refresh token that it begins with."""
    bench.stack.cluster.sql(
        bench.stack.database("passport"),
        f"""INSERT INTO session (id, {COLUMNS}) SELECT ({SESSION.replace(":client_id", "n")})::uuid, {COLUMNS}
FROM session, generate_series(0, {CLIENTS - 1}) n WHERE id = '{like}' ON CONFLICT DO NOTHING;
INSERT INTO refresh_token (hash, session_id)
SELECT decode({hash_of(str(first)).replace(":client_id", "n")}, 'hex'), ({SESSION.replace(":client_id", "n")})::uuid
FROM generate_series(0, {CLIENTS - 1}) n;""",
    )


def refresh(bench) -> list[Row]:
    """Rotation of a refresh token and a new access token: a transaction of three statements, a signature."""
    stack: Stack = bench.stack
    email = "refresh@bench.example"
    stack.register(email)
    login = {"email": email, "password": PASSWORD}
    token = rpc(stack.base("passport"), "passport.auth.login", login)["refresh_token"]
    seen = stack.cluster.record(lambda: rpc(stack.base(), "passport.auth.refresh", {"refresh_token": token}))
    script = refresh_script(bench, seen)
    session = next(found for found in seen if "INSERT INTO refresh_token" in found.text).values["$3"].strip("'")
    open_sessions(bench, session, SESSIONS)
    stack.cluster.analyze(stack.database("passport"))
    passport, gateway = stack.processes["passport"], stack.processes["gateway"]
    state = {"k": 0}

    def load(base, *watched):
        def run():
            tokens = open_sessions(bench, session, 2 * CONNECTIONS)  # wrk asks for more than it sends
            lua = bench.folder / "refresh.lua"
            lua.write_text(REFRESH % ", ".join(json.dumps(token) for token in tokens))
            return wrk(f"{base}/rpc", bench.seconds, CONNECTIONS, lua, [*watched, stack.cluster.process])

        return run

    def floor():
        state["k"] += 1000000
        insert_sessions(bench, session, state["k"] + 1)
        variables = {"k": state["k"]}
        return pgbench(stack.cluster, stack.database("passport"), script, bench.seconds, CLIENTS, variables)

    found = rounds(
        bench.rounds,
        {
            "gateway": load(stack.base(), gateway, passport),
            "directly": load(stack.base("passport"), passport),
            "pgbench -c16": floor,
        },
    )
    left = int(
        stack.cluster.sql(stack.database("passport"), "SELECT count(*) FROM refresh_token WHERE used_at IS NOT NULL")
    )
    made = rows("passport.auth.refresh", 0.7, found)
    made[0].notes.append(f"rotations found in the database: {left:,}")
    return made
