"""The OpenRPC documents as they are served. tests/unit/api/test_files.c holds them against the meta-schema."""

from stack import NAMES
from waiting import wait_until


def test_discovery_is_the_same_by_both_ways(stack):
    for name in NAMES[:-1]:
        assert stack[name].rpc("rpc.discover") == stack[name].get("/openrpc.json").json()


def test_the_merged_document_has_what_strangers_may_call(stack):
    def names():
        return {method["name"] for method in stack.rpc("rpc.discover")["methods"]}

    some = {"passport.user.register", "events.booking.create", "rating.review.list", "images.image.get"}
    wait_until(lambda: some <= names(), what="the gateway has asked all daemons")
    assert "gateway.status" in names()
    for method in ("passport.auth.service_token", "passport.member.right", "events.fact.deliver"):
        assert method not in names()
        assert stack.error(method, {}).word == "method_not_found"


def test_the_merged_document_says_where_callers_post_to(stack, make_stack):
    assert [server["url"] for server in stack.rpc("rpc.discover")["servers"]] == [f"{stack.gateway.base}/rpc"]
    elsewhere = make_stack({"gateway": {"public_url": "https://api.example/"}}, names=("gateway",))
    document = elsewhere.gateway.get("/openrpc.json").json()
    assert [server["url"] for server in document["servers"]] == ["https://api.example/rpc"]
    assert document["info"]["description"] and document["info"]["license"]["name"] == "MIT"
