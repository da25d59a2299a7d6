"""Who may call what: every method of every daemon as every kind of caller, directly and through the gateway.

Nothing here is written down by hand but what a handler refuses beyond x-access (EXPLAINED): methods, parameters and
expectations come from the documents that the daemons serve, so a new method is in the matrix by itself, and one whose
handler refuses for reasons of its own fails here until it is explained. The table goes to build/access-matrix.txt.
"""

from dataclasses import dataclass, field

import pytest
from contents import settled
from rpc import RpcError
from sample import Sampler
from stack import NAMES, ROOT
from waiting import wait_until

RIGHTS = ("staff", "manager", "owner")
REFUSED = ("unauthenticated", "forbidden", "method_not_found")
BATCH = 50
ALLOWED = "yes"

# What handlers refuse to a caller whom x-access lets in: {method: (word, reason or None, callers or None, why)}, or a
# list of them. One that no call meets any more is an error.
EXPLAINED = {
    "passport.auth.login": ("unauthenticated", "credentials", None, "nobody has these credentials"),
    "passport.auth.reauthenticate": [
        ("forbidden", "wrong_password", None, "not the caller's password"),
        ("forbidden", "impersonation", {"acted for"}, "who acts for a user cannot prove to be the user"),
    ],
    "passport.password.change": [
        ("forbidden", "wrong_password", None, "not the caller's password"),
        ("forbidden", "impersonation", {"acted for"}, "who acts for a user cannot prove to be the user"),
    ],
    "passport.totp.confirm": ("forbidden", "wrong_code", None, "not a code of the app that was enrolled"),
    "passport.auth.refresh": ("unauthenticated", "malformed", None, "not a refresh token"),
    "passport.auth.service_token": ("unauthenticated", "credentials", None, "no service has this secret"),
    "passport.auth.client_token": ("unauthenticated", "credentials", None, "not an API key"),
    "passport.member.remove": ("forbidden", "company_right", None, "somebody else: by an owner only"),
    "passport.invitation.list": ("forbidden", "company_right", None, "a company's: by its owners and managers only"),
    "passport.user.erase": ("forbidden", "wrong_password", None, "this is nobody's password"),
    "passport.audit.list": ("forbidden", None, {"staff", "manager"}, "a company's events are for its owners"),
    **{
        f"{daemon}.fact.deliver": ("forbidden", None, {"service"}, "a daemon delivers facts in its own name only")
        for daemon in ("events", "rating", "images")
    },
}

# These end or void the caller's own token: each is called alone, with a token of its own.
VOIDING = {"passport.auth.logout"}

# Tables that change by themselves while nobody calls: what a refused call leaves alone is all the others.
MOVING = {"outbox_lease": "renewed by its holder"}


@dataclass
class Caller:
    """A kind of caller. login() gives a token that is valid now; None for nobody."""

    name: str
    login: object
    roles: set = field(default_factory=set)
    right: str | None = None  # in the company concerned
    service: bool = False
    revoked: bool = False
    stale: bool = False  # authenticated longer ago than any x-auth-max-age allows
    impersonated: bool = False  # an administrator acts as the user
    scope: str | None = None  # an integration, by an API key
    token: str | None = None


def expectation(method, caller, door):
    """ALLOWED, or the word that the call must be refused with, by what the method's document says alone."""
    access = set(method["x-access"])
    if door == "gateway" and (access == {"service"} or method.get("x-internal")):
        return "method_not_found"
    if caller.revoked:
        return ALLOWED if "public" in access else "unauthenticated"
    if caller.scope and not covers(caller.scope, method["name"]):
        return "forbidden"
    if "public" in access:
        return ALLOWED
    if caller.token is None:
        return "unauthenticated"
    if caller.service:
        return ALLOWED if "service" in access and door != "gateway" else "forbidden"
    if caller.scope:
        return ALLOWED if may_client(method, caller, access) else "forbidden"
    allowed = may_user(method, caller, access)
    # The right in the company is looked at last, for it takes the parameters.
    if allowed or (by_company(access) and freshness(method, caller) != ALLOWED):
        return freshness(method, caller)
    return "forbidden"


def covers(scope, name):
    """True when a word of the scope is the method's name, or a beginning of it that ends in .*, or * alone."""
    prefixes = [word.removesuffix("*") for word in scope.split() if word == "*" or word.endswith(".*")]
    return name in scope.split() or any(name.startswith(prefix) for prefix in prefixes)


def freshness(method, caller):
    if "x-auth-max-age" in method and caller.impersonated:
        return "forbidden"
    return "unauthenticated" if "x-auth-max-age" in method and caller.stale else ALLOWED


def has_right(method, caller, access):
    """The right in the company is enough, or it is left to the handler, which finds out which company it is about."""
    rights = [RIGHTS.index(word.removeprefix("company:")) for word in access if word.startswith("company:")]
    if not any(param["name"] == "company_id" for param in method["params"]):
        return True
    return caller.right is not None and RIGHTS.index(caller.right) >= min(rights)


def by_company(access):
    return any(word.startswith("company:") for word in access)


def may_user(method, caller, access):
    if "user" in access or access & caller.roles:
        return True
    return by_company(access) and has_right(method, caller, access)


def may_client(method, caller, access):
    """An integration authenticates afresh for nothing; its right counts wherever a right is asked for."""
    if "x-auth-max-age" in method or not ("client" in access or by_company(access)):
        return False
    return not by_company(access) or has_right(method, caller, access)


class World:
    """The callers, the company concerned, and the things in it that a refused call must not touch."""

    def __init__(self, stack):
        self.stack = stack
        self.company, self.owner = stack.company()
        self.documents = {name: stack[name].rpc("rpc.discover") for name in NAMES}
        # The gateway's own door answers with the merged document: of it, what is the gateway's.
        self.methods = [
            (name, method)
            for name, document in self.documents.items()
            for method in document["methods"]
            if name != "gateway" or method["name"].startswith("gateway.")
        ]
        self.samplers = {name: Sampler(document) for name, document in self.documents.items()}
        self.listing = stack.listing(self.company, stack.login(self.owner.email))["id"]
        self.bystander = stack.user("Bystander").id
        self.callers = self._callers()

    def _callers(self):
        stack = self.stack
        _, foreign = stack.company(name="Foreign")
        moderator, admin, stale = stack.user("Moderator"), stack.admin(), stack.user("Stale")
        self._sql("UPDATE user_account SET roles = '{user,moderator}' WHERE id = %s", moderator.id)
        self._sql("UPDATE user_account SET roles = '{user,admin}' WHERE id = %s", stale.id)
        callers = [
            Caller("anonymous", lambda: None),
            Caller("user", self._by_login(stack.user())),
            Caller("foreign", self._by_login(foreign)),
            *(self._member(right) for right in RIGHTS),
            Caller("moderator", self._by_login(moderator), roles={"moderator"}),
            Caller("admin", self._by_login(admin), roles={"moderator", "admin"}),
            Caller("stale", lambda: self._stale_token(stale), roles={"moderator", "admin"}, stale=True),
            Caller("acted for", self._impersonation(stack.user("Helped")), impersonated=True),
            *self._integrations(),
            Caller("service", lambda: stack.service_token("rating"), service=True),
            Caller("revoked", self._revoked_token(), roles={"moderator", "admin"}, revoked=True),
        ]
        for caller in callers:
            caller.token = caller.login()
        return callers

    def _by_login(self, user):
        return lambda: self.stack.login(user.email).token

    def _member(self, right):
        user = self.owner if right == "owner" else self.stack.user(right.capitalize())
        if right != "owner":
            statement = 'INSERT INTO company_member (company_id, user_id, "right") VALUES (%s, %s, %s)'
            self._sql(statement, self.company, user.id, right)
        return Caller(right, self._by_login(user), right=right)

    def _stale_token(self, user):
        fresh = self.stack.login(user.email)
        self._sql("UPDATE session SET auth_time = now() - interval '2 days' WHERE user_id = %s", user.id)
        return self.stack.rpc("passport.auth.refresh", {"refresh_token": fresh.refresh_token})["access_token"]

    def _impersonation(self, user):
        """An administrator's token as the user."""
        params = {"user_id": user.id, "reason": "the matrix"}
        return lambda: self.stack.login(self.stack.admin().email).rpc("passport.auth.impersonate", params)[
            "access_token"
        ]

    def _integrations(self):
        """Two API keys of the company: for everything, and for what its scope says."""
        for name, right, scope in (
            ("client", "manager", "*"),
            ("scoped", "staff", "events.booking.* passport.user.me"),
        ):
            params = {"company_id": self.company, "name": name, "right": right, "scope": scope}
            key = self.stack.login(self.owner.email).rpc("passport.api_key.create", params)["secret"]
            exchange = lambda key=key: self.stack.rpc("passport.auth.client_token", {"key": key})["access_token"]
            yield Caller(name, exchange, right=right, scope=scope)

    def _revoked_token(self):
        """A token that would be an administrator's, had its session not ended; every door that looks at it knows."""
        user = self.stack.user("Revoked")
        self._sql("UPDATE user_account SET roles = '{user,admin}' WHERE id = %s", user.id)
        user = self.stack.login(user.email)
        user.rpc("passport.auth.logout")
        closed = {name: method["name"] for name, method in self.methods if "public" not in method["x-access"]}
        for door, method in (closed | {"gateway": "passport.user.me"}).items():
            wait_until(lambda d=door, m=method: refuses(self.stack[d], m, user.token), what=f"revocation at {door}")
        return lambda: user.token

    def _sql(self, statement, *values):
        with self.stack.database("passport") as database:
            database.execute(statement, values)

    def known(self, method, caller, refused):
        """Parameters that name what is there: everything in calls that are to be refused, else only the company."""
        concerned = caller.right or refused or by_company(method["x-access"])
        known = {"company_id": self.company} if concerned else {}
        if refused:
            known |= {"user_id": self.bystander, "listing_id": self.listing}
            resources = {"passport.user": self.bystander, "passport.company": self.company}
            resources |= {"events.listing": self.listing, "rating.summary": self.listing}
            resource = method["name"].rpartition(".")[0]
            known |= {"id": resources[resource]} if resource in resources else {}
        return known

    def calls(self, caller, door, refused):
        """[(method, expectation, params)] of the calls at the door that are expected to be refused, or not."""
        found = []
        for daemon, method in self.methods:
            expected = expectation(method, caller, door)
            if door in ("gateway", daemon) and (expected != ALLOWED) == refused:
                params = self.samplers[daemon].params(method, **self.known(method, caller, refused))
                found.append((method, expected, params))
        return found


def refuses(door, method, token):
    try:
        door.rpc(method, {}, token)
    except RpcError as error:
        return error.reason == "revoked"
    return False


def send(door, token, calls):
    """{method: error or None} of the calls, sent in batches."""
    answers = {}
    for start in range(0, len(calls), BATCH):
        part = calls[start : start + BATCH]
        batch = [
            {"jsonrpc": "2.0", "id": method["name"], "method": method["name"], "params": params}
            for method, _, params in part
        ]
        got = door.post(batch, token).json()
        assert isinstance(got, list) and len(got) == len(part), got
        answers |= {answer["id"]: answer.get("error") for answer in got}
    return answers


def outcome(error):
    """(word, reason) of an error, (ALLOWED, None) without one."""
    data = (error or {}).get("data", {})
    return (data["code"], data.get("reason")) if error else (ALLOWED, None)


@dataclass(frozen=True)
class Outcome:
    """What one call came to."""

    method: str
    caller: str
    door: str
    expected: str
    word: str
    reason: str | None
    message: str

    def __str__(self):
        answer = f"{self.word}/{self.reason}: {self.message}"
        return f"{self.method} as {self.caller} at {self.door}: {answer} (expected: {self.expected})"


def judge(caller, door, calls, answers):
    for method, expected, _ in calls:
        error = answers[method["name"]]
        word, reason = outcome(error)
        yield Outcome(method["name"], caller.name, door, expected, word, reason, (error or {}).get("message", ""))


def refused_sweep(world):
    """Everything that is to be refused, as everybody, at every door."""
    for caller in world.callers:
        for door in NAMES:
            calls = world.calls(caller, door, refused=True)
            yield from judge(caller, door, calls, send(world.stack[door], caller.token, calls))


def allowed_sweep(world):
    """The rest. Calls that void the caller's token go alone; so does what such a call met in the same batch."""
    for caller in world.callers:
        for door in NAMES:
            calls = world.calls(caller, door, refused=False)
            together = [call for call in calls if call[0]["name"] not in VOIDING]
            answers = send(world.stack[door], caller.login(), together)
            for call in calls:
                if call[0]["name"] not in answers:
                    answers |= send(world.stack[door], caller.login(), [call])
            yield from judge(caller, door, calls, answers)


@dataclass
class Matrix:
    world: World
    refused: list
    allowed: list
    before: dict
    after: dict


@pytest.fixture(scope="module")
def matrix(stack):
    world = World(stack)
    before = settled(stack, MOVING)
    refused = list(refused_sweep(world))
    after = settled(stack, MOVING)
    made = Matrix(world, refused, list(allowed_sweep(world)), before, after)
    write_table(made)
    return made


def write_table(matrix):
    """The matrix for people: one row a method, one column a caller; at its own door, then through the gateway."""
    words = {(met.method, met.caller, met.door): met.word for met in matrix.refused}
    callers = [caller.name for caller in matrix.world.callers]
    short = {None: "yes", "unauthenticated": "401", "forbidden": "no", "method_not_found": "404"}
    lines = [
        "A cell: at the daemon's own door / through the gateway, once where both are the same. yes: let in (what the"
    ]
    lines += [
        "handler then says of the parameters is no matter of access), no: forbidden, 401: unauthenticated, 404.",
        "",
    ]
    lines += [f"{'':44}" + "".join(f"{caller:>11}" for caller in callers)]
    for daemon, method in sorted(matrix.world.methods, key=lambda pair: pair[1]["name"]):
        cells = []
        for caller in callers:
            both = [words.get((method["name"], caller, door)) for door in (daemon, "gateway")]
            cells.append("/".join(dict.fromkeys(short.get(word, "yes") for word in both)))
        lines.append(f"{method['name']:44}" + "".join(f"{cell:>11}" for cell in cells))
    (ROOT / "build/access-matrix.txt").write_text("\n".join(lines) + "\n")


def is_explained(met):
    """The place in EXPLAINED, made true; None when there is none."""
    known = EXPLAINED.get(met.method, [])
    for number, (word, reason, callers, _) in enumerate(known if isinstance(known, list) else [known]):
        if met.word == word and reason in (None, met.reason) and (callers is None or met.caller in callers):
            return (met.method, number)
    return None


def test_every_word_of_access_is_understood(matrix):
    understood = {
        "public",
        "user",
        "moderator",
        "admin",
        "service",
        "client",
        *(f"company:{right}" for right in RIGHTS),
    }
    said = {word for _, method in matrix.world.methods for word in method["x-access"]}
    assert said <= understood, "teach expectation() what the new word of x-access means"


def test_every_method_has_a_row(matrix):
    """Every method as every caller, at its own door and through the gateway."""
    every = {
        (method["name"], caller.name, door)
        for daemon, method in matrix.world.methods
        for caller in matrix.world.callers
        for door in {daemon, "gateway"}
    }
    met = [(met.method, met.caller, met.door) for met in (*matrix.refused, *matrix.allowed)]
    assert len(met) == len(set(met)) and set(met) == every
    assert {daemon for daemon, _ in matrix.world.methods} == set(NAMES)


def test_whoever_may_not_call_is_refused(matrix):
    wrong = [met for met in matrix.refused if met.word != met.expected]
    revoked = [met for met in matrix.refused if met.caller == "revoked" and met.word == "unauthenticated"]
    wrong += [met for met in revoked if met.reason != "revoked"]
    assert revoked
    assert not wrong, "\n".join(map(str, wrong))


def test_a_refused_call_changes_nothing(matrix):
    before, after = matrix.before, matrix.after
    assert before.keys() == after.keys() and len(before) > 20
    assert before == after, {name: (before[name], rows) for name, rows in after.items() if before[name] != rows}


def test_whoever_may_call_is_let_in(matrix):
    unasked = (*REFUSED, "internal", "unavailable", "overloaded", "deadline_exceeded", "invalid_request")
    wrong = [met for met in matrix.allowed if met.word in unasked and not is_explained(met)]
    assert not wrong, "\n".join(map(str, wrong))


def test_no_explanation_outlives_its_reason(matrix):
    needed = {is_explained(met) for met in matrix.allowed if met.word in REFUSED} - {None}
    written = {
        (method, number)
        for method, known in EXPLAINED.items()
        for number in range(len(known) if isinstance(known, list) else 1)
    }
    assert written == needed
    assert VOIDING <= {method["name"] for _, method in matrix.world.methods}
