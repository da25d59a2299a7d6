"""JSON-RPC and image uploads through the gateway, with the standard library alone. Safe to use from several threads."""

import http.client
import json
import threading
import time
from urllib.parse import urlsplit

PASSES_BY_ITSELF = ("unavailable", "overloaded", "rate_limited", "deadline_exceeded")
ATTEMPTS = 12
PATIENCE_S = 2  # before the next attempt, unless a limit says when
MAX_BATCH = 40


class RpcError(Exception):
    def __init__(self, error, method):
        self.data = error.get("data") or {}
        self.word = self.data.get("code")
        self.reason = self.data.get("reason")
        super().__init__(f"{method}: {error.get('message')} {json.dumps(self.data)}")


def pause(error):
    """Seconds until the next attempt. A limit means what it says; what else passes by itself may pass sooner."""
    said = error.data.get("retry_after_ms", 200) / 1000
    return said if error.word == "rate_limited" else min(said, PATIENCE_S)


class Gateway:
    """The gateway at a URL; every thread keeps a connection of its own."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port or 80)
        self.local = threading.local()

    def post(self, path, body, content_type, token=None):
        headers = {"Content-Type": content_type} | ({"Authorization": f"Bearer {token}"} if token else {})
        for last in (False, True):
            try:
                if getattr(self.local, "connection", None) is None:
                    self.local.connection = http.client.HTTPConnection(*self.address, timeout=30)
                self.local.connection.request("POST", path, body, headers)
                return json.loads(self.local.connection.getresponse().read())
            except (http.client.HTTPException, ConnectionError):  # a kept connection may have been closed meanwhile
                self.local.connection = None
                if last:
                    raise
        return None

    def call(self, method, params=None, token=None):
        """The result; raises RpcError. What passes by itself is asked again for a while."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        for attempt in range(ATTEMPTS):
            answer = self.post("/rpc", json.dumps(request), "application/json", token)
            if "result" in answer:
                return answer["result"]
            error = RpcError(answer["error"], method)
            if error.word not in PASSES_BY_ITSELF or attempt == ATTEMPTS - 1:
                raise error
            time.sleep(pause(error))
        return None

    def calls(self, method, all_params, token=None):
        """Many calls of one method in batches: their results in the order asked. Raises the first RpcError."""
        results = []
        for start in range(0, len(all_params), MAX_BATCH):
            part = all_params[start : start + MAX_BATCH]
            batch = [{"jsonrpc": "2.0", "id": n, "method": method, "params": p} for n, p in enumerate(part)]
            answers = self.post("/rpc", json.dumps(batch), "application/json", token)
            if isinstance(answers, dict):  # refused as a whole
                results += [self.call(method, params, token) for params in part]
                continue
            by_id = {answer["id"]: answer for answer in answers}
            for n, params in enumerate(part):  # one that failed is called again alone, and tells why
                results.append(by_id[n]["result"] if "result" in by_id[n] else self.call(method, params, token))
        return results

    def upload(self, jpeg, token):
        """Stores a picture; its id."""
        for attempt in range(ATTEMPTS):
            answer = self.post("/images", jpeg, "image/jpeg", token)
            if "error" not in answer:
                return answer["id"]
            error = RpcError(answer["error"], "POST /images")
            if error.word != "rate_limited" or attempt == ATTEMPTS - 1:
                raise error
            time.sleep(pause(error))
        return None
