"""Waiting for a condition instead of sleeping, and finding free ports."""

import os
import random
import socket
import time

# Tests run side by side draw from ranges of their own: between finding a port and listening on it others might take it.
_WORKERS = 4
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_WIDTH = (31000 - 12000) // _WORKERS
_PORTS = range(12000 + _worker * _WIDTH, 12000 + (_worker + 1) * _WIDTH)
_given = set()


def wait_until(condition, timeout=15.0, what=None, interval=0.02):
    """Asks condition() until it is true and returns what it gave; fails with `what` (or its last error) in the end."""
    deadline = time.monotonic() + timeout
    error = None
    while True:
        try:
            value = condition()
            if value:
                return value
        except Exception as raised:  # a server that is not there yet answers with all kinds of errors
            error = raised
        if time.monotonic() > deadline:
            described = what or getattr(condition, "__name__", "the condition")
            raise TimeoutError(f"waited {timeout} s for: {described}" + (f" ({error!r})" if error else ""))
        time.sleep(interval)


def free_port():
    """A port of 127.0.0.1 that nobody has, outside the range the system takes for outgoing connections."""
    while True:
        port = random.choice(_PORTS)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
