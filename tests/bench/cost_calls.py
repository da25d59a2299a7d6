"""Typical calls of every method, in an order in which one makes what the next needs; and what each of them takes."""

import io
import itertools
import random
import re
import time
from datetime import UTC, datetime, timedelta

from authenticator import App, code
from machine import cpu_of
from PIL import Image
from rpc import session
from stack import PASSWORD, ROOT

IDLE_S = 3  # of measuring what daemons take that nobody calls
READS = 10  # times as many as writes: they are cheap
FIRST_DAY = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=1)
DOORS = {"GET /images/*": "picture", "POST /images": "upload"}


class World:
    """A stack, callers, and what was measured: {method: (us of CPU a call, of it PostgreSQL's)}."""

    def __init__(self, stack, crowd, calls, only):
        self.stack, self.crowd, self.calls, self.only = stack, crowd, calls, only
        self.measured = {}
        self.numbers = itertools.count(1)
        self.admin = stack.admin()
        self.company, self.owner = stack.company()
        self.user = stack.user()
        self.random = random.Random(1)
        before = self.spent()
        time.sleep(IDLE_S)
        self.idle = [(end - start) / IDLE_S for start, end in zip(before, self.spent(), strict=True)]

    def is_wanted(self, name):
        return not self.only or any(text in name for text in self.only)

    def x_costs(self):
        """{method: x-cost} of all that the gateway lets through, and what its other doors for pictures take."""
        methods = self.stack.rpc("rpc.discover")["methods"]
        source = (ROOT / "gateway" / "pictures" / "pass.c").read_text()
        doors = {
            name: int(re.search(rf"\b{variable} = {{\.cost = (\d+)", source)[1]) for name, variable in DOORS.items()
        }
        return {method["name"]: method["x-cost"] for method in methods if "x-cost" in method} | doors

    def spent(self):
        daemons = sum(cpu_of(daemon.process.pid) for daemon in self.stack.daemons.values())
        return daemons, cpu_of(self.stack.cluster.process.pid)

    def time(self, name, act, items):
        """Runs act(item) for each and notes what that took; the results."""
        started, before = time.monotonic(), self.spent()
        results = [act(item) for item in items]
        time.sleep(0.05)  # what goes on after the answer counts: facts, letters, the pages that it dirtied
        after, passed = self.spent(), time.monotonic() - started
        daemons, database = (
            max(end - start - passed * idle, 0) for start, end, idle in zip(before, after, self.idle, strict=True)
        )
        self.measured[name] = ((daemons + database) / len(results) * 1e6, database / len(results) * 1e6)
        return results

    def call(self, method, all_params, token=None):
        """Calls the method with each of the parameters; token: of all, or one for each. Their results."""
        tokens = token if isinstance(token, list) else [token] * len(all_params)
        return self.time(
            method, lambda pair: self.stack.rpc(method, pair[0], pair[1]), list(zip(all_params, tokens, strict=True))
        )

    def read(self, method, params=None, token=None):
        """Calls it with the same parameters, or those that a function makes."""
        made = [params() if callable(params) else params or {} for _ in range(READS * self.calls)]
        return self.call(method, made, token)

    def write(self, method, make, token=None):
        """Calls it with make(number)."""
        return self.call(method, [make(next(self.numbers)) for _ in range(self.calls)], token)

    def listing(self):
        return self.random.choice(self.crowd.listings)

    def versions(self, made, **more):
        """Parameters that name each of what was made, and its version."""
        key = "key" if "key" in made[0] else "id"
        return [{key: one[key], "version": one["version"], **more} for one in made]


def day(number):
    start = FIRST_DAY + timedelta(days=number % 400)
    return {"from": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}


# --- events ---


def catalogue(world, noun, create, **update):
    made = world.write(f"events.{noun}.create", create, world.admin.token)
    world.read(f"events.{noun}.list")
    world.read(f"events.{noun}.get", {"key": made[0]["key"]})
    made = world.call(f"events.{noun}.update", world.versions(made, **update), world.admin.token)
    world.call(f"events.{noun}.archive", world.versions(made), world.admin.token)


def catalogues(world):
    catalogue(world, "type", lambda n: {"key": f"type_{n}", "name": "Hall", "unit": "day"}, name="Halls")
    catalogue(world, "property_category", lambda n: {"key": f"group_{n}", "name": "Group"}, name="Groups")
    group = world.stack.rpc("events.property_category.list")["items"]
    key = (
        group[0]["key"]
        if group
        else world.admin.rpc("events.property_category.create", {"key": "space", "name": "Space"})["key"]
    )
    kind = {"category": key, "kind": "number", "unit": "m2"}
    catalogue(world, "property", lambda n: {"key": f"area_{n}", "name": "Area", **kind}, name="Areas")


def listings(world):
    kind = world.stack.listing_type()
    text = {"description": "A large hall with a stage, a kitchen and a garden.", "capacity": 80, "units": 2}
    base = {"company_id": world.company, "type": kind, "location": {"lat": 59.9, "lon": 10.7}, **text}
    made = world.write("events.listing.create", lambda n: base | {"title": f"Hall {n}"}, world.owner.token)
    made = world.call("events.listing.update", world.versions(made, title="Another hall"), world.owner.token)
    made = world.call("events.listing.submit", world.versions(made), world.owner.token)
    world.read("events.listing.queue", {"company_id": world.company}, world.admin.token)
    made = world.call("events.listing.approve", world.versions(made), world.admin.token)
    made = [world.owner.rpc("events.listing.update", one) for one in world.versions(made, title="A third hall")]
    world.call("events.listing.reject", world.versions(made, reason="It has one name."), world.admin.token)
    world.read("events.listing.get", lambda: {"id": world.listing()})
    world.read("events.listing.mine", {"company_id": world.company}, world.owner.token)
    world.read("events.listing.get_pricing", lambda: {"listing_id": world.listing()})
    pricing = {"rules": [{"id": n + 1, "amount": 1, "days": ["sat"]} for n in range(10)]}
    priced = world.stack.listing(world.company, world.owner, price={"amount": 1, "currency": "EUR"})["id"]
    params = [{"listing_id": priced, "version": n, "pricing": pricing} for n in range(world.calls)]
    world.call("events.listing.set_pricing", params, world.owner.token)
    walls(world)
    rules(world, made)


def walls(world):
    """A house of two halls and of three, by turns."""
    house, *halls = (world.stack.listing(world.company, world.owner)["id"] for _ in range(4))
    version = world.stack.rpc("events.listing.get", {"id": house})["version"]
    params = [{"id": house, "version": version + n, "includes": halls[: 2 + n % 2]} for n in range(world.calls)]
    world.call("events.listing.set_includes", params, world.owner.token)


def rules(world, made):
    """Those of a listing and of its type, and what is free of it."""
    hours = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "22:00"}]
    new = [{"listing_id": one["id"], "version": 0, "rules": {"opening_hours": hours}} for one in made]
    world.call("events.listing.set_rules", new, world.owner.token)
    world.read("events.listing.get_rules", {"listing_id": made[0]["id"]}, world.owner.token)
    kind = {"key": world.stack.listing_type()}
    version = world.stack.rpc("events.type.get", kind)["version"]
    new = [kind | {"version": version + n, "rules": {"request_hours": 24}} for n in range(world.calls)]
    world.call("events.type.set_rules", new, world.admin.token)
    world.read("events.type.get_rules", kind)
    month = {"from": day(1)["from"], "to": day(31)["from"]}
    hourly = {"period": month, "length_minutes": 60}
    world.read("events.availability.slots", lambda: {"listing_id": world.listing(), **hourly})
    world.read("events.availability.explain", lambda: {"listing_id": world.listing(), "period": day(5)})


def searches(world):
    """Three kinds, as a page asks for them: what is near, what is free in a period, what has a word in its text."""
    near = {"near": {"lat": 59.95, "lon": 10.75, "radius": 10000}, "capacity": {"from": 50}}

    def draw():
        kind = world.random.randrange(3)
        if kind == 0:
            return {"limit": 20, **near}
        if kind == 1:
            return {"limit": 20, "period": day(world.random.randrange(100)), "price": {"to": 1500}, "currency": "EUR"}
        return {"limit": 20, "text": f"hall {world.random.randrange(20000)}"}

    world.read("events.listing.search", draw)


def bookings(world):
    token = world.user.token
    made = world.write("events.booking.create", lambda n: {"listing_id": world.listing(), "period": day(n)}, token)
    world.write("events.booking.quote", lambda n: {"listing_id": world.listing(), "period": day(n)}, token)
    world.read("events.booking.get", {"id": made[0]["id"]}, token)
    world.read("events.booking.list", None, token)
    world.read("events.booking.quote_cancel", {"id": made[0]["id"]}, token)
    world.read("events.booking.quote_change", {"id": made[0]["id"], "period": day(500)}, token)
    with world.stack.database("events") as database:
        database.execute(
            "UPDATE booking SET period = tstzrange(now() - interval '2 days', now() - interval '1 day') "
            "WHERE user_id = %s",
            (world.user.id,),
        )
    world.stack["events"].command("rebuild-search")  # what was moved beside the daemon
    world.call("rating.review.create", [{"booking_id": one["id"], "score": 4, "text": "Fine."} for one in made], token)
    subject = made[0]["listing_id"]
    world.read("rating.review.list", {"subject_id": subject})
    world.read("rating.summary.get", {"subject_id": subject})
    world.read("rating.summary.list", {"subject_ids": [world.listing() for _ in range(20)]})
    made = [
        world.user.rpc("events.booking.create", {"listing_id": world.listing(), "period": day(next(world.numbers))})
        for _ in range(world.calls)
    ]
    world.call("events.booking.cancel", [{"id": one["id"]} for one in made], token)


# --- images ---


def pictures(world):
    """Of the kind that cameras make, two megapixels."""
    noise = Image.effect_noise((400, 300), 60).resize((1600, 1200)).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=85)
    base = world.stack.gateway.base
    headers = {"Authorization": f"Bearer {world.owner.token}", "Content-Type": "image/jpeg"}

    def upload(number):
        body = file.getvalue() + bytes(f"{number}", "ascii")  # behind the end of the picture
        answer = session().post(f"{base}/images", body, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    ids = world.time("POST /images", upload, range(world.calls))
    small = io.BytesIO()
    noise.resize((320, 240)).save(small, "JPEG", quality=80)
    card = session().post(f"{base}/images", small.getvalue(), headers=headers, timeout=60).json()["id"]
    world.time(
        "GET /images/*",
        lambda _: session().get(f"{base}/images/{card}", timeout=60).content,
        range(READS * world.calls),
    )
    world.read("images.image.get", {"id": ids[0]})
    world.read("images.image.list", {"ids": ids[:20]})


# --- passport ---


def accounts(world):
    stack, n = world.stack, world.calls
    emails = [f"cost{next(world.numbers)}@test.example" for _ in range(n)]
    world.call("passport.user.register", [{"email": email, "password": PASSWORD, "name": "Cost"} for email in emails])
    letters = [stack.mailbox.wait(email, "verify_email").token for email in emails]
    world.call("passport.user.verify_email", [{"token": token, "password": PASSWORD} for token in letters])
    logins = world.call("passport.auth.login", [{"email": email, "password": PASSWORD} for email in emails])
    refreshed = world.call("passport.auth.refresh", [{"refresh_token": one["refresh_token"]} for one in logins])
    tokens = [one["access_token"] for one in refreshed]
    world.call("passport.auth.reauthenticate", [{"password": PASSWORD}] * n, tokens)
    world.read("passport.user.me", None, tokens[0])
    world.read("passport.letter.get_choices", None, tokens[0])
    world.call("passport.letter.set_choices", [{"choices": {"reminders": False}}] * len(tokens), tokens)
    made = world.call(
        "passport.user.update", [{"version": one["user"]["version"], "name": "New"} for one in logins], tokens
    )
    assert len(made) == n
    world.call("passport.user.export", [{}] * n, tokens)
    world.read("passport.session.list", None, tokens[0])
    more = [stack.login(email) for email in emails]
    world.call("passport.session.revoke", [{"id": one["session_id"]} for one in refreshed], [one.token for one in more])
    tokens = [one.token for one in more]
    world.call("passport.session.revoke_others", [{}] * n, tokens)
    changed = {"current_password": PASSWORD, "new_password": PASSWORD + " 2"}
    world.call("passport.password.change", [changed] * n, tokens)
    world.call("passport.password.request_reset", [{"email": email} for email in emails])
    letters = [stack.mailbox.wait(email, "password_reset").token for email in emails]
    world.call("passport.password.reset", [{"token": token, "new_password": PASSWORD} for token in letters])
    return emails


def second_factors(world, emails):
    stack, n = world.stack, world.calls
    users = [stack.login(email) for email in emails]
    tokens = [user.token for user in users]
    world.read("passport.totp.get", None, tokens[0])
    enrolled = world.call("passport.totp.enroll", [{}] * n, tokens)
    world.call("passport.totp.confirm", [{"code": code(one["secret"])} for one in enrolled], tokens)
    apps = [App.enrolled(stack, user, one["secret"]) for user, one in zip(users, enrolled, strict=True)]
    world.call("passport.totp.recovery_codes", [{}] * n, tokens)
    answers = [{"challenge": app.challenge(), "code": app.code()} for app in apps]
    tokens = [one["access_token"] for one in world.call("passport.auth.second_factor", answers)]
    world.call("passport.totp.disable", [{}] * n, tokens)
    world.call("passport.auth.logout", [{}] * n, tokens)
    users = [stack.login(email) for email in emails]
    world.call("passport.user.erase", [{"password": PASSWORD}] * n, [user.token for user in users])


def companies(world):
    stack, n, admin, owner, company = world.stack, world.calls, world.admin.token, world.owner.token, world.company
    founders = [stack.user() for _ in range(n)]
    made = world.call(
        "passport.company.create", [{"name": f"Firm {i}"} for i in range(n)], [one.token for one in founders]
    )
    world.read("passport.company.get", {"id": company})
    version = stack.rpc("passport.company.get", {"id": company}, owner)["version"]
    world.call(
        "passport.company.update",
        [{"id": company, "version": version + i, "name": f"Halls {i}"} for i in range(n)],
        owner,
    )
    world.read("passport.company.search", {"text": "crowd"}, admin)
    ids = [{"id": one["id"], "reason": "Looked at"} for one in made]
    world.call("passport.company.verify", [one | {"decision": "verified"} for one in ids], admin)
    world.call("passport.company.suspend", ids, admin)
    world.call("passport.company.restore", ids, admin)
    people = [stack.user() for _ in range(2 * n)]
    invite = [{"company_id": company, "email": one.email, "right": "staff"} for one in people]
    invited = world.call("passport.invitation.create", invite, owner)
    world.read("passport.invitation.list", {"company_id": company}, owner)
    one_each = [{"id": one["id"]} for one in invited]
    world.call("passport.invitation.accept", one_each[:n], [one.token for one in people[:n]])
    world.call("passport.invitation.decline", one_each[n : n + n // 2], [one.token for one in people[n : n + n // 2]])
    world.call("passport.invitation.revoke", one_each[n + n // 2 :], owner)
    world.read("passport.member.list", {"company_id": company}, owner)
    members = [{"company_id": company, "user_id": one.id} for one in people[:n]]
    world.call("passport.member.set_right", [one | {"right": "manager"} for one in members], owner)
    world.call("passport.member.remove", members, owner)


def programs(world):
    company, owner, admin = {"company_id": world.company}, world.owner.token, world.admin.token
    key = {"name": "Channel manager", "right": "manager", "scope": "events.booking.*"}
    keys = world.write("passport.api_key.create", lambda n: company | key | {"name": f"Manager {n}"}, owner)
    world.read("passport.api_key.list", company, owner)
    world.call("passport.auth.client_token", [{"key": one["secret"]} for one in keys])
    ids = [{"id": one["id"]} for one in keys]
    world.call("passport.api_key.rotate", [company | one | {"overlap_seconds": 0} for one in ids], owner)
    world.call("passport.api_key.disable", [company | one for one in ids], owner)
    made = world.write("passport.service_account.create", lambda n: {"name": f"reporting_{n}"}, admin)
    world.read("passport.service_account.list", None, admin)
    ids = [{"id": one["id"]} for one in made]
    world.call("passport.service_account.rotate", [one | {"overlap_seconds": 0} for one in ids], admin)
    world.call("passport.service_account.disable", ids, admin)


def administration(world):
    stack, n, admin = world.stack, world.calls, world.admin.token
    users = [{"id": stack.user().id} for _ in range(n)]
    world.read("passport.user.get", users[0], admin)
    world.read("passport.user.search", {"text": "user"}, admin)
    world.call("passport.user.suspend", [one | {"reason": "Fraud"} for one in users], admin)
    world.call("passport.user.restore", users, admin)
    world.call("passport.user.grant_role", [one | {"role": "moderator"} for one in users], admin)
    world.call("passport.user.revoke_role", [one | {"role": "moderator"} for one in users], admin)
    reason = {"reason": "A question of theirs"}
    world.call("passport.auth.impersonate", [{"user_id": one["id"], **reason} for one in users], admin)
    world.call("passport.session.revoke_all", [{"user_id": one["id"]} for one in users], admin)
    world.read("passport.audit.list", {"user_id": users[0]["id"]}, admin)
    world.read("passport.attribute_schema.get", None, world.user.token)
    version = stack.rpc("passport.attribute_schema.get", {}, world.user.token)["version"]
    schema = {"type": "object", "properties": {"newsletter": {"type": "boolean"}}, "additionalProperties": False}
    world.call("passport.attribute_schema.set", [{"schema": schema, "version": version + i} for i in range(n)], admin)
    world.read("passport.key.list", None, admin)
    world.call("passport.key.rotate", [{"algorithm": "ES256"}], admin)


def call_all(world):
    world.read("gateway.status")
    for part, text in (
        (catalogues, "events.type events.property"),
        (listings, "events.listing"),
        (searches, "events.listing.search"),
        (bookings, "events.booking rating"),
        (pictures, "images"),
        (companies, "passport.company passport.invitation passport.member"),
        (programs, "passport.api_key passport.service_account passport.auth.client"),
        (administration, "passport.user passport.audit passport.attribute passport.key passport.auth.imper"),
    ):
        if not world.only or any(wanted in text or any(w in wanted for w in text.split()) for wanted in world.only):
            part(world)
    if not world.only:
        second_factors(world, accounts(world))
