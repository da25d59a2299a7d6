"""deploy/local: one command starts everything, again it does no harm, and one stops it."""

import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from mailbox import Mailbox
from pathlib import Path

import loglines
import pytest
from ports import free_port, listener
from rpc import Endpoint
from stack import NAMES, ROOT
from waiting import wait_until


class Local:
    """A data directory and the scripts of deploy/local on it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="eventloop-local-"))
        self.folder.chmod(0o755)
        self.port = free_port(also=1)
        others = "".join(f"{name}_port={free_port(also=100)}\n" for name in NAMES if name != "gateway")
        (self.folder / "ports.env").write_text(f"{others}gateway_port={self.port}\n")

    def run(self, script, *arguments, check=True):
        command = [ROOT / "deploy/local" / script, "--data-dir", self.folder, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=280)
        assert not check or result.returncode == 0, f"{script}:\n{result.stdout}\n{result.stderr}"
        return result

    def up(self, *more):
        preset = os.environ.get("EVENTLOOP_PRESET", "release")
        return self.run("up", "--empty", "--port", str(self.port), "--preset", preset, *more)

    def pids(self):
        return {name: int((self.folder / "run" / f"{name}.pid").read_text()) for name in NAMES}


@pytest.fixture(scope="module")
def local():
    place = Local()
    yield place
    place.run("down", check=False)
    shutil.rmtree(place.folder)


def test_up_starts_everything_and_tells_how_to_reach_it(local):
    output = local.up().stdout
    assert f"http://127.0.0.1:{local.port}" in output
    admin_file = local.folder / "admin.json"
    assert stat.S_IMODE(admin_file.stat().st_mode) == 0o600
    admin = json.loads(admin_file.read_text())
    gateway = Endpoint(admin["gateway"])
    login = gateway.rpc("passport.auth.login", {"email": admin["email"], "password": admin["password"]})
    me = gateway.rpc("passport.user.me", {}, login["access_token"])
    assert "admin" in me["roles"]
    assert admin["password"] not in output
    assert f"{local.folder}/mail" in output
    new = {"email": "ann@test.example", "password": "correct horse battery", "name": "Ann"}
    gateway.rpc("passport.user.register", new)
    assert Mailbox(local.folder / "mail").wait(new["email"], "verify_email").link.startswith(admin["gateway"])


@pytest.mark.parametrize("above", [0, 1])
def test_a_port_that_is_taken_is_told_before_anything_is_built(above):
    """One line says which, and what to do; of a build there is nothing yet."""
    place = Local()
    (place.folder / "ports.env").unlink()  # up chooses the others
    with listener(place.port + above):
        result = place.run("up", "--empty", "--port", str(place.port), "--preset", "no-such-preset", check=False)
    shutil.rmtree(place.folder)
    assert (result.returncode, result.stdout) == (1, "")
    [line] = result.stderr.splitlines()
    assert f"port {place.port + above}, for gateway, is taken by another program" in line and "--port" in line


def test_ports_that_cannot_be_are_told_too():
    place = Local()
    taken = free_port()
    with listener(taken):
        ports = {name: free_port() for name in NAMES} | {"rating": taken}
        lines = "".join(f"{name}_port={port}\n" for name, port in ports.items())
        (place.folder / "ports.env").write_text(lines)
        result = place.run("up", "--empty", "--preset", "no-such-preset", check=False)
    assert f"port {taken}, for rating, is taken" in result.stderr and "ports.env" in result.stderr
    result = place.run("up", "--port", str(ports["events"]), "--preset", "no-such-preset", check=False)
    shutil.rmtree(place.folder)
    assert f"port {ports['events']}, for gateway, is what events has here" in result.stderr
    assert "65534" in place.run("up", "--port", "65535", check=False).stderr


@pytest.mark.parametrize(
    "origin", ["http://localhost:5173/", "localhost:5173", "HTTPS://a.example", "https://a.example b"]
)
def test_what_is_no_origin_is_told_before_anything_is_stopped(origin):
    place = Local()
    result = place.run("up", "--cors-origin", origin, "--preset", "no-such-preset", check=False)
    shutil.rmtree(place.folder)
    [line] = result.stderr.splitlines()
    assert (result.returncode, result.stdout) == (1, "") and f"--cors-origin {origin} is no origin" in line


def test_up_again_leaves_what_runs_and_starts_what_died(local):
    local.up()
    before = local.pids()
    status = local.run("status").stdout
    assert status.count(" yes ") == len(NAMES) + 1 and f"{local.folder}/mail" in status
    os.kill(before["events"], signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{before['events']}/exe").exists(), what="events to be gone")
    status = local.run("status", check=False)
    assert status.returncode == 1 and " down " in status.stdout
    local.up()
    after = local.pids()
    assert {name for name in NAMES if after[name] != before[name]} == {"events"}
    assert local.run("status").returncode == 0


def test_a_data_directory_made_before_gets_the_link_secret_and_keeps_the_others(local):
    """As an upgrade finds it: a secrets.env and settings that know no link_secret."""
    local.up()
    before, secrets = local.pids(), local.folder / "secrets.env"
    lines = secrets.read_text().splitlines()
    old = [line for line in lines if not line.startswith("LINK_SECRET=")]
    assert len(old) == len(lines) - 1
    secrets.write_text("".join(f"{line}\n" for line in old))
    local.up()
    *kept, made = secrets.read_text().splitlines()
    assert kept == old and made not in lines and made.startswith("LINK_SECRET=") and len(made) >= 12 + 32
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert not set(local.pids().values()) & set(before.values())
    for name in NAMES:
        text = (local.folder / "config" / f"{name}.conf").read_text()
        assert text.count(f"link_secret = {made.removeprefix('LINK_SECRET=')}\n") == 1


def test_pages_of_other_origins_and_an_internal_address(local):
    vite, shop = "http://localhost:5173", "https://shop.example"
    local.up("--cors-origin", vite, "--cors-origin", shop)
    local.up()
    public, internal = Endpoint(f"http://127.0.0.1:{local.port}"), Endpoint(f"http://127.0.0.1:{local.port + 1}")
    allowed = lambda origin: public.get("/docs", headers={"Origin": origin}).headers.get("Access-Control-Allow-Origin")
    assert [allowed(origin) for origin in (vite, shop, "https://other.example")] == [vite, shop, None]
    for path in ("/livez", "/readyz", "/metrics"):
        assert (internal.get(path).status_code, public.get(path).status_code) == (200, 404)
    metadata = public.get("/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == public.base
    local.up("--cors-origin", "")
    assert allowed(vite) is None


def test_logs_and_down(local):
    local.up()
    assert local.run("logs", "gateway", "-n", "5").stdout.strip()
    faults = [fault for name in NAMES for fault in loglines.faults((local.folder / "log" / f"{name}.log").read_text())]
    assert not faults, "\n".join(faults)
    pids = local.pids()
    local.run("down")
    assert not [name for name, pid in pids.items() if Path(f"/proc/{pid}/exe").exists()]
    assert local.run("status", check=False).returncode == 1
    assert (local.folder / "postgres" / "data" / "PG_VERSION").exists()
    local.run("down")
