"""What programs use instead of a password: API keys of companies and service accounts, for tests."""

import base64
import json
import re

from waiting import wait_until

API_KEY = re.compile(r"evl_key_[A-Za-z0-9_-]{43}")
SERVICE_SECRET = re.compile(r"evl_sa_[A-Za-z0-9_-]{43}")


def claims(token):
    """What an access token says."""
    text = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def make_key(owner, company, scope="*", right="manager", name="Integration", **more):
    """A new API key of the company: the answer, with `secret`."""
    params = {"company_id": company, "name": name, "right": right, "scope": scope, **more}
    return owner.rpc("passport.api_key.create", params)


def exchange(stack, key):
    """The access token for the text of an API key."""
    return stack.rpc("passport.auth.client_token", {"key": key})["access_token"]


def is_revoked(daemon, method, token):
    """True once the daemon refuses the token because it was revoked."""
    error = daemon.answer(method, {}, token).get("error")
    return error is not None and error["data"].get("reason") == "revoked"


def wait_revoked(stack, doors, token, within=2.0):
    """Waits until every door (daemon, method) refuses the token."""
    for name, method in doors.items():
        wait_until(lambda n=name, m=method: is_revoked(stack[n], m, token), within, f"revocation at {name}")
