"""An authenticator app: RFC 6238 on Python's own library, so that it shares nothing with what it tests."""

import base64
import hashlib
import hmac
import struct
import time

from stack import PASSWORD

STEP = 30
WRONG = ("unauthenticated", "credentials")  # word and reason of a wrong code


def code(secret, when=None):
    """The six digits of a base32 secret at a time (now)."""
    counter = struct.pack(">Q", int(time.time() if when is None else when) // STEP)
    mac = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = mac[-1] & 15
    number = struct.unpack(">I", mac[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


class App:
    """A user with an authenticator app, enrolled and confirmed."""

    def __init__(self, stack, user):
        self.stack, self.user = stack, user
        self.secret = user.rpc("passport.totp.enroll")["secret"]
        self.recovery_codes = user.rpc("passport.totp.confirm", {"code": self.code()})["recovery_codes"]

    @classmethod
    def enrolled(cls, stack, user, secret):
        """The app of a user who has confirmed this secret."""
        app = cls.__new__(cls)
        app.stack, app.user, app.secret, app.recovery_codes = stack, user, secret, []
        return app

    def code(self):
        """A code that was not used yet: as if time had gone by, the last one is forgotten."""
        with self.stack.database("passport") as database:
            database.execute("UPDATE totp SET last_step = 0 WHERE user_id = %s", (self.user.id,))
        return code(self.secret)

    def challenge(self, door=None, password=None):
        """The challenge of a login with the right password."""
        params = {"email": self.user.email, "password": password or PASSWORD}
        return (door or self.stack.gateway).rpc("passport.auth.login", params)["second_factor"]["challenge"]

    def login(self, door=None):
        """Tokens of a login with password and code."""
        challenge = self.challenge(door)
        params = {"challenge": challenge, "code": self.code()}
        return (door or self.stack.gateway).rpc("passport.auth.second_factor", params)


def present(stack, challenge, digits):
    return stack.rpc("passport.auth.second_factor", {"challenge": challenge, "code": digits})


def refused(stack, challenge, digits):
    error = stack.error("passport.auth.second_factor", {"challenge": challenge, "code": digits})
    return error.word, error.reason or error.data.get("rule")


def wrong_code(app):
    """Six digits that no step near now has."""
    return f"{(int(app.code()) + 500_000) % 1_000_000:06}"
