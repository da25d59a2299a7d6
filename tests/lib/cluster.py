"""A private PostgreSQL for tests: made in a temporary folder, reached through a Unix socket, fsync on, killable."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

import psycopg
from waiting import wait_until

SETTINGS = """
listen_addresses = ''
max_connections = 300
shared_buffers = 128MB
fsync = on
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
log_line_prefix = '%m [%p] %d '
"""


def newest_programs():
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    return max(versions, key=lambda path: float(path.parent.name))


def place(on_disk):
    """Where the files go: memory when it has room, which spares hundreds of databases the disk's fsync."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 6 << 30
    return memory if roomy and not on_disk else None


class Cluster:
    """`with Cluster() as cluster`: initialised and running. kill() and start() may be called in between.

    on_disk: on the real disk, whatever it costs.
    """

    def __init__(self, settings="", on_disk=False):
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self.programs = newest_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="eventloop-pg-", dir=place(on_disk)))
        self.socket = self.folder / "socket"
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.process = None
        self._databases = 0
        self._initialise(settings)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)  # without a last checkpoint: the folder goes anyway
            self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _as_user(self, *command):
        """The command line under the cluster's user; the process dies with this one."""
        identity = []
        if os.getuid() == 0:
            identity = [f"--reuid={self.user}", f"--regid={pwd.getpwnam(self.user).pw_gid}", "--init-groups"]
        return ["setpriv", *identity, "--pdeathsig=KILL", "--", *map(str, command)]

    def _initialise(self, settings):
        self.folder.chmod(0o755)
        self.socket.mkdir(mode=0o700)
        self.data.mkdir(mode=0o700)
        self.log.touch(mode=0o600)
        for path in (self.socket, self.data, self.log):
            shutil.chown(path, self.user)
        command = self._as_user(
            self.programs / "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        )
        subprocess.run(command, check=True, capture_output=True, cwd="/")
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.write(f"{SETTINGS}unix_socket_directories = '{self.socket}'\n{settings}\n")

    def start(self):
        """Starts the server and waits until it answers. After kill() it recovers first."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self._as_user(self.programs / "postgres", "-D", self.data), stdout=log, stderr=log, cwd="/"
            )
        wait_until(self._answers, 60, f"PostgreSQL to start:\n{self.log_tail()}")
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'eventloop'").fetchone():
                connection.execute("CREATE ROLE eventloop LOGIN")

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended with {self.process.returncode}")
        with self.connect():
            return True

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # fast shutdown
            self.process.wait(60)

    def kill(self):
        """kill -9 of the server and all its backends at once, as a loss of power would."""
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        self.process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self.process.wait(30)
        wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 30, "backends to end")

    def connect(self, database="postgres", user="postgres"):
        """A psycopg connection in autocommit."""
        return psycopg.connect(host=str(self.socket), dbname=database, user=user, autocommit=True, connect_timeout=5)

    def url(self, database):
        return f"postgresql://eventloop@{quote(str(self.socket), safe='')}/{database}"

    def create_database(self, stem, template=None):
        """Makes a database with a name of its own and returns the name."""
        self._databases += 1
        name = f"{stem}_{self._databases}"
        source = f'TEMPLATE "{template}"' if template else ""
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}" OWNER eventloop {source}')
        return name

    def log_tail(self, lines=40):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""  # a run that ends removes it first
        return "\n".join(text.splitlines()[-lines:])
