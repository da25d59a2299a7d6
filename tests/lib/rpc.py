"""JSON-RPC for tests: calls that return results or raise RpcError, and the raw answer where it is the point."""

import itertools
import threading

import contract
import requests

_ids = itertools.count(1)
_local = threading.local()


class RpcError(Exception):
    """An error answer. code: the number; word: error.data.code; data: error.data."""

    def __init__(self, error, method=""):
        self.code = error["code"]
        self.message = error["message"]
        self.data = error.get("data") or {}
        self.word = self.data.get("code")
        self.reason = self.data.get("reason")
        super().__init__(f"{method}: {self.code} {self.word} {self.message!r} {self.data}")


class _From(requests.adapters.HTTPAdapter):
    """Connects from an address of one's own: on loopback all of 127.0.0.0/8 is."""

    def __init__(self, source):
        self.source = source
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(self.source, 0), **options)


def session(source=None):
    """This thread's HTTP session: connections are kept and never shared."""
    if not hasattr(_local, "sessions"):
        _local.sessions = {}
    if source not in _local.sessions:
        made = _local.sessions[source] = requests.Session()
        made.trust_env = False
        if source:
            made.mount("http://", _From(source))
    return _local.sessions[source]


def headers(token=None, extra=None):
    return (
        {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {}) | (extra or {})
    )


class Endpoint:
    """One /rpc door: the gateway's or a daemon's. source: the address to call from, such as "127.0.0.2"."""

    def __init__(self, base, source=None):
        self.base = base
        self.source = source

    def seen_from(self, source):
        """The same door for a caller at another address."""
        return Endpoint(self.base, source)

    def post(self, body, token=None, extra=None, timeout=30):
        """Sends bytes or a JSON value as they are; the requests.Response. Errors keep their contract."""
        arguments = {"data": body} if isinstance(body, (bytes, str)) else {"json": body}
        response = session(self.source).post(
            f"{self.base}/rpc", headers=headers(token, extra), timeout=timeout, **arguments
        )
        if "json" in arguments and response.content:
            contract.check(self.base, body, response.json())
        return response

    def answer(self, method, params=None, token=None, **options):
        """The whole response object of one call."""
        request = {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": {} if params is None else params}
        response = self.post(request, token, **options)
        document = response.json()
        assert document.get("jsonrpc") == "2.0" and ("result" in document) != ("error" in document), document
        return document

    def rpc(self, method, params=None, token=None, **options):
        """The result of one call; raises RpcError."""
        document = self.answer(method, params, token, **options)
        if "error" in document:
            raise RpcError(document["error"], method)
        return document["result"]

    def error(self, method, params=None, token=None, **options):
        """The RpcError of a call that must fail."""
        try:
            result = self.rpc(method, params, token, **options)
        except RpcError as error:
            return error
        raise AssertionError(f"{method} was to fail and answered {result}")

    def get(self, path, **options):
        return session(self.source).get(self.base + path, timeout=options.pop("timeout", 30), **options)
