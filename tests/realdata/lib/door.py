"""JSON-RPC through the gateway, with the standard library alone: calls, batches, and a token that stays valid."""

import http.client
import itertools
import json
import time
from urllib.parse import urlsplit

TOKEN_AGE = 240
PATIENCE_S = 2  # before the next attempt, unless a limit says when
WAIT_FOR = ("unavailable", "overloaded", "rate_limited", "deadline_exceeded")
_ids = itertools.count(1)


class RpcError(Exception):
    def __init__(self, error, method):
        self.data = error.get("data") or {}
        self.word = self.data.get("code")
        self.reason = self.data.get("reason")
        super().__init__(f"{method}: {error.get('code')} {error.get('message')!r} {json.dumps(self.data)}")


class Door:
    """The gateway at a URL, as the user with this address and password. One caller at a time."""

    def __init__(self, url, email, password):
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port or 80)
        self.email, self.password = email, password
        self.connection = None
        self.token, self.token_made = None, 0.0

    def _post(self, document):
        body = json.dumps(document).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        for last in (False, True):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(*self.address, timeout=60)
                self.connection.request("POST", "/rpc", body, headers)
                return json.loads(self.connection.getresponse().read())
            except (http.client.HTTPException, ConnectionError):  # a kept connection may have been closed meanwhile
                self.connection = None
                if last:
                    raise
        return None

    def login(self):
        """Logs in when that was long ago; anew=True: in any case."""
        if time.monotonic() - self.token_made > TOKEN_AGE or not self.token:
            self.renew()

    def renew(self):
        self.token = None
        answer = self.call("passport.auth.login", {"email": self.email, "password": self.password}, login=False)
        self.token, self.token_made = answer["access_token"], time.monotonic()

    def call(self, method, params=None, login=True):
        """The result; raises RpcError. What passes by itself is asked again for a while."""
        if login:
            self.login()
        for attempt in itertools.count(1):
            document = {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": params or {}}
            answer = self._post(document)
            if "error" not in answer:
                return answer["result"]
            error = RpcError(answer["error"], method)
            if error.word not in WAIT_FOR or attempt == 20:
                raise error
            said = error.data.get("retry_after_ms", 250) / 1000
            time.sleep(said if error.word == "rate_limited" else min(said, PATIENCE_S))

    def calls(self, method, all_params, size=50):
        """Many calls of a method in batches; their results in the order asked. Raises the first RpcError."""
        results = []
        for start in range(0, len(all_params), size):
            self.login()
            part = all_params[start : start + size]
            batch = [{"jsonrpc": "2.0", "id": n, "method": method, "params": p} for n, p in enumerate(part)]
            answers = self._post(batch)
            if isinstance(answers, dict):
                raise RpcError(answers["error"], method)
            for answer in sorted(answers, key=lambda one: one["id"]):
                if "error" in answer:
                    results.append(self.call(method, part[answer["id"]]))
                else:
                    results.append(answer["result"])
        return results
