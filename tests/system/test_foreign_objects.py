"""What is somebody else's stays so: every method that takes an object, with one that is not the caller's.

Who may call a method at all is the access matrix; here callers whom it lets in name a listing, booking, company,
member, session, invitation or key of others. Methods and parameters come from rpc.discover: a new one is in here by
itself.
"""

import pytest
from companies import invite, join
from contents import settled
from sample import Sampler
from stack import NAMES

pytestmark = pytest.mark.asan
REFUSED = ("forbidden", "not_found")

# Methods that take an object of others and answer all the same: {method: why}. One that no longer does is an error.
OPEN = {
    "passport.company.get": "companies are public",
    "rating.review.list": "reviews are public",
    "rating.summary.get": "ratings are public",
    "events.listing.search": "the search is public, and shows what is published",
}

# Methods that take the id of what nobody has for himself: {method: why}.
HAS_NO_OWNER = {
    "images.image.get": "images are public",
    "passport.service_account.rotate": "accounts of daemons are the administrators' together",
    "passport.service_account.disable": "accounts of daemons are the administrators' together",
}

# Change by themselves, or count tries.
MOVING = {"outbox_lease", "throttle", "housekeeping", "daemon_secret"}
PERIOD = {"from": "2027-03-01T00:00:00Z", "to": "2027-03-02T00:00:00Z"}


class Others:
    """A company with everything in it, none of which is any caller's."""

    def __init__(self, stack):
        self.company, owner = stack.company(name="Theirs")
        self.member = join(stack, owner, self.company)
        self.owner = stack.login(owner.email)
        published = stack.listing(self.company, self.owner)
        draft = stack.listing(self.company, self.owner, publish=False)
        booking = self.member.rpc("events.booking.create", {"listing_id": published["id"], "period": PERIOD})
        invitation = invite(self.owner, self.company, stack.user("Invited").email)
        session = self.owner.rpc("passport.session.list")["items"][0]
        key = {"company_id": self.company, "name": "theirs", "right": "manager", "scope": "*"}
        key = self.owner.rpc("passport.api_key.create", key)
        # They are there for those whose they are.
        assert self.owner.rpc("events.listing.get", {"id": draft["id"]})["state"] == "draft"
        assert self.member.rpc("events.booking.get", {"id": booking["id"]})["id"] == booking["id"]
        self.by_name = {
            "company_id": self.company,
            "user_id": self.member.id,
            "listing_id": draft["id"],
            "booking_id": booking["id"],
            "subject_id": published["id"],
        }
        self.by_resource = {
            "passport.company": self.company,
            "passport.user": self.member.id,
            "passport.session": session["id"],
            "passport.invitation": invitation["id"],
            "passport.api_key": key["id"],
            "events.listing": draft["id"],
            "events.booking": booking["id"],
        }

    def known(self, method):
        """The parameters of the method that name an object, with those of others."""
        resource = method["name"].rpartition(".")[0]
        known = self.by_name | ({"id": self.by_resource[resource]} if resource in self.by_resource else {})
        return {param["name"]: known[param["name"]] for param in method["params"] if param["name"] in known}


def strangers(stack):
    """{kind: token} of callers who have nothing to do with the company."""
    company, owner = stack.company(name="Ours")
    key = {"company_id": company, "name": "ours", "right": "manager", "scope": "*"}
    key = stack.login(owner.email).rpc("passport.api_key.create", key)["secret"]
    return {
        "user": stack.user("Stranger").token,
        "owner of another company": stack.login(owner.email).token,
        "integration of another company": stack.rpc("passport.auth.client_token", {"key": key})["access_token"],
    }


def takes_id(method):
    return any(param["name"] == "id" for param in method["params"])


def calls(stack, others):
    """(method, params) for every object that a method takes, one of others in each."""
    for name in NAMES:
        document = stack[name].rpc("rpc.discover")
        sampler = Sampler(document)
        for method in document["methods"]:
            if not method["name"].startswith(f"{name}.") or method["x-access"] == ["service"]:
                continue
            known = others.known(method)
            assert "id" in known or not takes_id(method) or method["name"] in HAS_NO_OWNER, (
                f"{method['name']}: Others needs one of them, or HAS_NO_OWNER says why it is nobody's"
            )
            # What must be named is theirs in every call; what may be named in one call each.
            needed = {param["name"] for param in method["params"] if param.get("required")}
            always = {key: value for key, value in known.items() if key in needed}
            for key in [key for key in known if key not in needed] or ([None] if always else []):
                named = always | ({key: known[key]} if key else {})
                yield method["name"], sampler.params(method, period=PERIOD, **named)


@pytest.fixture(scope="module")
def outcomes(stack):
    """[(method, kind of caller, params, word)], and what the databases held before and after."""
    others, met = Others(stack), []
    every, tokens = list(calls(stack, others)), strangers(stack)
    before = settled(stack, MOVING)
    for kind, token in tokens.items():
        for method, params in every:
            error = stack.gateway.answer(method, params, token).get("error")
            met.append((method, kind, params, error["data"]["code"] if error else "answered"))
    return met, before, settled(stack, MOVING)


def test_objects_of_others_are_out_of_reach(outcomes):
    met, _, _ = outcomes
    assert len({method for method, *_ in met}) > 20
    reached = [case for case in met if case[3] not in REFUSED and case[0] not in OPEN]
    assert not reached, "\n".join(map(str, reached))


def test_what_was_refused_changed_nothing(outcomes):
    _, before, after = outcomes
    assert before == after, {name: (before[name], rows) for name, rows in after.items() if before[name] != rows}


def test_open_methods_are_open(outcomes):
    met, _, _ = outcomes
    assert set(OPEN) == {method for method, _, _, word in met if word == "answered" and method in OPEN}
