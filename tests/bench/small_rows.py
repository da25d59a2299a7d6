"""Tokens, logins, coroutines, memory, start: what needs no peer, or a small program of the bench's own."""

import json
import os
import socket
import statistics
import subprocess
import threading
import time

from http_rows import values
from machine import BUILD, NAMES, PASSWORD, Stack, is_ready, rpc, until
from rates import Rate, Row, middle, pair, request_script, rounds, wrk


def token(bench) -> list[Row]:
    """With mimalloc, as daemons run."""
    environment = {**os.environ, "LD_PRELOAD": "libmimalloc.so.2"}
    program = BUILD / "tests" / "bench_token"
    text = subprocess.run([program], capture_output=True, text=True, check=True, env=environment).stdout
    found = {one["algorithm"]: one for one in map(json.loads, text.splitlines())}
    known = found["ES256"]["known_ns"] / 1000
    rows = [Row("known token", "-", "<= 0.5 us", f"{known:.2f} us", known <= 0.5, text.splitlines())]
    for algorithm, one in found.items():
        ratio = one["unknown_to_bare"]
        what = f"unknown token, {algorithm}"
        rows.append(Row(what, "OpenSSL's bare verify", "<= 1.3 x", f"{ratio:.2f} x", ratio <= 1.3))
    return rows


class Health:
    """Asks passport's /livez every 20 ms on one connection and keeps the times."""

    def __init__(self, port: int):
        self.port, self.times, self.ends = port, [], False
        self.thread = threading.Thread(target=self._ask)

    def _ask(self):
        with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self.ends:
                started = time.monotonic()
                connection.sendall(b"GET /livez HTTP/1.1\r\nHost: b\r\n\r\n")
                if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                    raise RuntimeError("/livez is not 200")
                self.times.append((time.monotonic() - started) * 1000)
                time.sleep(0.02)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.thread.join()


def login(bench) -> list[Row]:
    stack: Stack = bench.stack
    base = stack.base("passport")
    email = "login@bench.example"
    stack.register(email, "Login")
    script = request_script(bench.folder, "login", "passport.auth.login", {"email": email, "password": PASSWORD})
    times: list[float] = []

    def ours():
        with Health(stack.ports["passport"]) as health:
            rate = wrk(f"{base}/rpc", max(2, bench.seconds), 8, script)
        times.extend(health.times)
        return rate

    def bare():
        return Rate(values("bench_argon2", max(2, bench.seconds), 2)["argon2id_rate"])

    found = rounds(bench.rounds, {"ours": ours, "bare": bare})
    rpc(base, "passport.auth.login", {"email": email, "password": PASSWORD})  # it still answers what it should
    ratio = pair(found, "ours", "bare")
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    notes = [f"{name}: {middle(rates):.1f}/s" for name, rates in found.items()]
    notes.append(f"/livez meanwhile: p50 {p50:.2f} ms, worst {max(times):.1f} ms, {len(times)} times")
    return [
        Row("login", "bare Argon2id, 2 threads", ">= 0.95 x", f"{ratio:.2f} x", ratio >= 0.95, notes),
        Row("  /livez meanwhile, p99", "-", "<= 5 ms", f"{p99:.1f} ms", p99 <= 5),
    ]


def coroutines(bench) -> list[Row]:
    found = values("bench_co")
    switch, parked = found["co_switch"], found["co_parked_memory"] / 1024
    return [
        Row("coroutine switch", "-", "<= 50 ns", f"{switch:.0f} ns", switch <= 50),
        Row("coroutine parked", "libevent callbacks: 3.7 KiB", "<= 12 KiB", f"{parked:.1f} KiB", parked <= 12),
    ]


def memory(bench) -> list[Row]:
    """All five, as they are after their start; the bench daemon makes way for rating."""
    stack = Stack(bench.folder, bench.cluster, "_idle")
    for name in NAMES:
        if name != "gateway":
            stack.make_database(name)
    for name in NAMES:
        stack.start(name, wait=False)
    for name in NAMES:
        stack.wait(name)
    time.sleep(2)
    found = {name: stack.processes[name].rss() for name in NAMES}
    stack.stop_all()
    rows, total = [], sum(found.values())
    for name, mib in found.items():
        limit = 40 if name == "images" else 14
        rows.append(Row(f"idle memory, {name}", "-", f"<= {limit} MiB", f"{mib:.1f} MiB", mib <= limit))
    rows.append(Row("idle memory, all five", "-", "<= 90 MiB", f"{total:.1f} MiB", total <= 90))
    return rows + start(bench, stack)


def start(bench, stack: Stack) -> list[Row]:
    """From exec to a /readyz of 200, each daemon by itself on a migrated database (passport first: keys)."""
    stack.start("passport")
    rows = []
    for name in ("passport", "events", "rating", "images", "gateway"):
        times, spent = [], []
        for _ in range(3 if bench.quick else 7):
            if name == "passport":
                stack.stop("passport")
            started = time.monotonic()
            stack.start(name, wait=False)
            until(lambda name=name: is_ready(stack.ports[name]), 30, 0.001)
            times.append((time.monotonic() - started) * 1000)
            spent.append(stack.processes[name].cpu() * 1000)
            if name != "passport":
                stack.stop(name)
        took = statistics.median(times)
        notes = [f"{name}: " + ", ".join(f"{one:.0f}" for one in times)]
        notes[0] += f" ms; {statistics.median(spent):.0f} ms of CPU"
        rows.append(Row(f"start to ready, {name}", "-", "<= 50 ms", f"{took:.0f} ms", took <= 50, notes))
    stack.stop_all()
    return rows


def thumbnails(bench) -> list[Row]:
    return [Row("12 MP JPEG to 400 px", "vipsthumbnail", ">= 0.9 x", "not built yet", None)]
