"""Passport's queue of letters, filled and seen from behind."""

import json
import uuid

from waiting import wait_until

INSERT = "INSERT INTO mail (id, template, recipient, locale, data) VALUES (%s, %s, %s, %s, %s)"
FAST = {"mail_retry_pause": "20ms", "mail_timeout": "2s"}
NOTICE = "account_locked"


def queue(stack, *letters):
    """Queues letters (template, recipient, data, locale) as mail_queue does, but without waking anybody: polls find
    them."""
    rows = []
    for template, recipient, *more in letters:
        data, locale = (*more, {}, "en")[:2] if len(more) != 1 else (more[0], "en")
        rows.append((str(uuid.uuid4()), template, recipient, locale, json.dumps(data)))
    with stack.database("passport") as db:
        db.cursor().executemany(INSERT, rows)
    return [row[0] for row in rows]


def queued(stack):
    """What is in the queue: (id, attempts, given up, reason)."""
    with stack.database("passport") as db:
        return db.execute("SELECT id::text, attempts, failed_at IS NOT NULL, reason FROM mail ORDER BY id").fetchall()


def wait_empty(stack):
    wait_until(lambda: not queued(stack), 30, "the queue of letters to be empty")


def wait_given_up(stack):
    """The reason of the one letter in the queue once it was given up."""
    rows = wait_until(lambda: [row for row in queued(stack) if row[2]], 30, "a letter to be given up")
    assert len(rows) == 1
    return rows[0][3]
