"""Callers with a role on the platform, for tests."""


def with_role(stack, role):
    """A new user with the role, logged in with it."""
    user = stack.user(role.capitalize())
    with stack.database("passport") as database:
        database.execute("UPDATE user_account SET roles = roles || %s::text WHERE id = %s", (role, user.id))
    return stack.login(user.email)


def moderator(stack):
    return with_role(stack, "moderator")


def administrator(stack):
    """An administrator besides stack.admin()."""
    return with_role(stack, "admin")
