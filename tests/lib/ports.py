"""Ports for the servers of tests.

A port that is given out is held by a socket that is bound to it and never listens. The kernel gives such a port to
nobody who asks for any, neither to a listener nor to an outgoing connection, so two runs of tests on one machine never
have the same one. Who knows its number may listen on it, with SO_REUSEADDR, as servers do. It is held until release()
or the end of the process.
"""

import errno
import socket

_held = {}


def _hold(port):
    """A socket bound to the port (0: any that is free), or None when it is taken."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind(("127.0.0.1", port))
    except OSError as error:
        holder.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return None
    return holder


def free_port(also=0):
    """A port of 127.0.0.1 for this process alone; with `also`, the one so far above it as well."""
    while True:
        holder = _hold(0)
        port = holder.getsockname()[1]
        above = _hold(port + also) if also and port + also < 65536 else None
        if not also or above:
            _held[port] = [holder, above]
            return port
        holder.close()


def release(*ports):
    """Lets go of ports from free_port that no server needs any more, and of what is above them."""
    for port in ports:
        for holder in _held.pop(port, []):
            if holder:
                holder.close()


def listener(port):
    """A socket that listens on a port from free_port: another program that has taken it."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen()
    return listening
