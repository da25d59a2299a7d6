"""The letters that passport writes into a folder instead of mailing them."""

import re
import time

PATIENCE = 30  # seconds
TOKEN = re.compile(r"^token: ([\w-]+)", re.MULTILINE)


def token_for(folder, email):
    """The token of the newest letter to the address that has one; waits for it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for path in sorted(folder.glob("*.eml"), reverse=True):
            head, _, body = path.read_text().partition("\n\n")
            token = TOKEN.search(body)
            if token and email in head:
                return token[1]
        time.sleep(0.05)
    raise OSError(f"no letter to {email} came to {folder}")
