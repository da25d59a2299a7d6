"""Letters about bookings: what happens is told once, to whom it concerns."""

import pytest
from booking_steps import EUROS, ask, do, set_rules, set_time, span
from companies import join
from mail_queue import FAST, wait_empty
from smtp_server import SmtpServer
from waiting import wait_until

KARI = {"name": "Kari Nordmann", "phone": "+47 22 00 00 00", "email": "kari@customers.example", "language": "ru"}
PLACE = {"price": EUROS, "price_unit": "hour", "time_zone": "Europe/Oslo"}


@pytest.fixture(scope="module")
def clerk(stack, owner):
    return join(stack, owner[1], owner[0])


@pytest.fixture
def hall(stack, owner):
    return stack.listing(*owner, **PLACE)


@pytest.fixture
def asked(stack, owner, hall):
    """A hall by request."""
    set_rules(owner[1], hall["id"], confirmation="request")
    return hall


def told(stack, booking):
    """Waits until the consumer has passed all facts there are."""
    with stack.database("events") as database:
        waiting = (
            "SELECT (SELECT count(*) FROM outbox o, outbox_cursor c WHERE c.subscriber = 'letters' "
            "AND (o.xid, o.seq) > (c.xid, c.seq)) + (SELECT count(*) FROM outbox_retry WHERE subscriber = 'letters')"
        )
        wait_until(lambda: database.execute(waiting).fetchone()[0] == 0, 30, "all facts to be told")
        dead = database.execute("SELECT reason FROM outbox_dead_letter").fetchall()
    assert not dead and booking
    wait_empty(stack)


def got(stack, user, template=None):
    return stack.mailbox.letters(user if isinstance(user, str) else user.email, template)


def tell_again(stack, times=1):
    """Has every fact that there is delivered again."""
    for _ in range(times):
        with stack.database("events") as database:
            database.execute("UPDATE outbox_cursor SET xid = '0', seq = 0 WHERE subscriber = 'letters'")
        stack["events"].restart()
        told(stack, True)


def test_a_booking_is_told_to_the_customer_and_its_end_to_both(stack, owner, clerk, hall, guest):
    booking = ask(guest, hall["id"])
    letter = stack.mailbox.wait(guest.email, "booking_confirmed")
    assert letter.subject == f"Booked: {hall['title']}" and letter.link.endswith(booking["id"])
    assert "(Europe/Oslo, UTC+0" in letter.text and "Price: 20.00 EUR" in letter.text
    do(guest, "cancel", booking, reason="Rain")
    for reader in (guest, clerk, owner[1]):
        letter = stack.mailbox.wait(reader.email, "booking_cancelled")
        assert "Fee for the cancellation: 0.00 EUR" in letter.text and "To be paid back: 0.00 EUR" in letter.text
        assert "Reason: Rain" in letter.text


def test_a_request_is_told_to_the_staff_and_the_answer_to_the_customer(stack, owner, clerk, asked, guest):
    first, second = ask(guest, asked["id"], note="With a piano"), ask(guest, asked["id"], 5, 6)
    letter = stack.mailbox.wait(clerk.email, "booking_requested")
    assert "To be answered by: " in letter.text and "Note: With a piano" in letter.text
    assert stack.mailbox.wait(owner[1].email, "booking_requested")
    do(owner[1], "approve", first)
    assert stack.mailbox.wait(guest.email, "booking_approved")
    do(owner[1], "decline", second, reason="Closed")
    assert "Reason: Closed" in stack.mailbox.wait(guest.email, "booking_declined").text
    do(owner[1], "change", first, guests=7)
    assert "Guests: 7" in stack.mailbox.wait(guest.email, "booking_changed").text
    assert "Guests: 7" in stack.mailbox.wait(clerk.email, "booking_changed").text


def test_a_customer_without_account_reads_it_in_the_language_that_was_said(stack, clerk, hall):
    ask(clerk, hall["id"], customer=KARI)
    letter = stack.mailbox.wait(KARI["email"], "booking_confirmed")
    assert letter.subject == f"Забронировано: {hall['title']}" and letter.link is None
    assert "Здравствуйте, Kari Nordmann!" in letter.text and "Europe/Oslo" in letter.text


def test_the_staff_see_who_has_booked_once_it_is_confirmed(stack, owner, clerk, asked, guest):
    request = ask(guest, asked["id"])
    assert do(clerk, "get", request)["customer"] is None
    do(owner[1], "approve", request)
    contact = {"user_id": guest.id, "name": guest.rpc("passport.user.me")["name"], "email": guest.email}
    assert do(clerk, "get", request)["customer"] == contact
    assert do(guest, "get", request)["customer"] is None
    stack["passport"].pause()
    try:
        assert do(clerk, "get", request)["customer"] is None
    finally:
        stack["passport"].resume()


def test_a_hold_is_told_to_nobody(stack, hall, other):
    held = ask(other, hall["id"], method="hold")
    do(other, "cancel", held)
    told(stack, held)
    assert [letter for letter in got(stack, other) if letter.template.startswith("booking")] == []


def test_what_was_made_together_is_one_letter(stack, owner, other):
    halls = [stack.listing(*owner, **PLACE | {"time_zone": zone}) for zone in ("Europe/Oslo", "Asia/Tokyo")]
    bookings = [{"listing_id": one["id"], "period": span(0, 2)} for one in halls]
    made = other.rpc("events.booking.create_many", {"bookings": bookings})
    letter = stack.mailbox.wait(other.email, "booking_confirmed")
    assert all(f"Venue: {one['title']}" in letter.text for one in halls)
    assert "Asia/Tokyo, UTC+09:00" in letter.text and "Price: 40.00 EUR" in letter.text
    told(stack, made)
    assert len(got(stack, other, "booking_confirmed")) == 1
    weekly = {
        "listing_id": halls[0]["id"],
        "period": span(30, 31),
        "recurrence": {"frequency": "weekly", "count": 12},
        "mode": "each",
    }
    series = other.rpc("events.booking.create_recurring", weekly)
    letter = stack.mailbox.wait(other.email, "booking_confirmed")
    assert letter.text.count("When: ") == 10 and "Further dates: 2" in letter.text
    first = next(one for one in series["occurrences"] if one["booking_id"])
    do(other, "cancel", {"id": first["booking_id"]}, occurrences="all")
    letter = stack.mailbox.wait(other.email, "booking_cancelled")
    assert letter.text.count("When: ") == 10 and "Further dates: 2" in letter.text
    told(stack, made)
    assert len(got(stack, other, "booking_cancelled")) == 1
    assert len(got(stack, other, "booking_confirmed")) == 2


def test_half_of_the_time_and_the_day_before_are_told_once(stack, owner, asked, hall):
    guest = stack.user("Late")
    waits = ask(guest, asked["id"])
    stack.mailbox.wait(owner[1].email, "booking_requested")
    free = stack.listing(*owner, **PLACE)
    coming = ask(guest, free["id"])
    soon = "tstzrange(now() + interval '23 hours', now() + interval '25 hours')"
    set_time(stack, waits, created_at="now() - interval '10 hours'", expires_at="now() + interval '9 hours'")
    set_time(stack, coming, created_at="now() - interval '9 days'", period=soon)
    stack["events"].restart()  # what was due meanwhile is told
    with stack.database("events") as database:
        database.execute("UPDATE letter_clock SET moment = now() - interval '1 day'")
    assert asked["title"] in stack.mailbox.wait(owner[1].email, "booking_waiting").subject
    assert free["title"] in stack.mailbox.wait(guest.email, "booking_reminder").subject
    with stack.database("events") as database:
        database.execute("UPDATE letter_clock SET moment = now() - interval '1 day'")
        query = "SELECT min(moment) > now() - interval '2 hours' FROM letter_clock"
        wait_until(lambda: database.execute(query).fetchone()[0], 30, "the clock to go round")
    wait_empty(stack)
    assert len(got(stack, guest, "booking_reminder")) == 1
    assert len(got(stack, owner[1], "booking_waiting")) == 1


def test_once_however_often_the_fact_is_delivered(stack, hall):
    guest = stack.user("Once")
    booking = ask(guest, hall["id"])
    told(stack, booking)
    tell_again(stack, 2)
    assert len(got(stack, guest, "booking_confirmed")) == 1


def test_once_though_passport_is_killed_and_the_mail_server_hangs(make_stack):
    with SmtpServer() as server:
        stack = make_stack({"passport": FAST | {"mail_timeout": "1s"}})
        owner, guest = stack.company(), stack.user("Guest")
        hall = stack.listing(*owner, **PLACE)
        stack["passport"].write_settings(mail_url=server.url, mail_tls="none")
        stack["passport"].restart()
        server.fall_silent("MAIL")
        ask(guest, hall["id"])
        wait_until(lambda: passport_has(stack), 30, "passport to have the letter")
        stack["passport"].kill()
        ask(guest, hall["id"], 5, 6)  # told once passport is there again
        stack["passport"].start()
        server.speak()
        told(stack, True)
        letters = [letter for letter in server.to(guest.email) if letter.template == "booking_confirmed"]
        assert len(letters) == 2 and len({letter.text for letter in letters}) == 2


def passport_has(stack):
    with stack.database("passport") as database:
        return database.execute("SELECT count(*) FROM letter_key").fetchone()[0] == 1
