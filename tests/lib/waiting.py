"""Waiting for a condition instead of sleeping."""

import time


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
