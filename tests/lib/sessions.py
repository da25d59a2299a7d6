"""Sessions from behind: in passport's database, and as if time had gone by."""

from integration import claims


def sql(stack, statement, *values):
    with stack.database("passport") as database:
        found = database.execute(statement, values)
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
