"""Calls that cost next to nothing: through the gateway beside nginx and HAProxy, and a daemon's own door and link."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from machine import BUILD, Process, Stack, rpc, until
from ports import free_port
from rates import Row, middle, pair, request_script, rounds, wrk

PROXY_CORE, UPSTREAM_CORE = 0, 1
CHECK = {"id": "01932b5c-7a10-7000-8000-000000000001", "units": 2}

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err; {user}
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream u {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}
"""
HAPROXY = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
listen l
  bind 127.0.0.1:{port}
  server s 127.0.0.1:{upstream}
"""


@dataclass
class Peer:
    process: Process
    url: str


def start_nginx(folder: Path, upstream: int) -> Peer:
    port, own = free_port(), folder / f"nginx-{upstream}"
    own.mkdir()
    user = "user root;" if Path.home() == Path("/root") else ""
    (own / "nginx.conf").write_text(NGINX.format(folder=own, port=port, upstream=upstream, user=user))
    process = Process(["nginx", "-e", own / "nginx.err", "-c", own / "nginx.conf"], own / "log", PROXY_CORE)
    return Peer(process, f"http://127.0.0.1:{port}/rpc")


def start_haproxy(folder: Path, upstream: int) -> Peer:
    port, conf = free_port(), folder / f"haproxy-{upstream}.conf"
    conf.write_text(HAPROXY.format(port=port, upstream=upstream))
    process = Process(["haproxy", "-db", "-f", conf], folder / "haproxy.log", PROXY_CORE)
    return Peer(process, f"http://127.0.0.1:{port}/rpc")


def gateway(bench) -> list[Row]:
    """The gateway, nginx and HAProxy on one core, in front of the same daemon on the other."""
    stack: Stack = bench.stack
    upstream = bench.start_bench_daemon("direct", UPSTREAM_CORE)
    bare_port = free_port()
    bare = Process([BUILD / "tests" / "bench_http", "direct", bare_port], bench.folder / "bare.log", UPSTREAM_CORE)
    peers = {
        "gateway": Peer(stack.processes["gateway"], f"{stack.base()}/rpc"),
        "nginx": start_nginx(bench.folder, stack.ports["rating"]),
        "haproxy": start_haproxy(bench.folder, stack.ports["rating"]),
        "nginx, bare upstream": start_nginx(bench.folder, bare_port),
    }
    peers["gateway"].process.pin(PROXY_CORE)
    script = request_script(bench.folder, "ping", "rating.bench.ping", {})
    for name, peer in peers.items():
        if "bare" not in name:
            base = peer.url.removesuffix("/rpc")
            until(lambda base=base: rpc(base, "rating.bench.ping") == "ok", 10)
    rows = []
    for connections, hold in ((64, 1.5), (8, 1.2)):
        rows += _gateway_rows(bench, peers, script, connections, hold)
    for peer in list(peers.values())[1:]:
        peer.process.stop()
    bare.stop()
    peers["gateway"].process.pin(None)
    upstream.pin(None)
    return rows


def _gateway_rows(bench, peers: dict[str, Peer], script: Path, connections: int, hold: float) -> list[Row]:
    upstream = bench.stack.processes["rating"]

    def load(peer):
        return lambda: wrk(peer.url, bench.seconds, connections, script, [peer.process], UPSTREAM_CORE)

    found = rounds(bench.rounds, {name: load(peer) for name, peer in peers.items()})
    before = upstream.cpu()
    rate = wrk(peers["gateway"].url, bench.seconds, connections, script, core=UPSTREAM_CORE)
    link = (upstream.cpu() - before) / (rate.rate * bench.seconds) * 1e6
    notes = [
        f"{name}: {middle(rates):,.0f}/s, {middle(rates, 'cpu'):.1f} us CPU, "
        f"p50/p99 {middle(rates, 'p50'):.2f}/{middle(rates, 'p99'):.2f} ms"
        for name, rates in found.items()
    ]
    notes.append(f"the daemon behind the gateway: {link:.1f} us a call over the link")
    what = f"cheap call through the gateway, {connections} connections"
    nginx, haproxy = pair(found, "gateway", "nginx"), pair(found, "gateway", "haproxy")
    cpu = pair(found, "gateway", "nginx", "cpu")
    return [
        Row(what, "nginx proxy_pass", f">= {hold} x", f"{nginx:.2f} x", nginx >= hold, notes),
        Row(what, "HAProxy", f">= {hold} x", f"{haproxy:.2f} x", haproxy >= hold),
        _cpu_row(connections, cpu),
        _limits_row(connections, middle(found["gateway"], "cpu")),
    ]


def _limits_row(connections: int, cpu: float) -> Row:
    """What the buckets of callers take of the gateway's CPU a request: the callers here pay, see machine.NO_LIMITS."""
    taken = values("bench_limits")
    share = taken["stranger"] / 1000 / cpu
    notes = [", ".join(f"{name}: {nanoseconds:.0f} ns" for name, nanoseconds in taken.items())]
    what = f"  of it for limits, {connections} connections"
    return Row(what, "all of its CPU a request", "<= 2 %", f"{100 * share:.1f} %", share <= 0.02, notes)


def _cpu_row(connections: int, ratio: float) -> Row:
    """Held at 64: with 8 the system calls of a pass serve few requests, and the prototypes reached 0.7."""
    what, measured = f"  its CPU a request, {connections} connections", f"{ratio:.2f} x"
    if connections < 64:
        return Row(what, "nginx", "-", measured, None)
    return Row(what, "nginx", "<= 0.6 x", measured, ratio <= 0.6)


def http(bench) -> list[Row]:
    """A daemon's call over HTTP beside evhttp and json-c alone; both on one core, wrk on the other."""
    port = free_port()
    echo = Process([BUILD / "tests" / "bench_echo", port], bench.folder / "echo.log", PROXY_CORE)
    floor = request_script(bench.folder, "echo", "rating.bench.check", CHECK, bench.token)
    contenders = {"bare": (echo, f"http://127.0.0.1:{port}/rpc", floor)}
    ports = {}
    for engine in ("evhttp", "direct"):
        process = bench.start_bench_daemon(engine, PROXY_CORE, keep=True)
        ports[engine] = bench.stack.ports["rating"]
        contenders[engine] = (process, f"{bench.stack.base('rating')}/rpc", floor)
        until(lambda: rpc(bench.stack.base("rating"), "rating.bench.check", CHECK, bench.token)["units"] == 2, 10)

    def load(process, url, script):
        return lambda: wrk(url, bench.seconds, 64, script, [process], UPSTREAM_CORE)

    found = rounds(bench.rounds, {name: load(*what) for name, what in contenders.items()})
    for process, _, _ in contenders.values():
        process.stop()
    bench.stack.processes.pop("rating", None)
    notes = [
        f"{name}: {middle(rates):,.0f}/s, {middle(rates, 'cpu'):.1f} us CPU, p99 {middle(rates, 'p99'):.2f} ms"
        for name, rates in found.items()
    ]
    rows = []
    for engine, text in (("evhttp", "evhttp, the default"), ("direct", "http_engine = direct")):
        ratio = pair(found, engine, "bare")
        what = f"daemon call over HTTP ({text})"
        rows.append(Row(what, "bare evhttp echo + json-c", ">= 0.85 x", f"{ratio:.2f} x", ratio >= 0.85, notes))
        notes = []
    return rows


def values(program: str, *arguments) -> dict[str, float]:
    """What a bench program printed as `name value unit` lines."""
    line = [str(BUILD / "tests" / program), *map(str, arguments)]
    text = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    return {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.]+) \S+$", text, re.M)}


def link(bench) -> list[Row]:
    found = values("bench_rpc", 1 if bench.quick else 2)
    cpu = found["rpc_link_cpu"]
    notes = [", ".join(f"{name} {value:g}" for name, value in found.items())]
    return [Row("daemon call over the link, CPU", "-", "<= 5 us", f"{cpu:.1f} us", cpu <= 5, notes)]
