"""Accounts of people, by the letters that they get."""

from rpc import RpcError
from sessions import sql
from stack import PASSWORD

# What a forgotten password is reset to.
OTHER = "a staple for the battery"


def outcome(call, *arguments):
    """What became of a call in one word: ok, or the error's reason, rule or word."""
    try:
        call(*arguments)
    except RpcError as error:
        return error.reason or error.data.get("rule") or error.word
    return "ok"


def ask(stack, email, password=PASSWORD, name="Somebody", **more):
    """Registers without answering the letter."""
    return stack.rpc("passport.user.register", {"email": email, "password": password, "name": name, **more})


def verify(stack, token, password=PASSWORD):
    return stack.rpc("passport.user.verify_email", {"token": token, "password": password})


def letter_token(stack, email, template="verify_email"):
    """The token in the letter to the address, once it is there."""
    return stack.mailbox.wait(email, template).token


def count_users(stack, email):
    return sql(stack, "SELECT count(*) FROM user_account WHERE email_folded = %s", email)[0][0]


def request_reset(stack, email):
    """Asks for a letter to reset the password; its token."""
    stack.rpc("passport.password.request_reset", {"email": email})
    return letter_token(stack, email, "password_reset")


def reset(stack, token, password=OTHER):
    return stack.rpc("passport.password.reset", {"token": token, "new_password": password})
