"""One running daemon of a test: its settings file, its log, its life and death."""

import os
import signal
import subprocess

import loglines
from rpc import Endpoint
from waiting import wait_until

# What a sanitizer writes into the log when it found something.
FINDINGS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer")


class Daemon(Endpoint):
    """eventloop-NAME on a port of its own. settings: what its settings file says beyond what the stack gives."""

    def __init__(self, name, program, folder, settings):
        super().__init__(f"http://127.0.0.1:{settings['port']}")
        self.name = name
        self.program = program
        self.config = folder / f"{name}.conf"
        self.log = folder / f"{name}.log"
        self.settings = settings
        self.process = None
        self.write_settings()

    def write_settings(self, **changes):
        self.settings.update(changes)
        text = "".join(f"{key} = {value}\n" for key, value in self.settings.items() if value is not None)
        self.config.touch(mode=0o600)
        self.config.write_text(text)

    def start(self, wait=True):
        with open(self.log, "ab") as log:
            command = ["setpriv", "--pdeathsig=KILL", "--", str(self.program), "serve", "--config", str(self.config)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            self.wait_ready()

    def wait_ready(self, timeout=60):
        wait_until(self.is_ready, timeout, f"{self.name} to be ready; its log:\n{self.log_tail()}")

    def is_ready(self):
        if not self.is_running():
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.log_tail(20)}")
        return self.probes().get("/readyz", timeout=5).status_code == 200

    def probes(self):
        """Where /livez, /readyz and /metrics are."""
        internal = self.settings.get("internal_listen")
        return Endpoint(f"http://{internal}") if internal else self

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait(30)

    def stop(self, timeout=60):
        """SIGTERM; the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {timeout} s:\n{self.log_tail()}") from None

    def restart(self):
        self.stop()
        self.start()

    def reload(self):
        """SIGHUP: what --help marks as reloadable is read anew."""
        self.process.send_signal(signal.SIGHUP)

    def pause(self):
        """SIGSTOP: the process is there and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def command(self, *arguments, check=True, timeout=300):
        """Runs a command of the program (migrate, import FILE, ...) with the daemon's settings. Its log is `stderr`."""
        line = [str(self.program), *map(str, arguments), "--config", str(self.config)]
        result = subprocess.run(line, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        if check and result.returncode != 0:
            raise AssertionError(f"{' '.join(line)}: exit {result.returncode}\n{result.stdout}\n{result.stderr}")
        found = loglines.faults(result.stderr)
        assert not found or any(finding in result.stderr for finding in FINDINGS), "\n".join(found)
        return result

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_tail(self, lines=60):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def findings(self):
        """What sanitizers found, as lines of the log; without any, the lines that are no log lines."""
        text = self.log_text()
        found = [line for line in text.splitlines() if any(finding in line for finding in FINDINGS)]
        return found or loglines.faults(text)
