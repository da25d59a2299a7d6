"""Letters: what passport writes, when, and where to; nothing is lost and nothing is sent twice at once."""

import json
import re
import time
import uuid
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest
from mail_queue import FAST, NOTICE, queue, queued, wait_empty, wait_given_up
from ports import free_port
from process import Daemon
from smtp_server import SmtpServer
from waiting import wait_until

pytestmark = pytest.mark.asan
REGISTER = (
    "INSERT INTO registration (id, email, email_folded, password_hash, name, locale, time_zone)"
    " VALUES (%s, %s, %s, 'none', 'http://evil.example', %s, 'UTC')"
)
NOW = "2027-01-02T03:04:05Z"


@pytest.fixture
def passport(make_stack):
    """passport(settings): a stack of passport alone that does not wait long."""
    return lambda settings=None: make_stack({"passport": FAST | (settings or {})}, ("passport",))


# --- what letters say ---


def test_reset_letter(stack):
    user = stack.user("Ann <b>Smith</b>")
    queue(stack, ("password_reset", user.email))
    letter = stack.mailbox.wait(user.email, "password_reset")
    assert letter.subject == "Choose a new password"
    assert letter.link == f"{stack['passport'].settings['public_url']}/reset-password?token={letter.token}"
    assert "Hello Ann <b>Smith</b>," in letter.text
    assert "Hello Ann &lt;b&gt;Smith&lt;/b&gt;," in letter.html and "<b>" not in letter.html
    assert f"<code>{letter.token}</code>" in letter.html and f'href="{letter.link}"' in letter.html
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert letter.message["From"].addresses[0].addr_spec == "no-reply@localhost"
    wait_empty(stack)


def test_nothing_for_strangers(stack):
    queue(
        stack,
        ("password_reset", "nobody@test.example"),
        ("verify_email", "gone@test.example", {"registration_id": str(uuid.uuid4())}),
    )
    wait_empty(stack)
    assert not stack.mailbox.letters("nobody@test.example") and not stack.mailbox.letters("gone@test.example")


def test_verification_letter_names_nobody(stack):
    registration, email = str(uuid.uuid4()), "new@test.example"
    with stack.database("passport") as db:
        db.execute(REGISTER, (registration, email, email, "ru"))
    queue(stack, ("verify_email", email, {"registration_id": registration}))
    letter = stack.mailbox.wait(email, "verify_email")
    assert letter.subject == "Подтвердите адрес" and letter.message["Content-Language"] == "ru"
    assert letter.token in letter.link
    assert "зарегистрируйтесь заново" in letter.text and "зарегистрируйтесь заново" in letter.html
    # Who asked for the account may not be who has the address: their words do not get there.
    assert "evil" not in letter.text + letter.html
    with stack.database("passport") as db:
        row = db.execute("SELECT purpose, subject FROM one_time_token WHERE subject = %s", (registration,)).fetchone()
    assert row == ("verify_email", registration)


def test_who_has_an_account_is_told_so(stack):
    user, registration = stack.user("Bob"), str(uuid.uuid4())
    with stack.database("passport") as db:
        db.execute(REGISTER, (registration, user.email, user.email, "en"))
    queue(stack, ("verify_email", user.email, {"registration_id": registration}))
    letter = stack.mailbox.wait(user.email, "already_registered")
    assert letter.token is None and "Hello Bob," in letter.text
    assert len(stack.mailbox.letters(user.email, "verify_email")) == 1  # of the account that there is


def test_words_of_people_are_no_links(stack):
    data = {
        "invitation_id": str(uuid.uuid4()),
        "company": "Win at https://evil.example/x\r\nBcc: all@test.example\u202e",
        "inviter": "<a href='//evil.example'>" + "\U0001f469\u200d\U0001f680" * 100,
        "right": "manager",
        "expires_at": "2027-01-02T03:04:05Z",
    }
    queue(stack, ("invitation", "guest@test.example", data), ("invitation", "gast@test.example", data, "ru"))
    for recipient in ("guest@test.example", "gast@test.example"):
        letter = stack.mailbox.wait(recipient, "invitation")
        assert "Win at https: //evil. example/x Bcc: all @ test. example" in letter.subject
        assert letter.message["Bcc"] is None and letter.recipients == [recipient]
        assert letter.html.count("<a ") == 1 and "evil.example" not in letter.text + letter.html
        assert "\u202e" not in letter.raw.decode() + letter.text and "2027-01-02 03:04 UTC" in letter.text
        assert max(len(line) for line in letter.raw.split(b"\r\n")) <= 78
        assert letter.raw.isascii() and b"\n" not in letter.raw.replace(b"\r\n", b"")


NAMES = [
    "Ann Smith",
    "J. R. R. Tolkien, Esq. (retired)",
    'The "Great" Hall; & Sons',
    "O'Neill-Ng, Zoë",
    "Очень длинное название, которое не помещается в одну строку",
    "A name of many plain words that goes on and on to the limit",
    "\u5c71\u7530 \u592a\u90ce",
    "a" * 58,
]


def folding_faults(raw):
    """Lines of headers that are too long, or folded although what follows would have had room."""
    faults, lines = [], raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        limit = 76 if "=?" in line else 78
        if len(line) > limit and " " in line.removeprefix("Message-ID: "):
            faults.append(f"too long: {line}")
        folded = following.startswith((" ", "\t"))
        token = following.split()[0] if folded else ""
        if folded and len(line) + 1 + len(token) <= (76 if "=?" in line + token else 78):
            faults.append(f"folded needlessly: {line} | {following}")
        if folded and line.lower().startswith(("message-id:", "date:")):
            faults.append(f"folded: {line}")
    return faults


def decoded(letter, header):
    """A header as RFC 2047 reads it: blanks between two encoded words are none. Python's newer parser keeps them in the
    names of addresses."""
    unfolded = message_from_bytes(letter.raw)[header].replace("\r\n", "").replace("\n", "")
    return str(make_header(decode_header(unfolded)))


@pytest.mark.parametrize("name", NAMES)
def test_headers_are_folded_only_where_they_must_be(stack, name):
    user = stack.user(name)
    data = {"invitation_id": str(uuid.uuid4()), "company": name, "inviter": name, "right": "staff"}
    queue(stack, ("password_reset", user.email), ("invitation", user.email, data | {"expires_at": NOW}))
    to_name = stack.mailbox.wait(user.email, "password_reset")
    subject = stack.mailbox.wait(user.email, "invitation")
    assert folding_faults(to_name.raw) + folding_faults(subject.raw) == []
    assert decoded(to_name, "To") == f"{name} <{user.email}>" and to_name.recipients == [user.email]
    assert name in subject.subject and name in decoded(subject, "Subject")
    for letter in (to_name, subject):
        assert re.search(rb"^Message-ID: <\S+@localhost>\r\n", letter.raw, re.M)
        assert letter.message["Date"].datetime is not None


def test_the_sender_stands_on_one_line_or_is_folded_once(passport):
    sender = (
        "A marketplace of venues, halls and other things with a long name <letters@a-long-name.of-a-domain.example>"
    )
    stack = passport({"mail_from": sender})
    queue(stack, (NOTICE, "ann@test.example"))
    letter = stack.mailbox.wait("ann@test.example", NOTICE)
    assert folding_faults(letter.raw) == []
    assert decoded(letter, "From") == sender
    assert re.search(rb"^Message-ID: <\S+@a-long-name.of-a-domain.example>\r\n", letter.raw, re.M)


def test_notices_say_from_where(stack):
    user = stack.user("Cleo")
    data = {"at": "2026-11-21T15:00:00Z", "address": "192.0.2.7", "device": "Firefox/130.0\r\nX: y"}
    templates = ("password_changed", "account_locked", "second_factor_changed")
    queue(stack, *((template, user.email, data | {"change": "enabled"}) for template in templates))
    for template in templates:
        letter = stack.mailbox.wait(user.email, template)
        assert "When: 2026-11-21 15:00 UTC\nFrom: 192.0.2.7\nWith: Firefox/130.0 X: y\n" in letter.text
        assert "Hello Cleo," in letter.text and "<br>" in letter.html


def test_change_of_address(stack):
    user = stack.user("Dora")
    with stack.database("passport") as db:
        statement = "SELECT password_changed_at::text FROM user_account WHERE id = %s"
        changed_at = db.execute(statement, (user.id,)).fetchone()[0]
    queue(
        stack,
        ("email_change", "dora2@test.example", {"user_id": user.id, "password_changed_at": changed_at}),
        ("email_changed", user.email, {"user_id": user.id}),
    )
    letter = stack.mailbox.wait("dora2@test.example", "email_change")
    assert letter.token and "Dora" not in letter.text
    assert "Hello Dora," in stack.mailbox.wait(user.email, "email_changed").text
    with stack.database("passport") as db:
        row = db.execute("SELECT data->>'email' FROM one_time_token WHERE subject = %s", (user.id,)).fetchone()
    assert row == ("dora2@test.example",)


def test_bad_letters_are_given_up_at_once(passport):
    stack = passport()
    queue(stack, ("no_such_letter", "ann@test.example"))
    assert "no_such_letter" in wait_given_up(stack)
    listed = json.loads(stack["passport"].command("mail", "list").stdout)
    assert listed["state"] == "failed" and listed["attempts"] == 1
    queue(stack, (NOTICE, "ann@test.example\r\nBcc: bob@test.example"))
    wait_until(lambda: len([row for row in queued(stack) if row[2]]) == 2, what="both to be given up")
    assert not stack.mailbox.letters()
    assert (
        'eventloop_mail_total{template="no_such_letter",outcome="failed"} 1' in stack["passport"].get("/metrics").text
    )


def test_commits_wake_the_worker(stack):
    waited = 0.0
    for i in range(10):
        new = {"email": f"woken{i}@test.example", "password": "correct horse battery", "name": "Ann"}
        stack.rpc("passport.user.register", new)
        started = time.monotonic()
        stack.mailbox.wait(new["email"], "verify_email")
        waited += time.monotonic() - started
    # By its poll alone each would take about half a second.
    assert waited < 2


# --- nothing lost, nothing twice ---


def test_replicas_share_the_queue(passport):
    stack = passport()
    first, port = stack["passport"], free_port()
    settings = first.settings | {"port": port, "link_port": free_port()}
    (stack.folder / "second").mkdir()
    second = Daemon("passport", first.program, stack.folder / "second", settings)
    second.start()
    try:
        recipients = [f"user{i}@test.example" for i in range(200)]
        queue(stack, *((NOTICE, recipient) for recipient in recipients))
        wait_empty(stack)
        assert sorted(letter.recipients[0] for letter in stack.mailbox.letters()) == sorted(recipients)
        sent = [daemon.log_text().count("a letter was sent") for daemon in (first, second)]
        assert sum(sent) == 200 and min(sent) > 0
    finally:
        assert second.stop() == 0


def test_kill_loses_no_letter(passport):
    with SmtpServer() as server:
        stack = passport({"mail_url": server.url, "mail_tls": "none", "mail_timeout": "1s"})
        server.fall_silent("RCPT")
        recipients = [f"user{i}@test.example" for i in range(20)]
        queue(stack, *((NOTICE, recipient) for recipient in recipients))
        wait_until(lambda: "RCPT" in server.seen, what="letters to be under way")
        stack["passport"].kill()
        assert len(queued(stack)) == 20
        server.speak()
        stack["passport"].start()
        wait_empty(stack)
        assert sorted(letter.recipients[0] for letter in server.letters) == sorted(recipients)


def test_bad_settings_stop_the_start(passport):
    stack = passport()
    stack["passport"].stop()
    login = {"mail_url": "smtp://127.0.0.1", "mail_user": "mailer"}
    for settings, told in (
        ({"mail_from": "nobody"}, "mail_from"),
        ({"mail_url": "http://127.0.0.1"}, "mail_url, mail_tls, mail_user, mail_ca_file: a mail server's url"),
        (login | {"mail_tls": "optional"}, "password"),
        ({"mail_url": "smtp://127.0.0.1", "mail_ca_file": "/nonexistent"}, "/nonexistent"),
    ):
        before = dict(stack["passport"].settings)
        stack["passport"].write_settings(**settings)
        stack["passport"].start(wait=False)
        assert stack["passport"].process.wait(30) == 1
        assert told in stack["passport"].log_text()
        stack["passport"].settings = before
