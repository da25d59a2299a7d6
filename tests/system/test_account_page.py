"""The pages that letters link to, in a real browser: registering, a forgotten password, invitations."""

from urllib.parse import urlsplit

import pytest
from authenticator import App
from playwright.sync_api import expect
from stack import PASSWORD

OTHER_PASSWORD = "a quite different horse"
CHOSEN = "Your password"


@pytest.fixture
def tab(browser):
    """A tab that fails the test when the browser complained."""
    opened = browser.new_page()
    complaints = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    yield opened
    opened.close()
    assert complaints == []


def log_in(tab, email, password=PASSWORD):
    tab.get_by_label("E-mail").fill(email)
    tab.get_by_label("Password", exact=True).fill(password)
    tab.get_by_role("button", name="Log in").click()


def open_link(tab, stack, letter):
    """Opens the letter's link, which leads to this stack's gateway; the token leaves the address bar."""
    assert letter.link.startswith(stack.gateway.base)
    tab.goto(letter.link)
    expect(tab.locator("h1")).to_be_visible()
    assert urlsplit(tab.url).query == ""


def test_a_stranger_becomes_a_user(tab, stack):
    tab.goto(f"{stack.gateway.base}/register")
    tab.get_by_label("E-mail").fill("browser@test.example")
    tab.get_by_label("Name").fill("Bo <i>Browser</i>")
    tab.get_by_label("Password, 8 characters or more").fill("password123")
    tab.get_by_role("button", name="Register").click()
    expect(tab.get_by_role("alert")).to_contain_text("common password")
    tab.get_by_label("Password, 8 characters or more").fill(PASSWORD)
    tab.get_by_role("button", name="Register").click()
    expect(tab.locator("h1")).to_have_text("Look into your mail")
    open_link(tab, stack, stack.mailbox.wait("browser@test.example", "verify_email"))
    expect(tab.get_by_label(CHOSEN)).to_have_attribute("autocomplete", "current-password")
    tab.get_by_label(CHOSEN).fill(PASSWORD)
    tab.get_by_role("button", name="Confirm").click()
    expect(tab.locator("h1")).to_have_text("Your address is confirmed")
    tab.locator("main").get_by_role("link", name="Log in").click()
    log_in(tab, "browser@test.example")
    expect(tab.locator("#who")).to_have_text("Bo <i>Browser</i>")
    tab.get_by_role("button", name="Log out").click()
    expect(tab.get_by_role("button", name="Log in")).to_be_visible()


def test_who_was_registered_by_a_stranger_is_told_to_register_anew(tab, stack):
    email = "bystander@test.example"
    stack.rpc("passport.user.register", {"email": email, "password": OTHER_PASSWORD, "name": "Mallory"})
    open_link(tab, stack, stack.mailbox.wait(email, "verify_email"))
    tab.get_by_role("button", name="Confirm").click()
    expect(tab.get_by_role("button", name="Confirm")).to_be_visible()  # the browser asks for the password first
    tab.get_by_label(CHOSEN).fill(PASSWORD)
    tab.get_by_role("button", name="Confirm").click()
    expect(tab.get_by_role("alert")).to_contain_text("not the password of whoever asked")
    tab.get_by_role("link", name="register anew").click()
    tab.get_by_label("E-mail").fill(email)
    tab.get_by_label("Name").fill("Bea")
    tab.get_by_label("Password, 8 characters or more").fill(PASSWORD)
    tab.get_by_role("button", name="Register").click()
    expect(tab.locator("h1")).to_have_text("Look into your mail")
    tab.goto(f"{stack.gateway.base}/verify-email")
    tab.get_by_label("Code of the letter").fill(f" {stack.mailbox.wait(email, 'verify_email').token} ")
    tab.get_by_label(CHOSEN).fill(PASSWORD)
    tab.get_by_role("button", name="Confirm").click()
    expect(tab.locator("h1")).to_have_text("Your address is confirmed")
    assert stack.login(email).rpc("passport.user.me")["name"] == "Bea"


def test_another_address_is_confirmed(tab, stack):
    user, new = stack.user(), "browser.new@test.example"
    user.rpc("passport.user.update", {"version": 1, "email": new, "current_password": PASSWORD})
    open_link(tab, stack, stack.mailbox.wait(new, "email_change"))
    tab.get_by_label(CHOSEN).fill(PASSWORD)
    tab.get_by_role("button", name="Confirm").click()
    expect(tab.locator("h1")).to_have_text("Your address is confirmed")
    assert stack.login(new).id == user.id


def test_a_forgotten_password_is_replaced_once(tab, stack):
    user = stack.user()
    tab.goto(f"{stack.gateway.base}/login")
    tab.get_by_role("link", name="Forgotten password?").click()
    tab.get_by_label("E-mail").fill(user.email)
    tab.get_by_role("button", name="Send the letter").click()
    expect(tab.locator("h1")).to_have_text("Look into your mail")
    letter = stack.mailbox.wait(user.email, "password_reset")
    for outcome in ("Your password is changed", "Choose a new password"):
        open_link(tab, stack, letter)
        tab.get_by_label("New password, 8 characters or more").fill(OTHER_PASSWORD)
        tab.get_by_role("button", name="Change it").click()
        expect(tab.locator("h1")).to_have_text(outcome)
    expect(tab.get_by_role("alert")).to_contain_text("not valid, was used before or has expired")
    assert stack.login(user.email, OTHER_PASSWORD).id == user.id


def test_an_invitation_is_accepted(tab, stack):
    company, owner = stack.company()
    invited = stack.user("Invited")
    owner.rpc("passport.invitation.create", {"company_id": company, "email": invited.email, "right": "staff"})
    open_link(tab, stack, stack.mailbox.wait(invited.email, "invitation"))
    log_in(tab, invited.email)
    expect(tab.locator("main li strong")).to_contain_text("Halls")
    tab.get_by_role("button", name="Accept").click()
    expect(tab.get_by_role("status")).to_have_text("accepted")
    members = stack.login(invited.email).rpc("passport.user.me")["companies"]
    assert [(member["id"], member["right"]) for member in members] == [(company, "staff")]


def test_a_second_factor_is_asked_for(tab, stack):
    user = stack.user("Two Factors")
    app = App(stack, user)
    tab.goto(f"{stack.gateway.base}/login")
    log_in(tab, user.email)
    tab.get_by_label("Code").fill("no code")
    tab.get_by_role("button", name="Confirm").click()
    expect(tab.get_by_role("alert")).to_have_text("Wrong code.")
    tab.get_by_label("Code").fill(app.recovery_codes[0])
    tab.get_by_role("button", name="Confirm").click()
    expect(tab.locator("#who")).to_have_text("Two Factors")
