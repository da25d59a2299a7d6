"""Sessions from behind: in passport's database, and as if time had gone by."""

from integration import claims

NOBODY = "01932b5c-7a10-7000-8000-000000000001"


def sql(stack, statement, *values):
    with stack.database("passport") as database:
        found = database.execute(statement, values or None)
        return found.fetchall() if found.description else None


def refresh(stack, token):
    return stack.rpc("passport.auth.refresh", {"refresh_token": token})


def stale(stack, user, age="11 minutes"):
    """The user with a token of a session that authenticated a while ago."""
    session = claims(user.token)["sid"]
    sql(stack, f"UPDATE session SET auth_time = now() - interval '{age}' WHERE id = %s", session)
    answer = refresh(stack, user.refresh_token)
    user.token, user.refresh_token = answer["access_token"], answer["refresh_token"]
    return user


def refused(stack, token):
    """The reason why the refresh token is not taken."""
    return stack.error("passport.auth.refresh", {"refresh_token": token}).reason


def impersonate(stack, user, reason="Ticket 4711"):
    """The administrator begins to act as the user; the answer has the tokens."""
    return stack.admin().rpc("passport.auth.impersonate", {"user_id": user.id, "reason": reason})
