"""The queue of letters: who goes first, and that a connection at rest holds up no stop."""

import time

import loglines
import pytest
from smtp_server import SmtpServer
from mail_queue import FAST, NOTICE, queue, wait_empty


@pytest.fixture
def passport(make_stack):
    return lambda settings: make_stack({"passport": FAST | settings}, ("passport",))


def test_who_waits_longest_goes_first(passport):
    stack = passport({})
    daemon = stack["passport"]
    daemon.stop()
    letters = queue(stack, *((NOTICE, f"user{number}@test.example") for number in range(30)))
    with stack.database("passport") as database:
        due = "UPDATE mail SET next_attempt_at = now() - %s * interval '1 second' WHERE id = %s"
        database.cursor().executemany(due, [(number, letter) for number, letter in enumerate(letters)])
    daemon.start()
    wait_empty(stack)
    sent = [event["mail"] for event in loglines.events(daemon.log_text(), "a letter was sent")]
    assert set(sent[:10]) <= set(letters[10:]), "a few are under way at once"


def test_a_connection_at_rest_holds_up_no_stop(passport):
    with SmtpServer() as server:
        stack = passport({"mail_url": server.url, "mail_tls": "none", "mail_timeout": "30s"})
        queue(stack, (NOTICE, "ann@test.example"))
        wait_empty(stack)
        server.fall_silent("QUIT")
        stopping = time.monotonic()
        assert stack["passport"].stop() == 0
        assert time.monotonic() - stopping < 5
        server.speak()
