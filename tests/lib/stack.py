"""The five daemons on free ports with databases of their own: what system tests talk to.

Tests get one from the fixtures of tests/conftest.py: `stack` (shared by a module), `fresh_stack` (for one test),
`drill_stack` (for one test, with a PostgreSQL of its own that may be killed), `make_stack` (with settings).
"""

import base64
import itertools
import json
import os
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass
from mailbox import Mailbox
from pathlib import Path

import loglines
from ports import free_port, release
from process import Daemon
from rpc import Endpoint
from waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("passport", "events", "rating", "images", "gateway")
WITH_DATABASE = ("passport", "events", "rating", "images")
PASSWORD = "correct horse battery"
FRESH = 300  # seconds that a login is used
_numbers = itertools.count(1)


def program(name, preset=None):
    preset = preset or os.environ.get("EVENTLOOP_PRESET", "release")
    return ROOT / "build" / preset / f"eventloop-{name}"


@dataclass
class User:
    """A logged-in user; rpc() calls through the gateway as that user."""

    id: str
    email: str
    token: str
    refresh_token: str
    endpoint: Endpoint

    def rpc(self, method, params=None, **options):
        return self.endpoint.rpc(method, params, self.token, **options)

    def error(self, method, params=None, **options):
        return self.endpoint.error(method, params, self.token, **options)


class Stack:
    """`with Stack(cluster) as stack`. settings: {"events": {"search_limit": 5}, "*": {...}} beyond the usual ones."""

    def __init__(self, cluster, settings=None, templates=None, names=NAMES, preset=None):
        self.cluster = cluster
        self.folder = Path(tempfile.mkdtemp(prefix="eventloop-stack-"))
        self.names = names
        self.ports = {name: (free_port(), free_port()) for name in NAMES}
        self.secrets = {name: secrets.token_urlsafe(24) for name in NAMES}
        self.link_secret = secrets.token_urlsafe(32)
        self.master_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        self.templates = templates or {}
        self.databases = {}
        self.daemons = {}
        for name in names:
            own = {**(settings or {}).get("*", {}), **(settings or {}).get(name, {})}
            self.daemons[name] = Daemon(name, program(name, preset), self.folder, self._settings(name) | own)
        self.gateway = self.daemons.get("gateway")
        self.mailbox = Mailbox(self.folder / "mail")
        self._admin = None
        self._type = None

    def _settings(self, name):
        port, link_port = self.ports[name]
        settings = {"listen_address": "127.0.0.1", "port": port, "log_level": "info", "link_secret": self.link_secret}
        if name != "gateway":
            settings["link_port"] = link_port
        for other in NAMES:
            if other not in (name, "gateway"):
                settings[f"{other}_link"] = f"127.0.0.1:{self.ports[other][1]}"
        if name in WITH_DATABASE:
            self.databases[name] = self.cluster.create_database(name, self.templates.get(name))
            settings["database_url"] = self.cluster.url(self.databases[name])
        if name == "passport":
            settings["master_key"] = self.master_key
            # Tests log in from one address, over and over; those about throttles set limits of their own.
            settings |= {"login_limit_network": 0, "login_limit_account": 1000, "second_factor_limit": 1000}
            accounts = ",".join(f"{other}:{secret}" for other, secret in self.secrets.items() if other != "passport")
            settings["service_secrets"] = accounts
            settings["public_url"] = f"http://127.0.0.1:{self.ports['gateway'][0]}"
            settings["mail_dir"] = self.folder / "mail"
            settings["account_limit"] = 0  # all tests come from one network
        else:
            settings["passport_url"] = f"http://127.0.0.1:{self.ports['passport'][0]}"
            settings["service_secret"] = self.secrets[name]
        if name == "gateway":
            settings["public_url"] = f"http://127.0.0.1:{port}"
            settings["images_url"] = f"http://127.0.0.1:{self.ports['images'][0]}"
            settings["limit_exempt"] = "127.0.0.1"  # what tests prepare; those about limits call from elsewhere
        if name == "images":
            settings["store_dir"] = self.folder / "images"
        return settings

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.kill_all()
            raise
        return self

    def __exit__(self, kind, *_):
        self.close(check=kind is None)

    def __getitem__(self, name):
        return self.daemons[name]

    def start(self):
        (self.folder / "images").mkdir(exist_ok=True)
        for name in self.names:
            if name in WITH_DATABASE and name not in self.templates:
                self.daemons[name].command("migrate")
        for daemon in self.daemons.values():
            daemon.start(wait=False)
        for daemon in self.daemons.values():
            daemon.wait_ready()
        if self.gateway:
            wait_until(self.is_connected, 60, f"the gateway to know all daemons:\n{self.gateway.log_tail()}")

    def is_connected(self):
        """The gateway reaches every daemon of the stack."""
        reached = {daemon["name"] for daemon in self.rpc("gateway.status")["daemons"] if daemon["up"]}
        return reached >= set(self.names) - {"gateway"}

    def document(self):
        """The gateway's OpenRPC document, once it has the methods of all daemons of the stack."""
        found = {}

        def is_whole():
            found.update(self.gateway.get("/openrpc.json").json())
            return {method["name"].partition(".")[0] for method in found["methods"]} >= set(self.names)

        wait_until(is_whole, 60, "the gateway to know the methods of all daemons")
        return found

    def kill_all(self):
        for daemon in self.daemons.values():
            if daemon.is_running():
                daemon.kill()

    def close(self, check=True):
        """Stops everything; each daemon that still runs must end with 0, and no sanitizer may have found anything."""
        faults = []
        for name in reversed(self.names):
            daemon = self.daemons[name]
            ran = daemon.is_running()
            status = daemon.stop() if ran else 0
            if status != 0:
                faults.append(f"{name} ended with {status}:\n{daemon.log_tail()}")
            found = daemon.findings()
            if found:
                faults.append("\n".join([*(f"{name}: {line}" for line in found[:5]), daemon.log_tail()]))
            if check and name == "events" and ran:
                faults += self.projection_faults()
        logs = set(self.folder.rglob("*.log")) - {daemon.log for daemon in self.daemons.values()}
        faults += [fault for log in sorted(logs) for fault in loglines.faults(log.read_text(errors="replace"))]
        release(*(port for pair in self.ports.values() for port in pair))
        # The databases stay until their cluster is removed: dropping one costs a checkpoint.
        if check and faults:
            raise AssertionError("\n".join(faults))
        shutil.rmtree(self.folder, ignore_errors=True)

    def projection_faults(self):
        """Listings that search has otherwise than they are: something changed them and did not queue the projection."""
        with self.database("events") as database:
            if not database.execute("SELECT EXISTS (SELECT FROM listing)").fetchone()[0]:
                return []
        rows = [json.loads(line) for line in self["events"].command("check", check=False).stdout.splitlines()]
        astray = [row for row in rows if row["check"] in ("projection", "shared_walls", "spaces")]
        return [f"search or time does not have what the listings are: {astray[:5]}"] if astray else []

    # --- calls ---

    def rpc(self, method, params=None, token=None, **options):
        return self.gateway.rpc(method, params, token, **options)

    def error(self, method, params=None, token=None, **options):
        return self.gateway.error(method, params, token, **options)

    def database(self, name):
        """A psycopg connection to a daemon's database, for checks."""
        return self.cluster.connect(self.databases[name])

    # --- callers ---

    def login(self, email, password=PASSWORD):
        answer = self.rpc("passport.auth.login", {"email": email, "password": password})
        return User(answer["user"]["id"], email, answer["access_token"], answer["refresh_token"], self.gateway)

    def register(self, email, password=PASSWORD, name="Somebody"):
        """Registers and answers the letter: the new user's id."""
        door = self.gateway or self["passport"]
        door.rpc("passport.user.register", {"email": email, "password": password, "name": name})
        letter = self.mailbox.wait(email, "verify_email")
        answer = {"token": letter.token, "password": password}
        return door.rpc("passport.user.verify_email", answer)["user_id"]

    def user(self, name="Somebody"):
        """A new user, logged in."""
        email = f"user{next(_numbers)}.{secrets.token_hex(4)}@test.example"
        self.register(email, name=name)
        return self.login(email)

    def admin(self):
        """The administrator, logged in anew before the token expires."""
        if self._admin and time.monotonic() - self._admin_since > FRESH:
            self._admin, self._admin_since = self.login(self._admin.email), time.monotonic()
        if self._admin is None:
            self._admin_since = time.monotonic()
            password_file = self.folder / "admin.password"
            password_file.write_text(PASSWORD + "\n")
            email = "admin@test.example"
            self["passport"].command("admin", "create", "--email", email, "--password-file", password_file)
            self._admin = self.login(email)
        return self._admin

    def company(self, owner=None, name="Halls"):
        """A new company: (its id, its owner logged in again, so that the token knows the company)."""
        owner = owner or self.user("Owner")
        company = owner.rpc("passport.company.create", {"name": f"{name} {next(_numbers)}"})
        return company["id"], self.login(owner.email)

    def service_token(self, name="events"):
        """A token of a service account, as the daemon `name` would get it."""
        account = {"service": name, "secret": self.secrets[name]}
        return self["passport"].rpc("passport.auth.service_token", account)["access_token"]

    def listing_type(self):
        """The key of a type that listings may have."""
        if self._type is None:
            known = self.rpc("events.type.list")["items"]
            hall = {"key": "test_hall", "name": "Hall", "description": "For tests", "unit": "day"}
            self._type = (known or [self.admin().rpc("events.type.create", hall)])[0]["key"]
        return self._type

    def listing(self, company_id, owner, publish=True, **changes):
        """A listing of the company; published by the administrator unless told otherwise."""
        params = {"company_id": company_id, "type": changes.pop("type", None) or self.listing_type()}
        params |= {"title": f"Hall {next(_numbers)}", "capacity": 100, **changes}
        listing = owner.rpc("events.listing.create", params)
        if publish:
            for caller, method in ((owner, "submit"), (self.admin(), "approve")):
                read = {"id": listing["id"], "version": listing["version"]}
                listing = caller.rpc(f"events.listing.{method}", read)
        return listing

    def logs(self, lines=40):
        """The ends of all logs, for a person who reads about a failed test."""
        parts = [f"--- {name} ---\n{daemon.log_tail(lines)}" for name, daemon in self.daemons.items()]
        return "\n".join([*parts, f"--- postgres ---\n{self.cluster.log_tail(20)}"])
