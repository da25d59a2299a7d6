"""Access tokens between real daemons: verified by each alone, revoked everywhere, whatever passport is doing."""

import base64
import hmac
import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rpc import RpcError
from waiting import wait_until

PUSHED = 2.0  # seconds in which a revocation reaches every daemon (docs/identity.md)
# A method of each daemon that wants a user; called at its own door, or through the gateway.
DOORS = {"passport": "passport.user.me", "events": "events.listing.mine", "gateway": "passport.user.me"}
# What anybody may call, at each of these doors.
PUBLIC = {"passport": "passport.auth.client_token", "events": "events.type.list", "gateway": "events.type.list"}


def refused(daemon, method, token):
    """The reason of unauthenticated, or None when the token was accepted."""
    try:
        daemon.rpc(method, {}, token)
    except RpcError as error:
        return error.reason if error.word == "unauthenticated" else None
    return None


def test_logout_reaches_tokens_already_issued(stack):
    user, other = stack.user(), stack.user()
    for name, method in DOORS.items():
        assert refused(stack[name], method, user.token) is None
    user.rpc("passport.auth.logout")
    ended = time.monotonic()
    for name, method in DOORS.items():
        wait_until(lambda n=name, m=method: refused(stack[n], m, user.token) == "revoked", what=f"revocation at {name}")
    taken = time.monotonic() - ended
    print(f"revoked everywhere after {taken * 1000:.0f} ms")
    assert taken < PUSHED
    for name, method in DOORS.items():
        assert refused(stack[name], method, other.token) is None
    # A new session of the same user is not touched.
    again = stack.login(user.email)
    for name, method in DOORS.items():
        assert refused(stack[name], method, again.token) is None


def test_tokens_are_verified_while_passport_is_down(fresh_stack):
    user = fresh_stack.user()
    late = fresh_stack.login(user.email)
    events = fresh_stack["events"]
    assert refused(events, DOORS["events"], user.token) is None
    fresh_stack["passport"].kill()
    assert refused(events, DOORS["events"], user.token) is None  # remembered
    assert refused(events, DOORS["events"], late.token) is None  # never seen: verified by the keys kept
    fresh_stack["passport"].start()
    back = wait_until(lambda: fresh_stack.login(user.email), what="passport's return")
    assert refused(events, DOORS["events"], back.token) is None


def part(value):
    """A part of a token: JSON as base64url."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def claims_of(token):
    text = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def unpart(text):
    """The bytes of a part of a token."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pack(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Attacker:
    """Makes forgeries of a real token. It has keys of its own, and a web server that offers them."""

    def __init__(self, token, jwk, folder):
        self.token, self.jwk = token, jwk
        self.header_text, self.payload, self.signature = token.split(".")
        self.header = json.loads(unpart(self.header_text))
        self.claims = claims_of(token)
        self.key = folder / "own.pem"
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
        self.visits = []
        handler = type("Handler", (BaseHTTPRequestHandler,), {"do_GET": lambda request: self._visited(request)})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def _visited(self, request):
        self.visits.append(request.path)
        request.send_response(200)
        request.end_headers()
        request.wfile.write(json.dumps({"keys": [self.own_jwk()]}).encode())

    @staticmethod
    def _openssl(*arguments, data=None):
        return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=True).stdout

    def own_jwk(self):
        point = self._openssl("ec", "-in", self.key, "-pubout", "-outform", "DER")[-64:]
        names = {"kid": self.header["kid"], "use": "sig", "alg": "ES256"}
        return {"kty": "EC", "crv": "P-256", "x": pack(point[:32]), "y": pack(point[32:]), **names}

    def signed(self, header=None, claims=None):
        """A token signed by the attacker's own key."""
        text = f"{part(self.header | (header or {}))}.{part(self.claims | (claims or {}))}"
        der = self._openssl("dgst", "-sha256", "-sign", self.key, data=text.encode())
        return f"{text}.{pack(raw_of(der))}"

    def mac(self, secret, algorithm="HS256"):
        text = f"{part(self.header | {'alg': algorithm})}.{self.payload}"
        return f"{text}.{pack(hmac.new(secret, text.encode(), 'sha256').digest())}"

    def resigned(self, signature):
        return f"{self.header_text}.{self.payload}.{pack(signature)}"

    def forgeries(self):
        """(reason, token): what must be refused, and as what."""
        yield from self.forged_headers()
        yield from self.forged_signatures()

    def forged_headers(self):
        header, payload, signature = self.header, self.payload, self.signature
        point = unpart(self.jwk["x"]) + unpart(self.jwk["y"])
        spki = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + point
        pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(spki) + b"-----END PUBLIC KEY-----\n"
        admin = self.claims | {"roles": ["user", "admin"]}
        for algorithm in ("none", "None", "NONE", "nOnE", "", "ES384", "PS256", "HS256"):
            changed = part(header | {"alg": algorithm})
            yield "algorithm", f"{changed}.{payload}."
            yield "algorithm", f"{changed}.{part(admin)}.{signature}"
        secrets = (b"", point, spki, pem, json.dumps(self.jwk).encode(), b"eventloop", header["kid"].encode())
        for secret in secrets:
            yield "algorithm", self.mac(secret)
        for kid in ("x", "../../../../dev/null", "' OR '1'='1", "x' UNION SELECT 1;--", "*", header["kid"] + " "):
            yield "unknown_key", self.signed({"kid": kid})
        for extra in ({"jku": self.url}, {"x5u": self.url}, {"jwk": self.own_jwk()}, {"x5c": [pack(spki)]}):
            yield "malformed", self.signed(extra)
            yield "malformed", f"{part(header | extra)}.{payload}.{signature}"
        for extra in ({"crit": ["exp"]}, {"b64": False, "crit": ["b64"]}, {"zip": "DEF"}, {"enc": "A128GCM"}):
            yield "malformed", self.signed(extra)
        for kind in ("JWT", "id_token+jwt", "rt+jwt", "", None):
            yield "type", self.signed({"typ": kind})

    def forged_signatures(self):
        header, payload, signature = self.header, self.payload, self.signature
        admin = self.claims | {"roles": ["user", "admin"]}
        yield "signature", self.signed()
        yield "signature", self.signed(claims={"roles": ["admin"]})
        yield "signature", f"{self.header_text}.{part(admin)}.{signature}"
        raw = unpart(signature)
        for wrong in (
            bytes(64),
            raw[:63],
            raw + b"\0",
            b"\0" + raw,
            raw[32:] + raw[:32],
            der_of(raw),
            b"",
            bytes(2048),
        ):
            yield "signature", self.resigned(wrong)
        rs256 = part(header | {"alg": "RS256"})
        yield "unknown_key", f"{rs256}.{payload}.{pack(bytes(256))}"
        yield "unknown_key", f"{rs256}.{payload}.{signature}"
        for broken in (
            "x",
            "..",
            f"{self.token}=",
            f"{self.token}.x",
            f"{self.header_text}.{payload}",
            "a" * 9000,
            "%00",
            "null",
        ):
            yield "malformed", broken


def raw_of(der):
    """r and s of 32 bytes each, of a DER signature of P-256."""
    r_length = der[3]
    r, s = der[4 : 4 + r_length], der[6 + r_length :]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (r, s))


def der_of(raw):
    numbers = b""
    for number in (raw[:32].lstrip(b"\0"), raw[32:].lstrip(b"\0")):
        number = b"\0" * (number[0] >> 7) + number
        numbers += bytes([2, len(number)]) + number
    return bytes([0x30, len(numbers)]) + numbers


@pytest.fixture(scope="module")
def attacker(stack, tmp_path_factory):
    keys = stack["passport"].get("/.well-known/jwks.json").json()["keys"]
    made = Attacker(stack.user().token, keys[0], tmp_path_factory.mktemp("attacker"))
    yield made
    made.close()


def test_a_void_token_does_not_hinder_what_is_public(stack):
    """It is as none there, so that whoever refreshes, logs in or just looks need not take it off first."""
    user = stack.user()
    company = user.rpc("passport.company.create", {"name": "Hall"})["id"]
    user.rpc("passport.auth.logout")
    wait_until(lambda: refused(stack["gateway"], DOORS["gateway"], user.token) == "revoked", what="the revocation")
    late = stack.user()
    for token in (user.token, "nonsense", late.token[:-8] + "AAAAAAAA"):
        for name, method in DOORS.items():
            assert refused(stack[name], method, token)
            assert refused(stack[name], PUBLIC[name], token) is None
        batch = stack.gateway.post(
            [
                {"jsonrpc": "2.0", "id": 1, "method": "events.type.list"},
                {"jsonrpc": "2.0", "id": 2, "method": "passport.user.me"},
                {"jsonrpc": "2.0", "id": 3, "method": "rpc.discover"},
            ],
            token,
        ).json()
        assert [answer.get("error", {}).get("code") for answer in batch] == [None, -32001, None]
        stranger, void = (stack.rpc("passport.company.get", {"id": company}, t) for t in (None, token))
        assert void == stranger
    again = stack.rpc("passport.auth.refresh", {"refresh_token": late.refresh_token}, user.token)
    assert stack.rpc("passport.user.me", {}, again["access_token"])["id"] == late.id


@pytest.mark.parametrize("name", DOORS)
def test_forged_tokens_are_refused(stack, attacker, name):
    count = 0
    for reason, token in attacker.forgeries():
        assert refused(stack[name], DOORS[name], token) == reason, token[:300]
        count += 1
    print(f"{count} forgeries refused at {name}")
    assert count > 60
    assert refused(stack[name], DOORS[name], attacker.token) is None
    assert attacker.visits == []  # nobody was sent to fetch a key


def test_a_token_counts_for_whatever_form_it_came_in(stack):
    """The twin (r, n - s) of a signature is as good as the signature, so logging out must void both."""
    user = stack.user()
    header, payload, signature = user.token.split(".")
    raw = unpart(signature)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    twin = f"{header}.{payload}." + pack(raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32))
    events = stack["events"]
    assert refused(events, DOORS["events"], twin) is None
    user.rpc("passport.auth.logout")
    wait_until(lambda: refused(events, DOORS["events"], twin) == "revoked", what="the twin to be void")


def test_refresh_tokens_are_no_access_tokens(stack):
    user = stack.user()
    for name, method in DOORS.items():
        assert refused(stack[name], method, user.refresh_token) == "malformed"


def test_service_tokens_are_no_user_tokens(stack):
    token = stack.service_token("rating")
    with pytest.raises(RpcError) as error:
        stack["events"].rpc("events.listing.mine", {}, token)
    assert error.value.word in ("forbidden", "unauthenticated")
    with pytest.raises(RpcError) as error:  # rating may not speak for passport
        fact = {"source": "passport", "facts": []}
        stack["events"].rpc("events.fact.deliver", fact, token)
    assert error.value.word == "forbidden"
    with pytest.raises(RpcError) as error:  # and nobody delivers facts through the gateway
        stack.rpc("events.fact.deliver", {"source": "rating", "facts": []}, token)
    assert error.value.word == "method_not_found"
