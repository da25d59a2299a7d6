"""Letters about bookings: passport writes what other daemons ask for, once, to those who want it."""

import uuid

import pytest
from mail_queue import FAST, wait_empty
from smtp_server import SmtpServer
from waiting import wait_until

pytestmark = pytest.mark.asan
CONTENT = {
    "booking_id": "01932b5c-7a10-7000-8000-000000000021",
    "listing": "Hall by the river",
    "time_zone": "Europe/Oslo",
    "periods": [{"from": "2026-12-12T17:00:00Z", "to": "2026-12-12T22:00:00Z"}],
    "price": {"amount": 120000, "currency": "NOK"},
}
WHEN = "When: Saturday, 12 December 2026, 18:00 – 23:00 (Europe/Oslo, UTC+01:00)"
WHEN_IN_RUSSIAN = "Когда: суббота, 12 декабря 2026 г., 18:00 – 23:00 (Europe/Oslo, UTC+01:00)"


def params(recipient, template="booking_confirmed", key=None, **content):
    return {
        "recipient": recipient,
        "template": template,
        "content": CONTENT | content,
        "letter_key": key or str(uuid.uuid4()),
    }


def send(stack, *given, **more):
    return stack["passport"].rpc("passport.letter.send", params(*given, **more), stack.service_token())


def russian(stack):
    user = stack.user("Иван")
    version = user.rpc("passport.user.me")["version"]
    user.rpc("passport.user.update", {"version": version, "locale": "ru-RU"})
    return user


def test_in_the_language_of_the_user_and_the_zone_of_the_venue(stack):
    ann, ivan = stack.user("Ann"), russian(stack)
    for user in (ann, ivan):
        assert send(stack, {"user_id": user.id})["queued"] == 1
    letter = stack.mailbox.wait(ann.email, "booking_confirmed")
    assert letter.subject == "Booked: Hall by the river" and "Hello Ann," in letter.text
    assert WHEN in letter.text and WHEN in letter.html and "Price: 1,200.00 NOK" in letter.text
    assert letter.link.endswith(f"/bookings/{CONTENT['booking_id']}")
    letter = stack.mailbox.wait(ivan.email, "booking_confirmed")
    assert letter.subject == "Забронировано: Hall by the river" and letter.message["Content-Language"] == "ru"
    assert WHEN_IN_RUSSIAN in letter.text and "Цена: 1\u00a0200,00 NOK" in letter.text


def test_nothing_comes_in_by_a_value(stack):
    ann = stack.user("Ann")
    evil = "x\r\nBcc: everybody@test.example\r\n\r\n<script>alert(1)</script>{price}\n\n@token https://evil.example"
    send(stack, {"user_id": ann.id}, listing=evil, customer=evil, phone=evil[:40], note=evil, reason=evil)
    letter = stack.mailbox.wait(ann.email, "booking_confirmed")
    assert letter.recipients == [ann.email] and letter.message["Bcc"] is None
    assert "<script" not in letter.html and "https://evil" not in letter.html + letter.text
    assert letter.html.count("<a ") == 1
    big = params({"user_id": ann.id}, note="x" * 1_000_000)
    error = stack["passport"].error("passport.letter.send", big, stack.service_token())
    assert error.word in ("invalid_params", "too_large")


def test_staff_of_a_company_but_not_who_chose_otherwise(stack):
    company, owner = stack.company()
    member = stack.user("Member")
    invitation = {"company_id": company, "email": member.email, "right": "staff"}
    owner.rpc("passport.invitation.create", invitation)
    waiting = member.rpc("passport.invitation.list")["items"][0]
    member.rpc("passport.invitation.accept", {"id": waiting["id"]})
    member = stack.login(member.email)
    to_staff, to_owners = ({"company_id": company, "right": right} for right in ("staff", "owner"))
    assert send(stack, to_staff, "booking_requested")["queued"] == 2
    assert send(stack, to_owners, "booking_requested")["queued"] == 1
    chosen = member.rpc("passport.letter.set_choices", {"choices": {"requests": False}})
    assert (chosen["requests"], chosen["bookings"], chosen["reminders"]) == (False, True, True)
    assert member.rpc("passport.letter.get_choices")["requests"] is False
    assert send(stack, to_staff, "booking_waiting")["queued"] == 1
    assert send(stack, to_staff, "booking_cancelled")["queued"] == 2
    assert stack.mailbox.wait(owner.email, "booking_waiting")
    wait_empty(stack)
    assert not stack.mailbox.letters(member.email, "booking_waiting")
    member.error("passport.letter.set_choices", {"choices": {"account_locked": False}})


def test_a_customer_without_account(stack):
    company, _ = stack.company()
    customer = {"email": "walk.in@test.example", "name": "Пётр", "language": "ru", "company_id": company}
    assert send(stack, customer)["queued"] == 1
    letter = stack.mailbox.wait(customer["email"], "booking_confirmed")
    assert "Здравствуйте, Пётр!" in letter.text and WHEN_IN_RUSSIAN in letter.text
    assert letter.link is None and "учётной" not in letter.text
    # Whoever has an account with that address has chosen there.
    ann = stack.user("Ann")
    ann.rpc("passport.letter.set_choices", {"choices": {"bookings": False}})
    assert send(stack, customer | {"email": ann.email})["queued"] == 0


def test_once_for_a_key(stack):
    ann = stack.user("Ann")
    given = params({"user_id": ann.id}, key="once")
    token = stack.service_token()
    answers = [stack["passport"].rpc("passport.letter.send", given, token) for _ in range(3)]
    assert [(answer["queued"], answer["repeated"]) for answer in answers] == [(1, False), (0, True), (0, True)]
    wait_empty(stack)
    assert len(stack.mailbox.letters(ann.email, "booking_confirmed")) == 1


def test_only_for_daemons_and_within_the_limits_of_a_day(make_stack):
    limits = {"booking_letter_limit": 2, "stranger_letter_limit": 3}
    stack = make_stack({"passport": FAST | limits}, ("passport",))
    one, other = (str(uuid.uuid4()) for _ in range(2))
    assert stack["passport"].error("passport.letter.send", params({"user_id": one})).word == "unauthenticated"
    assert send(stack, {"user_id": one})["queued"] == 0
    addresses = ["a@test.example"] * 3 + ["b@test.example"] * 2
    queued = [send(stack, {"email": address, "company_id": one})["queued"] for address in addresses]
    assert queued == [1, 1, 0, 0, 0]
    assert send(stack, {"email": "b@test.example", "company_id": other})["queued"] == 1


def test_once_though_the_mail_server_hangs_and_passport_is_killed(make_stack):
    with SmtpServer() as server:
        settings = FAST | {"mail_url": server.url, "mail_tls": "none", "mail_timeout": "1s"}
        stack = make_stack({"passport": settings}, ("passport",))
        customer = {"email": "ann@test.example", "company_id": str(uuid.uuid4())}
        server.fall_silent("MAIL")
        assert send(stack, customer, key="hanging")["queued"] == 1
        wait_until(lambda: "MAIL" in server.seen, what="the letter to be on its way")
        stack["passport"].kill()
        stack["passport"].start()
        assert send(stack, customer, key="hanging") | {"seq": 0} == {"queued": 0, "repeated": True, "seq": 0}
        server.speak()
        server.wait("ann@test.example")
        wait_empty(stack)
        assert len(server.letters) == 1 and WHEN in server.letters[0].text
