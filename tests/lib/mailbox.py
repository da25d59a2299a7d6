"""Letters of a passport that writes them into a folder (setting mail_dir): waiting for one and reading it.

letter = stack.mailbox.wait("ann@test.example", "verify_email")
stack.rpc("passport.user.verify_email", {"token": letter.token, "password": PASSWORD})
"""

import email
import email.policy
import re
from pathlib import Path

from waiting import wait_until

POLICY = email.policy.default
TOKEN_LINE = re.compile(r"^token: ([A-Za-z0-9_-]{43})$", re.MULTILINE)
LINK_LINE = re.compile(r"^(https?://\S+)$", re.MULTILINE)


class Letter:
    """A message, from its bytes."""

    def __init__(self, raw):
        self.raw = raw
        self.message = email.message_from_bytes(raw, policy=POLICY)
        self.template = self.message["X-EventLoop-Template"]
        self.recipients = [address.addr_spec for address in self.message["To"].addresses]
        self.subject = self.message["Subject"]

    @property
    def text(self):
        return self.message.get_body(("plain",)).get_content().replace("\r\n", "\n")

    @property
    def html(self):
        return self.message.get_body(("html",)).get_content().replace("\r\n", "\n")

    @property
    def token(self):
        """The one-time token, or None."""
        found = TOKEN_LINE.search(self.text)
        return found.group(1) if found else None

    @property
    def link(self):
        """The letter's link, or None."""
        found = LINK_LINE.search(self.text)
        return found.group(1) if found else None


class Mailbox:
    """The letters in a folder. Each is handed out once by wait(), so that the next wait() is for the next letter."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._taken = set()
        self._read = {}

    def letters(self, recipient=None, template=None):
        """All letters, oldest first: of this recipient and template when given."""
        return [letter for _, letter in self._find(recipient, template)]

    def wait(self, recipient, template, timeout=15):
        """The oldest letter to the recipient of this template that was not handed out yet."""
        what = f"a letter {template} to {recipient} in {self.folder}"
        path, letter = wait_until(lambda: self._next(recipient, template), timeout, what)
        self._taken.add(path)
        return letter

    def _next(self, recipient, template):
        return next((found for found in self._find(recipient, template) if found[0] not in self._taken), None)

    def _find(self, recipient, template):
        for path in sorted(self.folder.glob("*.eml")):
            letter = self._read.get(path) or self._read.setdefault(path, Letter(path.read_bytes()))
            if recipient in (None, *letter.recipients) and template in (None, letter.template):
                yield path, letter
