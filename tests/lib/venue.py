"""Rules of listings for tests: set them, and moments on a venue's wall clock."""

import datetime as dt
import zoneinfo

ALL_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
AHEAD = 20  # days


def text(moment):
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def daily(*intervals, days=None):
    """Opening hours: daily(("09:00", "22:00"))."""
    return [{"days": days or ALL_DAYS, "from": first, "to": last} for first, last in intervals]


class Venue:
    """A listing, who manages it, and its clock. at(day, hour) is a moment so many days after a Monday to come."""

    def __init__(self, stack, owner, zone="Europe/Oslo", **listing):
        self.stack, self.manager, self.zone = stack, owner[1], zoneinfo.ZoneInfo(zone)
        listing = {"price": {"amount": 100000, "currency": "NOK"}, "time_zone": zone, **listing}
        self.listing = stack.listing(*owner, **listing)["id"]
        self.version = 0
        today = dt.datetime.now(self.zone).date() + dt.timedelta(days=AHEAD)
        self.monday = today + dt.timedelta(days=-today.weekday() % 7)

    def set(self, **rules):
        """Sets rules; the answer."""
        params = {"listing_id": self.listing, "version": self.version, "rules": rules}
        answer = self.manager.rpc("events.listing.set_rules", params)
        self.version = answer["version"]
        return answer

    def fault(self, **rules):
        """(path, rule) of the contradiction that the rules make."""
        params = {"listing_id": self.listing, "version": self.version, "rules": rules}
        error = self.manager.error("events.listing.set_rules", params)
        assert error.word == "invalid_params"
        return error.data["fields"][0]["path"].removeprefix("/params/rules/"), error.data["fields"][0]["rule"]

    def date(self, day):
        return self.monday + dt.timedelta(days=day)

    def at(self, day, hour=0, minute=0):
        return dt.datetime.combine(self.date(day), dt.time(hour % 24, minute), self.zone) + dt.timedelta(
            days=hour // 24
        )

    def span(self, first, last):
        """A period between two (day, hour, minute)."""
        return {"from": text(self.at(*first)), "to": text(self.at(*last))}

    def slots(self, first, last, caller=None, **more):
        params = {"listing_id": self.listing, "period": self.span(first, last), **more}
        return (caller or self.stack).rpc("events.availability.slots", params)

    def local(self, times):
        """Periods as (from, to) of the wall clock: "0 09:00" is the Monday at nine."""
        return [tuple(self._shown(one[end]) for end in ("from", "to")) for one in times]

    def _shown(self, given):
        moment = dt.datetime.fromisoformat(given).astimezone(self.zone)
        return f"{(moment.date() - self.monday).days} {moment:%H:%M}"

    def explain(self, first=None, last=None, caller=None, **more):
        params = {"listing_id": self.listing, **more}
        if first:
            params["period"] = self.span(first, last)
        return (caller or self.stack).rpc("events.availability.explain", params)

    def refused(self, first, last, **more):
        """The rules that forbid a period."""
        return [one["rule"] for one in self.explain(first, last, **more)["refusals"]]

    def book(self, user, first, last, **more):
        return user.rpc("events.booking.create", {"listing_id": self.listing, "period": self.span(first, last), **more})
