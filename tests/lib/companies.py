"""Companies in tests: members made by invitation, what the database keeps of them, calls at the same moment."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor

from rpc import RpcError


def companies_in(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["companies"]


def refresh(stack, user):
    """The user with the tokens that the session gives now."""
    answer = stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})
    user.token, user.refresh_token = answer["access_token"], answer["refresh_token"]
    return user


def invite(inviter, company, email, right="staff"):
    params = {"company_id": company, "email": email, "right": right}
    return inviter.rpc("passport.invitation.create", params)


def join(stack, owner, company, right="staff", name="Somebody"):
    """A new user who is a member of the company, with a token that says so."""
    user = stack.user(name)
    invitation = invite(owner, company, user.email, right)
    user.rpc("passport.invitation.accept", {"id": invitation["id"]})
    return refresh(stack, user)


def facts(stack, company, topic):
    with stack.database("passport") as database:
        found = database.execute(
            "SELECT payload FROM outbox WHERE key = %s AND topic = %s ORDER BY seq", (company, topic)
        ).fetchall()
    return [payload if isinstance(payload, dict) else json.loads(payload) for (payload,) in found]


def actions(stack, company):
    with stack.database("passport") as database:
        found = database.execute("SELECT action FROM audit_event WHERE company_id = %s ORDER BY id", (company,))
        return [action for (action,) in found.fetchall()]


def all_pages(caller, method, params):
    """The items of all pages; a page that is its own next one is a fault, and no reason to ask for ever."""
    items, cursor = [], None
    while True:
        page = caller.rpc(method, params | ({"cursor": cursor} if cursor else {}))
        items += page["items"]
        assert page["next_cursor"] is None or page["next_cursor"] != cursor, f"{method} does not get on: {params}"
        cursor = page["next_cursor"]
        if not cursor:
            return items


def in_parallel(calls):
    """What the calls came to, each in a thread of its own: results and errors."""

    def outcome(call):
        try:
            return call()
        except RpcError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(outcome, calls))


def odd(outcomes):
    """Errors that nobody should meet: of our making, or of two calls that waited for each other."""
    errors = [one for one in outcomes if isinstance(one, RpcError)]
    words = ("internal", "unavailable", "deadline_exceeded")
    return [one for one in errors if one.word in words or one.reason in ("deadlock", "serialization")]
