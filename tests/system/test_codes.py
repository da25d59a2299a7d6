"""Currencies, countries, locales and time zones are codes of ISO 4217, ISO 3166-1, BCP 47 and IANA, wherever one is
taken; rows that have another code from before stay as they are."""

import json
import time
import uuid
import zoneinfo

import pytest
from stack import PASSWORD

# "No currency" of ISO 4217.
NONE = "X" * 3
CURRENCIES = ("QQQ", "XTS", NONE, "XAU", "XDR", "eur", "EU", "")
COUNTRIES = ("ZZ", "UK", "no", "NOR", "")
LOCALES = ("en-UK", "xx", "en-gb", "en_GB", "eng", "und", "english", "")
TIME_ZONES = ("localtime", "Factory", "posix/Europe/Oslo", "right/UTC", "europe/oslo", "EST5EDT4", "Mars/Base", "")


@pytest.fixture(scope="module")
def listing(stack, owner):
    return stack.listing(*owner, publish=False)


@pytest.fixture(scope="module")
def company(stack, owner):
    return stack.rpc("passport.company.get", {"id": owner[0]}, owner[1].token)


def refused(error, path, form):
    assert [(one["path"], one["rule"], one["expected"]) for one in error.data["fields"]] == [(path, "format", form)]


@pytest.mark.parametrize("code", CURRENCIES)
def test_currencies_are_money(stack, owner, listing, code):
    company, user = owner
    params = {"company_id": company, "type": listing["type"], "title": "x", "price": {"amount": 1, "currency": code}}
    refused(user.error("events.listing.create", params), "/params/price/currency", "currency")
    params = {"id": listing["id"], "version": listing["version"], "price": params["price"]}
    refused(user.error("events.listing.update", params), "/params/price/currency", "currency")
    refused(stack.error("events.listing.search", {"currency": code}), "/params/currency", "currency")


@pytest.mark.parametrize("code", COUNTRIES)
def test_countries_are_of_the_standard(stack, owner, company, code):
    user = owner[1]
    params = {"name": "Odd", "country": code}
    refused(user.error("passport.company.create", params), "/params/country", "country")
    params |= {"id": company["id"], "version": company["version"]}
    refused(user.error("passport.company.update", params), "/params/country", "country")
    refused(stack.admin().error("passport.company.search", {"country": code}), "/params/country", "country")


@pytest.mark.parametrize(
    ("name", "form", "code"),
    [("locale", "language-tag", code) for code in LOCALES] + [("time_zone", "time-zone", code) for code in TIME_ZONES],
)
def test_locales_and_zones_of_users(stack, owner, name, form, code):
    user = owner[1]
    params = {"email": "odd@test.example", "password": PASSWORD, "name": "Odd", name: code}
    refused(stack.error("passport.user.register", params), f"/params/{name}", form)
    version = user.rpc("passport.user.me")["version"]
    refused(user.error("passport.user.update", {"version": version, name: code}), f"/params/{name}", form)


@pytest.mark.parametrize("code", TIME_ZONES)
def test_zones_of_listings(owner, listing, code):
    company, user = owner
    params = {"company_id": company, "type": listing["type"], "title": "x", "time_zone": code}
    refused(user.error("events.listing.create", params), "/params/time_zone", "time-zone")
    params = {"id": listing["id"], "version": listing["version"], "time_zone": code}
    refused(user.error("events.listing.update", params), "/params/time_zone", "time-zone")


def test_good_codes_are_taken(stack, owner):
    user = stack.user()
    for locale in ("en-GB", "nb-NO", "zh-Hant-TW", "yue-HK"):
        version = user.rpc("passport.user.me")["version"]
        changed = user.rpc("passport.user.update", {"version": version, "locale": locale, "time_zone": "Asia/Calcutta"})
        assert (changed["locale"], changed["time_zone"]) == (locale, "Asia/Calcutta")
    for currency in ("JPY", "XOF", "XPF", "KWD"):
        price = {"amount": 5, "currency": currency}
        assert stack.listing(*owner, publish=False, price=price, time_zone="Asia/Kathmandu")["price"] == price
    assert owner[1].rpc("passport.company.create", {"name": "Good", "country": "GB"})["country"] == "GB"


def test_an_import_takes_the_same_codes(stack, owner, tmp_path):
    changes = [
        {"price": {"amount": 1, "currency": "XTS"}},
        {"time_zone": "Factory"},
        {"price": {"amount": 1, "currency": "EUR"}, "time_zone": "Asia/Tokyo"},
    ]
    lines = [{"kind": "listing", "company_id": owner[0], "type": "hall", "title": "x"} | change for change in changes]
    file = tmp_path / "listings.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    started = time.monotonic()
    summary = json.loads(stack["events"].command("import", file).stdout.strip().splitlines()[-1])
    assert (summary["loaded"], summary["rejected"]) == (1, 2)
    assert 0 <= summary["seconds"] <= time.monotonic() - started
    rejected = (tmp_path / "listings.ndjson.rejected").read_text()
    assert "/price/currency: format" in rejected and "/time_zone: format" in rejected


def test_rows_that_stand_are_kept(stack, owner):
    company, user = owner
    hall = stack.listing(company, user, price={"amount": 5, "currency": "EUR"})
    with stack.database("events") as database:
        database.execute(
            "UPDATE listing SET price_currency = 'QQQ', time_zone = 'localtime' WHERE id = %s", [hall["id"]]
        )
    read = user.rpc("events.listing.get", {"id": hall["id"]})
    assert (read["price"]["currency"], read["time_zone"]) == ("QQQ", "localtime")
    changed = user.rpc("events.listing.update", {"id": hall["id"], "version": read["version"], "capacity": 7})
    assert (changed["capacity"], changed["price"], changed["time_zone"]) == (7, read["price"], "localtime")

    with stack.database("passport") as database:
        database.execute("UPDATE company SET country = 'UK' WHERE id = %s", [company])
        database.execute("UPDATE user_account SET locale = 'en-UK', time_zone = 'Factory' WHERE id = %s", [user.id])
    me = user.rpc("passport.user.me")
    changed = user.rpc("passport.user.update", {"version": me["version"], "name": "New"})
    assert (changed["name"], changed["locale"], changed["time_zone"]) == ("New", "en-UK", "Factory")
    read = user.rpc("passport.company.get", {"id": company})
    changed = user.rpc("passport.company.update", {"id": company, "version": read["version"], "name": "New"})
    assert (changed["name"], changed["country"]) == ("New", "UK")


@pytest.mark.parametrize("daemon", ["events", "passport"])
def test_the_server_knows_every_zone_of_the_list(stack, daemon):
    names = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
    with stack.database(daemon) as database:
        unknown = "SELECT name FROM unnest(%s::text[]) name WHERE NOT time_zone_known(name)"
        assert database.execute(unknown, [names]).fetchall() == []
        assert database.execute(unknown, [["Mars/Base", ""]]).fetchall() == [("Mars/Base",), ("",)]


def test_a_zone_that_the_server_does_not_know_is_refused(stack, owner, listing, tmp_path):
    """Its copy of the zones may be older than that of the daemons."""
    company, user = owner
    zone, older = "Pacific/Tongatapu", f"time_zone_known_{uuid.uuid4().hex}"
    databases = [stack.database(name) for name in ("events", "passport")]
    for database in databases:
        database.execute(f"ALTER FUNCTION time_zone_known RENAME TO {older}")
        database.execute(
            f"CREATE FUNCTION time_zone_known(zone text) RETURNS boolean LANGUAGE sql AS "
            f"$$ SELECT zone <> '{zone}' AND {older}(zone) $$"
        )
    params = {"company_id": company, "type": listing["type"], "title": "x", "time_zone": zone}
    refused(user.error("events.listing.create", params), "/params/time_zone", "time-zone")
    version = user.rpc("passport.user.me")["version"]
    error = user.error("passport.user.update", {"version": version, "time_zone": zone})
    refused(error, "/params/time_zone", "time-zone")
    file = tmp_path / "listings.ndjson"
    file.write_text(json.dumps({"kind": "listing", **params}) + "\n")
    stack["events"].command("import", file)
    assert f"/time_zone: {zone} is not known" in (tmp_path / "listings.ndjson.rejected").read_text()
    for database in databases:
        database.execute("DROP FUNCTION time_zone_known")
        database.execute(f"ALTER FUNCTION {older} RENAME TO time_zone_known")
        database.close()
