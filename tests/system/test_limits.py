"""What one caller may take: buckets by address and token, for calls, searches and writes; and what else costs."""

import importlib.util

import pytest
from companies import refresh
from integration import exchange, make_key
from rpc import RpcError, session
from stack import PASSWORD, ROOT, Stack
from waiting import wait_until

# Bursts that a test can spend, rates that give nothing back meanwhile.
SMALL = {
    "limit_point_rate": 1,
    "limit_point_burst": 200,
    "limit_lane_rate": 1,
    "limit_lane_burst": 300,
    "limit_write_rate": 1,
    "limit_write_burst": 5,
    "limit_shared": 3,
}
SLACK = 10  # units that come back while a test spends a burst, on a slow machine
SEARCH = ("events.listing.search", {"limit": 1})


@pytest.fixture(scope="module")
def small(cluster, templates):
    with Stack(cluster, {"gateway": SMALL}, templates) as running:
        yield running


def refused(door, method, params=None, token=None, most=400):
    """Calls until that is refused by the gateway: (how many went well, the error)."""
    for count in range(most):
        try:
            door.rpc(method, params, token)
        except RpcError as error:
            if error.word == "rate_limited":
                return count, error
            raise
    raise AssertionError(f"{most} calls of {method} and no limit")


def about(full, count):
    """As many as the burst allows, and what came back while it was spent."""
    return full <= count <= full + SLACK


def refusal(ask):
    """The first answer to ask() and the first that is a refusal, as HTTP responses."""
    answers = []
    while len(answers) < SMALL["limit_point_burst"] + SLACK:
        answers.append(ask())
        short = answers[-1].text[:1000]  # the document has the word too
        if "rate_limited" in short:
            return answers[0], answers[-1]
    raise AssertionError(f"{len(answers)} times and no limit: {answers[-1].text[:500]}")


def cost(stack, method):
    methods = stack.document()["methods"]
    return next(one for one in methods if one["name"] == method)["x-cost"]


def test_a_caller_is_told_when_to_come_again(small):
    door = small.gateway.seen_from("127.0.0.11")
    count, error = refused(door, "events.type.list")
    assert about(SMALL["limit_point_burst"] // cost(small, "events.type.list"), count)
    assert (error.code, error.reason) == (-32029, "point") and 1 <= error.data["retry_after_ms"] <= 30_000
    assert small.gateway.seen_from("127.0.0.12").rpc("events.type.list")


def test_a_search_and_a_point_read_are_paid_from_two_buckets(small):
    door = small.gateway.seen_from("127.0.0.13")
    count, error = refused(door, *SEARCH)
    assert error.reason == "lane" and about(SMALL["limit_lane_burst"] // cost(small, SEARCH[0]), count)
    assert door.rpc("events.type.list")
    refused(door, "events.type.list")
    other = small.gateway.seen_from("127.0.0.14")
    refused(other, "events.type.list")
    assert other.rpc(*SEARCH)


def test_the_calls_of_a_batch_are_refused_one_by_one(small):
    door = small.gateway.seen_from("127.0.0.15")
    each = cost(small, "events.type.list")
    batch = [{"jsonrpc": "2.0", "id": n, "method": "events.type.list", "params": {}} for n in range(100)]
    answers = [answer for _ in range(3) for answer in door.post(batch).json()]
    words = [answer["error"]["data"]["code"] for answer in answers if "error" in answer]
    assert about(SMALL["limit_point_burst"] // each, len(answers) - len(words))
    assert set(words) == {"rate_limited"}
    assert all(answer["error"]["data"]["retry_after_ms"] > 0 for answer in answers if "error" in answer)


def test_writes_are_limited_by_their_number(small):
    door, user = small.gateway.seen_from("127.0.0.16"), small.user()
    count, error = refused(door, "passport.session.revoke_others", {}, user.token)
    assert error.reason == "write" and about(SMALL["limit_write_burst"], count)
    assert door.rpc("passport.user.me", {}, user.token)["id"] == user.id
    colleague = small.user()
    assert door.rpc("passport.session.revoke_others", {}, colleague.token)["ended"] == 0


def test_an_address_bounds_all_who_are_logged_in_there_and_spares_strangers(small):
    door = small.gateway.seen_from("127.0.0.17")
    counts = [refused(door, "passport.user.me", {}, small.user().token)[0] for _ in range(4)]
    each = cost(small, "passport.user.me")
    full = SMALL["limit_point_burst"] // each
    assert all(about(full, count) for count in counts[:3]) and counts[3] <= SLACK, counts
    assert door.rpc("events.type.list")
    assert small.gateway.seen_from("127.0.0.18").rpc("passport.user.me", {}, small.user().token)


def test_whoever_makes_keys_bounds_them_for_all_companies(small):
    """From anywhere: four companies of one account are no more than `limit_shared` callers."""
    _, owner = small.company()
    companies = [owner.rpc("passport.company.create", {"name": f"Company {n}"})["id"] for n in range(4)]
    refresh(small, owner)
    keys = [exchange(small, make_key(owner, company)["secret"]) for company in companies]
    doors = [small.gateway.seen_from(f"127.0.0.{40 + n}") for n in range(4)]
    counts = [refused(door, "events.type.list", {}, key)[0] for door, key in zip(doors, keys, strict=True)]
    full = SMALL["limit_point_burst"] // cost(small, "events.type.list")
    assert all(about(full, count) for count in counts[:3]) and counts[3] <= SLACK, counts
    assert small.gateway.seen_from("127.0.0.44").rpc("passport.user.me", {}, owner.token)["id"] == owner.id
    other, stranger = small.company()
    key = exchange(small, make_key(stranger, other)["secret"])
    assert small.gateway.seen_from("127.0.0.45").rpc("events.type.list", {}, key)


def test_a_void_token_is_none(small):
    door = small.gateway.seen_from("127.0.0.19")
    assert about(
        SMALL["limit_point_burst"] // cost(small, "events.type.list"),
        refused(door, "events.type.list", {}, "void." * 3)[0],
    )
    assert refused(door, "events.type.list", most=SLACK)
    words = [door.error("passport.user.me", {}, "void." * 3).word for _ in range(SLACK)]
    assert "rate_limited" in words and set(words) <= {"rate_limited", "unauthenticated"}


NO_CALLS = ["{", "[]", '{"jsonrpc": "2.0", "id": 1, "method": "no.such.thing"}', "[1, 2]"]


@pytest.mark.parametrize("body", NO_CALLS)
def test_what_is_no_call_costs_too(small, body):
    door = small.gateway.seen_from(f"127.0.0.{20 + NO_CALLS.index(body)}")
    first, last = refusal(lambda: door.post(body))
    assert "rate_limited" not in first.text
    if last.status_code != 200:  # nothing could be read that might be answered
        assert last.status_code == 429 and int(last.headers["Retry-After"]) >= 1
        assert last.json()["error"]["data"]["retry_after_ms"] >= 1


def test_a_document_costs_by_its_size(small):
    door = small.gateway.seen_from("127.0.0.25")
    count, error = refused(door, "rpc.discover")
    assert error.reason == "point" and count <= SMALL["limit_point_burst"] // 3


PICTURE = "/images/01932b5c-7a10-7000-8000-0000000000ff"
PATHS = ["/openrpc.json", "/docs", "/.well-known/jwks.json", PICTURE, "/images/x", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_other_doors_cost_too(small, path):
    door = small.gateway.seen_from(f"127.0.0.{30 + PATHS.index(path)}")
    first, last = refusal(lambda: door.get(path))
    assert first.status_code in (200, 404) and last.status_code == 429
    assert last.json()["error"]["data"]["code"] == "rate_limited" and int(last.headers["Retry-After"]) >= 1


def test_a_preflight_and_content_of_a_wrong_type_cost_too(small):
    door = small.gateway.seen_from("127.0.0.36")
    ask = session(door.source).options
    first, last = refusal(lambda: ask(f"{door.base}/rpc", timeout=30))
    assert first.status_code == 204 and last.status_code == 429
    door = small.gateway.seen_from("127.0.0.37")
    post = session(door.source).post
    first, last = refusal(lambda: post(f"{door.base}/rpc", b"{}", headers={"Content-Type": "text/plain"}, timeout=30))
    assert first.status_code == 415 and last.status_code == 429


def test_an_upload_is_a_write(small):
    user = small.user()
    headers = {"Authorization": f"Bearer {user.token}", "Content-Type": "image/jpeg"}
    door = small.gateway.seen_from("127.0.0.29")
    post = lambda: session(door.source).post(f"{door.base}/images", b"no picture", headers=headers, timeout=30)
    first, last = refusal(post)
    assert first.status_code != 429 and last.status_code == 429


def test_who_is_exempt_is_never_refused_and_others_are_counted(small):
    for _ in range(2):
        batch = [{"jsonrpc": "2.0", "id": n, "method": "events.type.list", "params": {}} for n in range(100)]
        answers = small.gateway.post(batch).json()
        assert all("result" in answer for answer in answers)
    text = small.gateway.probes().get("/metrics").text
    assert 'eventloop_gateway_rate_limited_total{bucket="lane",payer="address"}' in text
    assert 'eventloop_gateway_rate_limited_total{bucket="point",payer="logged_in"}' in text
    lines = [line for line in small.gateway.log_text().splitlines() if '"rate limited"' in line]
    assert 0 < len(lines) < 200, "one line a second at most"


def test_rates_are_taken_over_while_it_runs(make_stack):
    stack = make_stack({"gateway": {"limit_point_rate": 1, "limit_point_burst": 1}}, names=("passport", "gateway"))
    door = stack.gateway.seen_from("127.0.0.9")
    refused(door, "gateway.status")
    stack.gateway.write_settings(limit_point_rate=0)
    stack.gateway.reload()

    def is_free():
        return all("result" in door.answer("gateway.status") for _ in range(50))

    wait_until(is_free, 20, "the new rate to count")


def module(path):
    """A Python file that is in no folder of the tests' own."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_loaders_wait_as_long_as_they_are_told(make_stack):
    settings = {"limit_exempt": "", "limit_write_rate": 0, "limit_write_burst": 1}
    stack = make_stack({"gateway": settings}, names=("passport", "gateway"))
    user = stack.user()
    demo = module(ROOT / "deploy/local/demo/client.py").Gateway(stack.gateway.base)
    real = module(ROOT / "tests/realdata/lib/door.py").Door(stack.gateway.base, user.email, PASSWORD)
    stack.gateway.write_settings(limit_write_rate=10)
    stack.gateway.reload()
    end = ("passport.session.revoke_others", [{}] * 5)
    wait_until(lambda: refused(stack.gateway, end[0], {}, user.token, most=2), 20, "the new rate to count")
    assert [one["ended"] for one in demo.calls(*end, user.token)] == [0] * 5
    assert len(real.calls(*end)) == 5
