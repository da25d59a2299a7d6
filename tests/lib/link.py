"""The link by hand: the connection of a stranger, and of one that proves itself as a daemon (link/handshake.h)."""

import base64
import hashlib
import hmac
import json
import secrets
import socket


def _encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def prove(secret, role, server, client, server_nonce, client_nonce):
    """The proof of one end."""
    text = "\n".join(["eventloop link/1", role, server, client, server_nonce, client_nonce])
    return _encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))


def is_over(connection, timeout):
    """True when the other side closes within so many seconds, whatever it sends before."""
    connection.settimeout(timeout)
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


class Link:
    """`with Link(port) as link`: a connection that has read the challenge, as a stranger until link.prove()."""

    def __init__(self, port, source="127.0.0.1", host="127.0.0.1"):
        self.connection = socket.create_connection((host, port), 10, (source, 0))
        self.lines = self.connection.makefile("rb")
        words = self.read().split()
        assert words[:2] == ["link/1", "challenge"] and len(words) == 4, words
        self.server, self.server_nonce = words[2:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.connection.close()

    def read(self):
        """A line without its end; "" when the other side has closed."""
        try:
            return self.lines.readline().decode().rstrip("\n")
        except ConnectionResetError:
            return ""

    def send(self, line):
        self.connection.sendall(line.encode() + b"\n")

    def prove(self, name, *known, role="client"):
        """Proves itself as that daemon by those secrets. The line that did, or None when it was refused."""
        nonce = _encode(secrets.token_bytes(32))
        proofs = [prove(secret, role, self.server, name, self.server_nonce, nonce) for secret in known]
        line = " ".join(["link/1 prove", name, nonce, *proofs])
        self.send(line)
        answer = self.read()
        if not answer:
            return None
        welcomes = [prove(secret, "server", self.server, name, self.server_nonce, nonce) for secret in known]
        assert answer in [f"link/1 welcome {welcome}" for welcome in welcomes]
        return line

    def call(self, method, params, **meta):
        """The answer, result or error; None when the other side has closed."""
        self.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params, "meta": meta}))
        answer = self.read()
        return json.loads(answer) if answer else None
