"""What was called in a history, and what was answered: all that the replay knows."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from scene import Walls

# Calls that change something, and so have a `seq` when they were done.
WRITES = {
    "events.booking." + name
    for name in (
        *("create", "create_many", "create_recurring", "add_occurrence", "hold", "approve", "decline", "accept"),
        *("change", "shorten", "cancel", "complete", "no_show", "block", "unblock"),
    )
} | {"events.listing.set_rules", "events.listing.set_pricing"}


@dataclass
class Call:
    """One call. booking_id and quotes are what the model needs to know of answers (paths_in.py)."""

    method: str
    params: dict
    user: str
    staff: bool
    listing: str
    start: datetime = None
    end: datetime = None
    result: dict | None = None
    error: dict | None = None  # {"word", "reason", "data"} of an error answer
    lost: bool = False  # nobody knows what became of it
    quotes: dict = field(default_factory=dict)
    holds_elsewhere: int = 0
    manager: bool = False
    by_program: bool = False
    place: int = 0  # of a part: its number
    made: list = field(default_factory=list)  # of what recurs: the bookings as they were told of
    answered: bool = False  # the company does it for a customer

    def parts(self):
        """A call for each of the bookings that one of several names, with its own answer; else the call itself."""
        if self.made:
            return [replace(self, method="events.booking.create", result=one, made=[]) for one in self.made]
        if "bookings" not in self.params:
            return [self]
        return [self.part(number) for number in range(len(self.params["bookings"]))]

    def part(self, number):
        params, quote = self.params["bookings"][number], self.params.get("quote_id")
        if "customer" in self.params:
            params = params | {"customer": self.params["customer"]}
        if quote:
            params = params | {"quote_id": f"{quote} {number}"}
        result = self.result and self.result["bookings"][number] | {"seq": self.seq}
        name = self.method.replace("_many", "")
        return replace(self, method=name, params=params, listing=params["listing_id"], result=result, place=number)

    @property
    def group(self):
        return (self.result or {}).get("group_id", "new")

    @property
    def customer(self):
        """(account, name and address) of whom it is for."""
        given = self.params.get("customer")
        if not given:
            return self.user, None
        return (given["user_id"], None) if "user_id" in given else (None, given)

    @property
    def on_behalf(self):
        """The company does it for a customer, and so has answered."""
        return self.answered or ("customer" in self.params and self.customer[0] != self.user)

    @property
    def series(self):
        return self.params.get("series_id") or (self.result or {}).get("series_id") or "new"

    @property
    def about(self):
        """The number of the part that a refusal is about; None: of the whole call."""
        data = self.error["data"]
        path = [data.get("path", ""), *(field["path"] for field in data.get("fields", ()))][-1].split("/")
        return int(path[3]) if len(path) > 3 else None

    @property
    def booking_id(self):
        return (self.result or {}).get("id", f"new {self.place}")

    @property
    def seq(self):
        return (self.result or {}).get("seq")

    @property
    def is_write(self):
        return self.method in WRITES

    @property
    def words(self):
        """The words that an error answer gives as its reason."""
        data = self.error["data"]
        fields = {one["rule"] for one in data.get("fields", ())}
        return {self.error["word"], self.error["reason"], data.get("rule")} | fields - {None}

    @property
    def rules(self):
        """All rules that a refusal lists."""
        data = self.error["data"]
        dates = [refusal for one in data.get("occurrences", ()) for refusal in one["refusals"]]
        return {one["rule"] for where in (data, *dates) for one in where.get("refusals", ())}

    def told(self):
        """In one line, for a report."""
        answer = self.error and f"{self.error['word']} {self.error['data']}" or self.result
        times = f"{self.start:%H:%M:%S.%f} to {self.end:%H:%M:%S.%f}"
        return f"{self.method} {self.params} by {'staff ' if self.staff else ''}{self.user}, {times}: {answer}"


@dataclass
class Expiry:
    """Time that was passed by hand: a hold or request expires at `when`, as if it were older."""

    listing: str
    booking: str
    when: datetime


@dataclass
class History:
    """halls: {listing id: Terms} before the first call; walls: which share some."""

    number: int
    halls: dict
    walls: Walls = Walls()
    calls: list = field(default_factory=list)
    expiries: list = field(default_factory=list)
    crash: str = ""  # what was killed
    began: datetime = None
    ended: datetime = None
    first_seq: int = 0  # of what was told of the listings before the first call
    broken: set = field(default_factory=set)  # what answers broke of their descriptions
    repacks: int = 0  # times that a write moved other bookings to other units
