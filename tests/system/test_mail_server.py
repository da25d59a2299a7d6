"""Letters on their way to the mail server: with TLS and login, refused, put off, and when nobody answers."""

import time

import loglines
import pytest
from mail_queue import FAST, NOTICE, queue, queued, wait_empty, wait_given_up
from ports import free_port
from smtp_server import Authority, SmtpServer
from waiting import wait_until

pytestmark = pytest.mark.asan


@pytest.fixture
def passport(make_stack):
    """passport(settings): a stack of passport alone that does not wait long."""
    return lambda settings=None: make_stack({"passport": FAST | (settings or {})}, ("passport",))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def test_smtp_with_tls_and_login(passport, authority):
    login = ("mailer", "s3cret word")
    with SmtpServer("starttls", authority, login) as server:
        settings = {
            "mail_url": server.url,
            "mail_user": login[0],
            "mail_password": login[1],
            "mail_ca_file": authority.file,
        }
        stack = passport(settings)
        queue(stack, *((NOTICE, f"user{i}@test.example") for i in range(20)))
        for i in range(20):
            assert server.wait(f"user{i}@test.example")[0].template == NOTICE
        wait_empty(stack)
        assert len(server.letters) == 20 and not stack.mailbox.letters()
        assert login[1] not in stack["passport"].log_text()
    # Connections are used again.
    assert server.seen.count("AUTH") <= 8


def test_smtps(passport, authority):
    with SmtpServer("smtps", authority) as server:
        stack = passport({"mail_url": server.url, "mail_ca_file": authority.file})
        queue(stack, (NOTICE, "ann@test.example"))
        assert server.wait("ann@test.example")[0].subject == "Too many failed logins"


def test_nothing_is_said_to_a_server_that_is_not_trusted(passport, authority, tmp_path):
    stranger = Authority(tmp_path, "stranger")
    login = ("mailer", "s3cret word")
    with SmtpServer("starttls", stranger, login) as server:
        settings = {
            "mail_url": server.url,
            "mail_user": login[0],
            "mail_password": login[1],
            "mail_ca_file": authority.file,
        }
        stack = passport(settings | {"mail_max_attempts": 2})
        queue(stack, (NOTICE, "ann@test.example"))
        assert "certificate" in wait_given_up(stack)
    with SmtpServer() as server:  # without STARTTLS
        stack["passport"].write_settings(mail_url=server.url)
        stack["passport"].restart()
        queue(stack, (NOTICE, "bob@test.example"))
        wait_until(lambda: len([row for row in queued(stack) if row[2]]) == 2, 30, "the other to be given up")
    assert not {"AUTH", "MAIL"} & set(server.seen)


def test_wrong_password_of_the_server_costs_no_letter(passport, authority):
    with SmtpServer("starttls", authority, ("mailer", "right")) as server:
        settings = {
            "mail_url": server.url,
            "mail_user": "mailer",
            "mail_password": "wrong",
            "mail_ca_file": authority.file,
        }
        stack = passport(settings)
        queue(stack, (NOTICE, "ann@test.example"))
        wait_until(lambda: "denied" in queued(stack)[0][3].lower(), what="the login to be refused")
        stack["passport"].write_settings(mail_password="right")
        stack["passport"].restart()
        server.wait("ann@test.example")


def test_put_off_and_then_accepted(passport):
    with SmtpServer() as server:
        server.answer("MAIL", "421 4.3.2 going down")
        server.answer("RCPT", "450 4.2.1 not now", "452 4.2.2 mailbox full")
        server.answer("DATA", "451 4.3.0 try later")
        stack = passport({"mail_url": server.url, "mail_tls": "none"})
        user_letter = queue(stack, (NOTICE, "ann@test.example"))[0]
        assert len(server.wait("ann@test.example")) == 1
        wait_empty(stack)
        assert stack["passport"].log_text().count(f'"mail":"{user_letter}"') == 5
        metrics = stack["passport"].get("/metrics").text
        assert f'eventloop_mail_total{{template="{NOTICE}",outcome="retried"}} 4' in metrics


@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
def test_refused_for_good(passport, verb):
    with SmtpServer() as server:
        server.answer(verb, "550 5.1.1 no such user")
        stack = passport({"mail_url": server.url, "mail_tls": "none"})
        letter = queue(stack, (NOTICE, "ann@test.example"))[0]
        assert "550 5.1.1 no such user" in wait_given_up(stack)
        assert queued(stack)[0][1] == 1
        said = stack["passport"].command("mail", "retry", letter).stderr
        assert loglines.events(said, "letters will be tried again")[0]["count"] == 1
        server.wait("ann@test.example")
        wait_empty(stack)


def test_a_silent_server_holds_up_nobody(passport):
    with SmtpServer() as server:
        stack = passport({"mail_url": server.url, "mail_tls": "none"})
        for verb in ("DATA", "QUIT"):
            server.fall_silent(verb)
        server.answer("RCPT", "550 5.1.1 no such user")
        queue(stack, *((NOTICE, f"user{i}@test.example") for i in range(5)))
        slowest, until = 0.0, time.monotonic() + 30
        while not any("time" in row[3] or "too long" in row[3] for row in queued(stack)) and time.monotonic() < until:
            start = time.monotonic()
            assert stack["passport"].get("/livez").status_code == 200
            slowest = max(slowest, time.monotonic() - start)
        assert {"DATA", "QUIT"} <= set(server.seen)
        assert slowest < 0.5, f"the loop stood still for {slowest:.2f} s"
        assert "550 5.1.1 no such user" in wait_given_up(stack)
        stopping = time.monotonic()
        stack["passport"].restart()
        assert time.monotonic() - stopping < 8
        server.speak()
        wait_until(lambda: len(server.letters) == 4, 30, "the others to arrive")


def test_server_comes_back(passport):
    port = free_port()
    stack = passport({"mail_url": f"smtp://127.0.0.1:{port}", "mail_tls": "none"})
    queue(stack, (NOTICE, "ann@test.example"))
    wait_until(lambda: queued(stack)[0][1] >= 3 and "onnect" in queued(stack)[0][3], what="three attempts")
    with SmtpServer(port=port) as server:
        server.wait("ann@test.example")
        wait_empty(stack)


def test_folder_comes_back(passport):
    stack = passport()
    folder = stack.folder / "later" / "mail"
    stack["passport"].write_settings(mail_dir=folder)
    stack["passport"].restart()
    letter = queue(stack, (NOTICE, "ann@test.example"))[0]
    wait_until(lambda: "No such file" in queued(stack)[0][3], what="a failed attempt")
    # One that waits is not for a person to try: it may be under way.
    said = stack["passport"].command("mail", "retry", letter, check=False).stderr
    assert loglines.events(said, "letters will be tried again")[0]["count"] == 0
    folder.parent.mkdir()
    wait_empty(stack)
    files = list(folder.iterdir())
    assert len(files) == 1 and files[0].suffix == ".eml" and files[0].stat().st_mode & 0o077 == 0
