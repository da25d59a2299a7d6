"""HTTP by hand: bytes to a port, and every answer that comes back on that connection until it is closed."""

import socket
from dataclasses import dataclass, field


@dataclass
class Answer:
    status: int
    headers: dict = field(default_factory=dict)  # names in lower case; the last of several
    body: bytes = b""


def _read_all(connection):
    """What comes until the end, and whether the end came (an answer to a client that goes on sending may be reset)."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    except TimeoutError:
        return received, False
    return received, True


def _split(received, methods):
    """The answers in the bytes; methods: of the requests, since one to HEAD has no content."""
    answers = []
    while received:
        head, separator, received = received.partition(b"\r\n\r\n")
        assert separator, f"not an answer: {head[:200]!r}"
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        answer = Answer(int(line.split()[1]), headers)
        if answer.status == 100:
            continue
        method = methods[len(answers)] if len(answers) < len(methods) else b""
        length = 0 if method == b"HEAD" else int(headers.get("content-length", "0"))
        answer.body, received = received[:length], received[length:]
        answers.append(answer)
    return answers


def converse(port, data, methods=(), wait=10.0):
    """Sends the bytes; returns (answers, whether the server closed the connection)."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        try:
            connection.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass
        received, closed = _read_all(connection)
        return _split(received, methods), closed
