"""Letters: what passport writes, when, and where to; nothing is lost and nothing is sent twice at once."""

import json
import uuid

import pytest
from waiting import wait_until

pytestmark = pytest.mark.asan

INSERT = "INSERT INTO mail (id, template, recipient, locale, data) VALUES (%s, %s, %s, %s, %s)"


def queue(stack, template, recipient, data=None, locale="en"):
    """Queues a letter as mail_queue does, but without waking anybody: the worker's poll finds it."""
    letter = str(uuid.uuid4())
    with stack.database("passport") as db:
        db.execute(INSERT, (letter, template, recipient, locale, json.dumps(data or {})))
    return letter


def queued(stack):
    with stack.database("passport") as db:
        return db.execute("SELECT id::text, attempts, failed_at IS NOT NULL, reason FROM mail ORDER BY id").fetchall()


def wait_empty(stack):
    wait_until(lambda: not queued(stack), what="the queue of letters to be empty")


def test_reset_letter(stack):
    user = stack.user("Ann <b>Smith</b>")
    queue(stack, "password_reset", user.email.upper().replace("@TEST", "@test"))
    letter = stack.mailbox.wait(user.email.upper().replace("@TEST", "@test"), "password_reset")
    assert letter.subject == "Choose a new password"
    assert letter.link == f"{stack['passport'].settings['public_url']}/reset-password?token={letter.token}"
    assert "Hello Ann <b>Smith</b>," in letter.text
    assert "Hello Ann &lt;b&gt;Smith&lt;/b&gt;," in letter.html
    assert f"<code>{letter.token}</code>" in letter.html
    wait_empty(stack)


def test_nothing_for_strangers(stack):
    queue(stack, "password_reset", "nobody@test.example")
    wait_empty(stack)
    assert not stack.mailbox.letters("nobody@test.example")
