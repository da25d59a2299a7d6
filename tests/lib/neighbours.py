"""Well-behaved callers beside an attack: what they notice of it, and how much memory it takes.

with Neighbours(stack, listings) as others:
    quiet = others.measure(3)
    with MemoryWatch(stack) as memory, my_attack():  # from 127.0.0.2
        hit = others.measure(8)
others.check(quiet, hit)
assert memory.peak("gateway") < 256

They call from 127.0.0.3 on, each with a token and a connection of its own, in a process of its own, so that what the
test does takes nothing from them.
"""

import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from callers import Callers
from socket_memory import socket_memory

MEDIAN_MS = 50  # what an attack may make of a median of a few
SLOW_MACHINE = 3  # times the quiet median, where that alone is more
PAUSE = 0.02  # between two calls of one caller
ROUNDS = 25  # point reads for each search
REFUSALS = {"rate_limited", "overloaded"}


@dataclass
class Figures:
    """What the callers got in one measurement. refused, failed: {word or fault: how many}."""

    calls: int
    refused: dict
    failed: dict
    median_ms: float
    p99_ms: float

    def __str__(self):
        return f"{self.calls} calls, median {self.median_ms:.1f} ms, p99 {self.p99_ms:.1f} ms"


class Neighbours:
    """`with Neighbours(stack, listings) as others`. listings: ids to read. searches: whether they search, too."""

    def __init__(self, stack, listings, callers=4, searches=True):
        plan = {
            "base": stack.gateway.base,
            "tokens": [stack.user(f"Neighbour {number}").token for number in range(callers)],
            "listings": list(listings)[:200],
            "searches": searches,
        }
        self.plan = json.dumps(plan)
        self.process = None

    def __enter__(self):
        command = [sys.executable, str(Path(__file__))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._tell(self.plan)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)

    def _tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def begin(self, seconds):
        """Has them call for so long; finish() waits for the end of it."""
        self._tell(json.dumps(seconds))

    def finish(self):
        """The Figures of what was begun."""
        line = self.process.stdout.readline()
        assert line, "the neighbours ended"
        return Figures(**json.loads(line))

    def measure(self, seconds):
        self.begin(seconds)
        return self.finish()

    @staticmethod
    def check(quiet, hit):
        """Nobody was refused, nothing failed, and the median is as it was, as far as people notice."""
        ratio = hit.p99_ms / max(quiet.p99_ms, 0.001)
        print(f"\n  undisturbed {quiet}\n  beside it   {hit}: p99 {ratio:.1f} times the undisturbed")
        assert quiet.calls > 0 and not quiet.failed and not quiet.refused, quiet
        assert hit.calls > 0 and not hit.failed and not hit.refused, hit
        assert hit.median_ms < max(MEDIAN_MS, SLOW_MACHINE * quiet.median_ms), f"{quiet}; then {hit}"


class MemoryWatch(Callers):
    """The most memory that each daemon of the stack had within the block, and that the kernel had for its clients."""

    def __init__(self, stack):
        self.stack = stack
        self.most, self.kernel = dict.fromkeys(stack.names, 0), dict.fromkeys(stack.names, 0)
        super().__init__([self._look], pause=0.05)

    def __exit__(self, *problem):
        super().__exit__(*problem)
        for what, sizes in (("most memory", self.most), ("of the kernel for their clients", self.kernel)):
            print(f"\n  {what}: " + ", ".join(f"{name} {size} MiB" for name, size in sizes.items()))

    def _look(self, _number):
        for name in self.stack.names:
            if self.stack[name].is_running():
                self.most[name] = max(self.most[name], self.stack[name].rss_kib() // 1024)
                self.kernel[name] = max(self.kernel[name], socket_memory(self.stack.ports[name][0]) >> 20)

    def peak(self, name):
        """MiB."""
        return self.most[name]

    def kernel_peak(self, name):
        """MiB."""
        return self.kernel[name]


# --- the process of the callers ---


class _Caller:
    def __init__(self, plan, number):
        self.plan, self.number = plan, number
        self.count = 0
        self.taken, self.refused, self.failed = [], {}, {}
        self.connection = None

    def _connect(self):
        door = urlsplit(self.plan["base"])
        source = (f"127.0.0.{3 + self.number}", 0)
        return http.client.HTTPConnection(door.hostname, door.port, timeout=10, source_address=source)

    def _draw(self):
        self.count += 1
        if self.plan["searches"] and self.count % ROUNDS == 0:
            return "events.listing.search", {"limit": 20}
        listings = self.plan["listings"]
        return "events.listing.get", {"id": listings[(self.number + 7 * self.count) % len(listings)]}

    def call(self):
        method, params = self._draw()
        body = json.dumps({"jsonrpc": "2.0", "id": self.count, "method": method, "params": params})
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.plan['tokens'][self.number]}"}
        self.connection = self.connection or self._connect()
        started = time.perf_counter()
        self.connection.request("POST", "/rpc", body, headers)
        answer = json.loads(self.connection.getresponse().read())
        self.taken.append(time.perf_counter() - started)
        word = answer.get("error", {}).get("data", {}).get("code")
        if "error" in answer:
            kind = self.refused if word in REFUSALS else self.failed
            kind[f"{method} {word}"] = kind.get(f"{method} {word}", 0) + 1

    def run(self, until):
        self.taken, self.refused, self.failed = [], {}, {}
        while time.monotonic() < until:
            try:
                self.call()
            except Exception as error:  # whatever it is, no call was to fail
                self.failed[repr(error)] = self.failed.get(repr(error), 0) + 1
                self.connection = None
            time.sleep(PAUSE)


def _sum(parts):
    total = {}
    for part in parts:
        for name, count in part.items():
            total[name] = total.get(name, 0) + count
    return total


def _measure(callers, seconds):
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=caller.run, args=(until,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = sorted(1000 * one for caller in callers for one in caller.taken) or [0]
    return {
        "calls": len(taken),
        "refused": _sum(caller.refused for caller in callers),
        "failed": _sum(caller.failed for caller in callers),
        "median_ms": statistics.median(taken),
        "p99_ms": taken[min(len(taken) - 1, len(taken) * 99 // 100)],
    }


def _main():
    plan = json.loads(sys.stdin.readline())
    callers = [_Caller(plan, number) for number in range(len(plan["tokens"]))]
    for line in sys.stdin:
        print(json.dumps(_measure(callers, json.loads(line))), flush=True)


if __name__ == "__main__":
    _main()
