"""Rates: wrk, pgbench, and rounds in which the contenders take turns, compared by the median of paired ratios."""

import json
import re
import resource
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from machine import Cluster, Process


@dataclass
class Row:
    """One line of the table. good: None where there is nothing to hold."""

    what: str
    against: str
    hold: str
    measured: str
    good: bool | None
    notes: list[str] = field(default_factory=list)


@dataclass
class Rate:
    """A run: requests a second; microseconds of CPU a request, of the watched processes and with the client's own;
    latencies in ms."""

    rate: float
    cpu: float = 0.0
    all_cpu: float = 0.0
    p50: float = 0.0
    p99: float = 0.0


def milliseconds(text: str, percent: int) -> float:
    """A percentile of what wrk wrote."""
    found = re.search(rf" {percent}%\s+([\d.]+)(us|ms|s|m)", text)
    if not found:
        raise RuntimeError(f"wrk tells no latency:\n{text}")
    number, unit = found.groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def request_script(folder: Path, name: str, method: str, params, token: str | None = None) -> Path:
    """A wrk script that sends one call again and again."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    script = folder / f"{name}.lua"
    authorization = f'wrk.headers["Authorization"] = "Bearer {token}"\n' if token else ""
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = [==[{body}]==]\n"
        f"wrk.headers['Content-Type'] = 'application/json'\n{authorization}"
    )
    return script


class Meter:
    """CPU seconds from its making to stop(): of the watched processes, and with those of programs run meanwhile."""

    def __init__(self, watched: list[Process] | None):
        self.processes = watched or []
        self.watched = -self._watched()
        self.all = -self._clients()

    def _watched(self) -> float:
        return sum(process.cpu() for process in self.processes)

    def _clients(self) -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def stop(self):
        self.watched += self._watched()
        self.all += self._clients() + self.watched


def wrk(
    url: str,
    seconds: float,
    connections: int,
    script: Path | None = None,
    watched: list[Process] | None = None,
    core: int | None = None,
    arguments: list[str] | None = None,
) -> Rate:
    """Loads a URL. Fails when answers are not 200."""
    line = ["taskset", "-c", str(core)] if core is not None else []
    line += ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    line += ["-s", str(script)] if script else []
    meter = Meter(watched)
    result = subprocess.run([*line, url, *(arguments or [])], capture_output=True, text=True)
    meter.stop()
    text = result.stdout
    if result.returncode != 0:
        raise RuntimeError(f"wrk failed:\n{text[-500:]}{result.stderr[-1000:]}")
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if bad:
        raise RuntimeError(f"{bad.group(1)} answers of {url} are not 200:\n{text}")
    count = int(re.search(r"(\d+) requests in", text).group(1))
    if count == 0:
        raise RuntimeError(f"{url} did not answer:\n{text}")
    p50, p99 = (milliseconds(text, percent) for percent in (50, 99))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    return Rate(rate, meter.watched / max(count, 1) * 1e6, meter.all / max(count, 1) * 1e6, p50, p99)


def pgbench(
    cluster: Cluster,
    database: str,
    script: Path | list[Path],
    seconds: float,
    clients: int = 16,
    variables: dict | None = None,
) -> Rate:
    line = ["pgbench", "-n", "-M", "prepared", "-c", clients, "-j", 1, "-T", max(1, round(seconds))]
    for one in script if isinstance(script, list) else [script]:
        line += ["-f", one]
    for name, value in (variables or {}).items():
        line += ["-D", f"{name}={value}"]
    line += ["-h", cluster.socket, "-U", "postgres", database]
    meter = Meter([cluster.process])
    result = subprocess.run(list(map(str, line)), capture_output=True, text=True)
    meter.stop()
    if result.returncode != 0 or "aborted" in result.stderr:
        raise RuntimeError(result.stderr[:2000])
    count = int(re.search(r"actually processed: (\d+)", result.stdout).group(1))
    if count == 0:
        raise RuntimeError(f"pgbench came to nothing:\n{result.stdout}")
    rate = float(re.search(r"tps = ([\d.]+)", result.stdout).group(1))
    return Rate(rate, meter.watched / max(count, 1) * 1e6, meter.all / max(count, 1) * 1e6)


def rounds(count: int, contenders: dict) -> dict[str, list[Rate]]:
    """Runs the contenders in turns, each time beginning with another, and gives their rates in the order of rounds."""
    found: dict[str, list[Rate]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(count):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            found[name].append(contenders[name]())
    return found


def pair(found: dict[str, list[Rate]], one: str, other: str, what: str = "rate") -> float:
    """The median of the rounds' ratios one/other."""
    pairs = zip(found[one], found[other], strict=True)
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in pairs)


def middle(found: list[Rate], what: str = "rate") -> float:
    return statistics.median(getattr(rate, what) for rate in found)
