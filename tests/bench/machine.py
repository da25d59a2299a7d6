"""What the benchmarks run on: processes pinned to cores and counted, a PostgreSQL of their own, the daemons, peers."""

import base64
import contextlib
import ctypes
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

from ports import free_port
from statement_log import Statement, read_statements

ROOT = Path(__file__).resolve().parents[2]
PRESET = os.environ.get("EVENTLOOP_PRESET", "release")
BUILD = ROOT / "build" / PRESET
NAMES = ("passport", "events", "rating", "images", "gateway")
PASSWORD = "correct horse battery"
# The bench is one caller: it pays, so that what limits cost is in the figures, and has as much as it can spend.
NO_LIMITS = {f"limit_{bucket}_{what}": 1_000_000 for bucket in ("point", "lane", "write") for what in ("rate", "burst")}
TICKS = os.sysconf("SC_CLK_TCK")


def build():
    """The daemons and the bench's own programs."""
    programs = [path.stem for path in (ROOT / "tests" / "bench").glob("bench_*.c")]
    targets = [f"eventloop-{name}" for name in NAMES] + programs
    for command in (
        ["cmake", "--preset", PRESET],
        ["cmake", "--build", "--preset", PRESET, "-j2", "--target", *targets],
    ):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"the build failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def until(condition, timeout: float = 30.0, interval: float = 0.01):
    """Asks until the condition holds; gives what it gave."""
    deadline = time.monotonic() + timeout
    while True:
        with contextlib.suppress(OSError):
            value = condition()
            if value:
                return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for {getattr(condition, '__name__', 'a condition')}")
        time.sleep(interval)


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def family(pid: int) -> list[int]:
    """The process and its children (nginx's worker, PostgreSQL's back ends)."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def cpu_of(pid: int) -> float:
    """Seconds of CPU of a process and its children so far, of those that ended too. Processes' own clocks are finer
    than the ticks of stat, and have threads that ended in them."""
    ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    total = (int(ended[13]) + int(ended[14])) / TICKS
    for one in family(pid):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            total += time.clock_gettime(~one << 3 | 2)  # what clock_getcpuclockid gives
    return total


class Process:
    """A running program. core: what it is pinned to, None for all."""

    def __init__(self, command, log: Path, core: int | None = None, environment=None):
        line = ["taskset", "-c", str(core), *map(str, command)] if core is not None else list(map(str, command))
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                line,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                cwd="/",
                env={**os.environ, **(environment or {})},
                preexec_fn=_die_with_parent,
            )
        self.log = log

    def cpu(self) -> float:
        return cpu_of(self.popen.pid)

    def rss(self) -> float:
        """MiB resident."""
        text = Path(f"/proc/{self.popen.pid}/status").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) / 1024

    def pin(self, core: int | None):
        cores = {core} if core is not None else set(range(os.cpu_count()))
        for task in Path(f"/proc/{self.popen.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), cores)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def stop(self, how=signal.SIGTERM):
        if self.popen.poll() is None:
            self.popen.send_signal(how)
            try:
                self.popen.wait(15)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


class Cluster:
    """A PostgreSQL in a temporary folder, fsync on, reached through a Unix socket."""

    SETTINGS = """
listen_addresses = ''
fsync = on
shared_buffers = 2GB
max_wal_size = 8GB
checkpoint_timeout = 30min
maintenance_work_mem = 1GB
max_connections = 200
jit = off
autovacuum_naptime = 1h
timezone = 'UTC'
log_timezone = 'UTC'
"""

    def __init__(self, folder: Path):
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        self.home = folder / "postgres"
        self.data, self.socket, self.log = self.home / "data", self.home / "socket", folder / "postgres.log"
        self.home.mkdir()
        for path in (self.data, self.socket):
            path.mkdir(mode=0o700)
        if os.getuid() == 0:
            for path in (self.home, self.data, self.socket):
                shutil.chown(path, self.user)
        initdb = [self.programs / "initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "-E", "UTF8"]
        subprocess.run(self._as_user(*initdb, "--locale=C.UTF-8"), check=True, capture_output=True, cwd="/")
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.write(f"{self.SETTINGS}unix_socket_directories = '{self.socket}'\n")
        self.process = Process(self._as_user(self.programs / "postgres", "-D", self.data), self.log)
        until(lambda: self._answers(), 60)
        self.sql("postgres", "CREATE ROLE eventloop LOGIN SUPERUSER")

    def _as_user(self, *command):
        identity = []
        if os.getuid() == 0:
            identity = [f"--reuid={self.user}", f"--regid={pwd.getpwnam(self.user).pw_gid}", "--init-groups"]
        return ["setpriv", *identity, "--pdeathsig=KILL", "--", *map(str, command)] if identity else list(command)

    def _answers(self):
        self.process.popen.poll()
        return (self.socket / ".s.PGSQL.5432").exists() and self.sql("postgres", "SELECT 1", check=False) == "1"

    def sql(self, database: str, text: str, check: bool = True) -> str:
        """Runs SQL (several statements, each by itself) and gives what it wrote, unaligned."""
        line = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-U", "postgres"]
        result = subprocess.run([*map(str, line), "-d", database], input=text, capture_output=True, text=True)
        if check and result.returncode != 0:
            raise RuntimeError(f"{result.stderr}\n{text[:2000]}")
        return result.stdout.strip()

    def analyze(self, database: str):
        """What autovacuum, which is off here, does within a minute: daemons have plans for tables that were empty."""
        self.sql(database, "ANALYZE")

    def url(self, database: str) -> str:
        return f"postgresql://eventloop@{quote(str(self.socket), safe='')}/{database}"

    def record(self, act) -> list[Statement]:
        """Every statement that sessions execute while act() runs."""
        self._log_statements("all")
        start = self.log.stat().st_size
        act()
        self._log_statements("none")
        with open(self.log, "rb") as log:
            log.seek(start)
            return read_statements(log.read().decode())

    def _log_statements(self, which: str):
        self.sql("postgres", f"ALTER SYSTEM SET log_statement = '{which}'")
        self.sql("postgres", "SELECT pg_reload_conf()")
        time.sleep(0.3)  # sessions read it when their next statement comes, after the server's signal

    def stop(self):
        self.process.stop(signal.SIGINT)


class RpcError(Exception):
    pass


def rpc(base: str, method: str, params=None, token: str | None = None, timeout: float = 60):
    """The result of one call."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}).encode()
    request = urllib.request.Request(f"{base}/rpc", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise RpcError(f"{method}: {error.read()[:500]!r}") from None
    if "error" in answer:
        raise RpcError(f"{method}: {answer['error']}")
    return answer["result"]


def is_ready(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 1) as connection:
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
        return connection.recv(64).startswith(b"HTTP/1.1 200")


class Stack:
    """The daemons on free ports with databases of their own. bench: the bench daemon stands in for rating."""

    def __init__(self, folder: Path, cluster: Cluster, suffix: str = "", settings=None):
        self.folder = folder / f"stack{suffix}"
        self.folder.mkdir()
        (self.folder / "images").mkdir()
        self.cluster, self.suffix, self.settings = cluster, suffix, settings or {}
        self.ports = {name: free_port(100) for name in NAMES}
        self.secrets = {name: secrets.token_urlsafe(24) for name in NAMES}
        self.link_secret = secrets.token_urlsafe(32)
        self.master_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        self.processes: dict[str, Process] = {}

    def base(self, name: str = "gateway") -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def database(self, name: str) -> str:
        return f"{name}{self.suffix}"

    def _config(self, name: str, program: str) -> Path:
        values = {"port": self.ports[name], "log_level": "warning", "link_secret": self.link_secret}
        for other in NAMES:
            if other not in (name, "gateway"):
                values[f"{other}_link"] = f"127.0.0.1:{self.ports[other] + 100}"
        if name != "gateway" and program.startswith("eventloop-"):
            values["database_url"] = self.cluster.url(self.database(name))
        if name == "passport":
            values["master_key"] = self.master_key
            values |= {"login_limit_network": 0, "login_limit_account": 0}  # one client is all the load
            accounts = [f"{other}:{secret}" for other, secret in self.secrets.items() if other != "passport"]
            values["service_secrets"] = ",".join(accounts)
            values |= {"mail_dir": self.folder / "mail", "account_limit": 0}
        else:
            values |= {"passport_url": self.base("passport"), "service_secret": self.secrets[name]}
        if name == "gateway":
            values["images_url"] = self.base("images")
            values |= NO_LIMITS
        if name == "images":
            values["store_dir"] = self.folder / "images"
        values |= self.settings.get("*", {}) | self.settings.get(name, {})
        path = self.folder / f"{name}.conf"
        path.write_text("".join(f"{key} = {value}\n" for key, value in values.items()))
        return path

    def make_database(self, name: str):
        self.cluster.sql("postgres", f'CREATE DATABASE "{self.database(name)}" OWNER eventloop')
        line = [BUILD / f"eventloop-{name}", "migrate", "--config", self._config(name, f"eventloop-{name}")]
        subprocess.run(line, check=True, capture_output=True)

    def start(self, name: str, core: int | None = None, program: Path | None = None, wait: bool = True) -> Process:
        """Starts a daemon. A program of the bench (no eventloop-...) has no database, and mimalloc put before it."""
        program = program or BUILD / f"eventloop-{name}"
        config = self._config(name, program.name)
        environment = {} if program.name.startswith("eventloop-") else {"LD_PRELOAD": "libmimalloc.so.2"}
        process = Process([program, "serve", "--config", config], self.folder / f"{name}.log", core, environment)
        self.processes[name] = process
        if wait:
            self.wait(name)
        return process

    def wait(self, name: str):
        process = self.processes[name]

        def ready():
            if process.popen.poll() is not None:
                raise RuntimeError(f"{name} ended:\n{process.tail()}")
            return is_ready(self.ports[name])

        try:
            until(ready)
        except TimeoutError:
            raise RuntimeError(f"{name} is not ready:\n{process.tail()}") from None

    def stop(self, name: str):
        self.processes.pop(name).stop()

    def stop_all(self):
        for process in self.processes.values():
            process.popen.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.stop()
        self.processes.clear()

    def letter_token(self, email: str) -> str | None:
        """The token of a letter to the address, None before it is there."""
        for path in (self.folder / "mail").glob("*.eml"):
            letter = path.read_text()
            if email in letter:
                return re.search(r"^token: (\S+)", letter, re.MULTILINE)[1]
        return None

    def register(self, email: str, name: str = "Bench"):
        """Registers through passport's own door and answers the letter."""
        door = self.base("passport")
        rpc(door, "passport.user.register", {"email": email, "password": PASSWORD, "name": name})
        token = until(lambda: self.letter_token(email))
        rpc(door, "passport.user.verify_email", {"token": token, "password": PASSWORD})

    def user(self, name: str = "Bench") -> tuple[str, str]:
        """A new user: (id, access token)."""
        email = f"{secrets.token_hex(6)}@bench.example"
        self.register(email, name)
        answer = rpc(self.base("passport"), "passport.auth.login", {"email": email, "password": PASSWORD})
        return answer["user"]["id"], answer["access_token"]


@contextlib.contextmanager
def workshop():
    """A folder of its own that everything is in, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="eventloop-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
