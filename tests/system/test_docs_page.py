"""The reference page at /docs in a real browser: logging in, calling, and that what servers say stays text."""

import json

import pytest
from PIL import Image
from playwright.sync_api import expect
from stack import PASSWORD
from waiting import wait_until

MARKUP = '<img src="x" onerror="window.ran = 1"><script>window.ran = 1</script>'


class Page:
    """/docs of a stack, and what the browser complained about (a violated policy is a complaint)."""

    def __init__(self, browser, stack):
        self.tab = browser.new_page()
        self.complaints = []
        self.called = []
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.tab.on("request", self.note)
        self.tab.goto(f"{stack.gateway.base}/docs")
        expect(self.tab.locator("#methods a").first).to_be_visible()

    def note(self, request):
        if request.url.endswith("/rpc"):
            self.called.append(json.loads(request.post_data)["method"])

    def login(self, email, password=PASSWORD):
        self.tab.get_by_label("E-mail").fill(email)
        self.tab.get_by_label("Password", exact=True).fill(password)
        self.tab.get_by_role("button", name="Log in").click()

    def open(self, method):
        self.tab.get_by_role("link", name=method, exact=True).click()
        expect(self.tab.locator("h1")).to_have_text(method)

    def example(self, method):
        """The parameters of the method's first example, as its button puts them into the editor."""
        self.open(method)
        self.tab.locator("button.example").first.click()
        return json.loads(self.tab.get_by_label("Parameters, as JSON").input_value())

    def call(self, method, params):
        """The answer that the page shows."""
        self.open(method)
        self.tab.get_by_label("Parameters, as JSON").fill(json.dumps(params))
        return self.press()

    def press(self):
        """Calls with what the editor holds; the answer that the page shows."""
        self.tab.evaluate("document.getElementById('answer').replaceChildren()")
        self.tab.get_by_role("button", name="Call", exact=True).click()
        answer = self.tab.locator("#answer > pre")
        expect(answer).to_be_visible()
        return json.loads(answer.text_content())


@pytest.fixture
def page(browser, stack):
    opened = Page(browser, stack)
    yield opened
    opened.tab.close()


def test_a_user_logs_in_and_calls(page, stack):
    user = stack.user("Ann <b>Bold</b>")
    page.login(user.email)
    expect(page.tab.locator("#who")).to_have_text("Ann <b>Bold</b>")
    answer = page.call("passport.user.me", {})
    assert answer["result"]["email"] == user.email and answer["result"]["id"] == user.id
    expect(page.tab.locator("#answer .timing")).to_contain_text("HTTP 200")
    stored = page.tab.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert stored == [0, 0, ""]
    page.tab.get_by_role("button", name="Log out").click()
    expect(page.tab.get_by_role("button", name="Log in")).to_be_visible()
    assert page.call("passport.user.me", {})["error"]["data"]["code"] == "unauthenticated"
    assert page.complaints == []


def test_the_example_of_the_search_finds(page, stack):
    company, owner = stack.company()
    properties = {"stage": True, "area": 140}
    listing = stack.listing(company, owner, type="hall", properties=properties, price={"amount": 1, "currency": "NOK"})
    page.example("events.listing.search")
    answer = page.press()
    assert [found["id"] for found in answer["result"]["items"]] == [listing["id"]]
    assert page.complaints == []


def test_the_example_of_a_booking_books_with_an_id_that_is_there(page, stack):
    company, owner = stack.company()
    listing = stack.listing(company, owner)
    user = stack.user()
    page.login(user.email)
    expect(page.tab.locator("#who")).to_be_visible()
    params = page.example("events.booking.create") | {"listing_id": listing["id"]}
    answer = page.call("events.booking.create", params)
    assert answer["result"]["listing_id"] == listing["id"] and answer["result"]["state"] == "confirmed"


def test_a_wrong_password_is_told(page, stack):
    page.login(stack.user().email, "not the password")
    expect(page.tab.get_by_role("alert")).to_have_text("Wrong address or password.")
    expect(page.tab.get_by_role("button", name="Log in")).to_be_enabled()


def test_the_token_is_refreshed_before_it_ends(browser, stack):
    page = Page(browser, stack)
    user = stack.user()
    page.tab.clock.install()
    page.login(user.email)
    expect(page.tab.locator("#who")).to_be_visible()
    page.call("passport.user.me", {})
    assert "passport.auth.refresh" not in page.called
    page.tab.clock.fast_forward("09:45")
    assert page.call("passport.user.me", {})["result"]["id"] == user.id
    assert page.called[-2:] == ["passport.auth.refresh", "passport.user.me"]
    page.tab.close()


def test_markup_in_an_answer_stays_text(page, stack):
    company, owner = stack.company()
    listing = stack.listing(company, owner, title=MARKUP, description=MARKUP)
    answer = page.call("events.listing.get", {"id": listing["id"]})
    assert answer["result"]["title"] == MARKUP
    expect(page.tab.locator("#answer > pre")).to_contain_text('onerror=\\"window.ran = 1\\"')
    assert page.tab.locator("#answer img, #answer script").count() == 0
    assert page.tab.evaluate("window.ran") is None
    assert page.complaints == []


def test_parameters_that_are_not_json_are_told_and_not_sent(page):
    page.open("gateway.status")
    page.tab.get_by_label("Parameters, as JSON").fill('{"a": ')
    page.tab.get_by_label("Parameters, as JSON").press("Control+Enter")
    expect(page.tab.locator("#answer")).to_contain_text("The parameters are not JSON")
    assert page.called == []


def test_every_method_is_shown_with_its_parameters_and_errors(page, stack):
    document = stack.document()
    for method in document["methods"]:
        page.open(method["name"])
        text = page.tab.locator("main").text_content()
        assert method["summary"] in text and method["description"] in text
        for parameter in method["params"]:
            assert page.tab.get_by_role("rowheader", name=parameter["name"]).count() > 0, method["name"]
        assert page.tab.locator(".reference .errors > li").count() == len(method["errors"])
        json.loads(page.tab.get_by_label("Parameters, as JSON").input_value())
    assert page.complaints == []


def test_a_format_of_ours_is_shown(page):
    page.open("passport.company.create")
    expect(page.tab.locator(".reference")).to_contain_text("string (display-name)")


def test_errors_are_shown_with_their_reasons_and_rules(page):
    page.open("events.booking.create")
    errors = page.tab.locator(".reference .errors > li")
    conflict = errors.filter(has_text="-32009 conflict")
    expect(conflict.locator(".words")).to_contain_text("booked")
    expect(errors.filter(has_text="-32012").locator(".words")).to_contain_text(
        "horizon, in_past, max_duration, min_duration"
    )
    expect(errors.filter(has_text="-32602").locator(".words")).to_contain_text(
        "rule of a field, beside those of its schema: after, "
    )
    assert page.complaints == []


def test_search_narrows_the_list(page):
    page.tab.locator("body").press("/")
    page.tab.keyboard.type("events.booking.cancel")
    expect(page.tab.locator("#methods a")).to_have_count(1)
    expect(page.tab.locator("#found")).to_contain_text("1 of ")


def test_the_page_forbids_what_it_does_not_need(stack):
    response = stack.gateway.get("/docs")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert response.headers["Content-Type"].startswith("text/html")
    assert "onclick" not in response.text and "<style" not in response.text


def test_an_image_is_uploaded_from_the_page(page, stack, tmp_path):
    user, picture = stack.user(), tmp_path / "hall.png"
    Image.new("RGB", (30, 20), (200, 90, 30)).save(picture)
    page.open("POST /images")
    text = page.tab.locator("main").text_content()
    assert "20 MiB" in text and "50,000,000 pixels" in text and "images.image.create" in text
    for status in (400, 401, 403, 413, 415, 422, 503):
        assert page.tab.locator(".reference .errors code", has_text=str(status)).count() == 1
    upload = page.tab.get_by_role("button", name="Upload", exact=True)
    upload.click()
    expect(page.tab.locator("#answer")).to_contain_text("Choose a file first")
    page.tab.get_by_label("Image", exact=True).set_input_files(picture)
    upload.click()
    expect(page.tab.locator("#answer")).to_contain_text("HTTP 401")
    page.login(user.email)
    expect(page.tab.locator("#who")).to_be_visible()
    upload.click()
    expect(page.tab.locator("#answer")).to_contain_text("HTTP 201")
    shown = json.loads(page.tab.locator("#answer > pre").text_content())
    assert (shown["width"], shown["height"], shown["owner_id"]) == (30, 20, user.id)
    wait_until(lambda: page.tab.locator("img.uploaded").evaluate("image => image.naturalWidth") == 30)
    assert [line for line in page.complaints if "401" not in line] == []


def test_the_search_finds_uploading(page):
    page.tab.get_by_label("Search methods").fill("multipart")
    expect(page.tab.get_by_role("link", name="POST /images")).to_be_visible()
    page.tab.get_by_label("Search methods").fill("booking cancel")
    expect(page.tab.get_by_role("link", name="POST /images")).to_have_count(0)


def test_facts_are_shown_with_their_payloads(page):
    page.tab.get_by_role("link", name="facts", exact=True).click()
    expect(page.tab.locator("h1")).to_have_text("Facts")
    fact = page.tab.locator("details", has_text="rating.summary.changed")
    fact.locator("summary").click()
    expect(fact).to_contain_text("Consumed by events")
    expect(fact.get_by_role("row", name="bayesian")).to_be_visible()
    expect(fact.locator("pre")).to_contain_text('"bayesian": 3.8182')
    assert not page.complaints
