"""Plays one history: 40 calls by 4 callers at once, on listings of its own; notes what was called and answered."""

import random
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import requests
import stories_book
import stories_life
from bookings import PASSING
from paths_in import Quoted, request_of
from record import Call, Expiry, History
from rpc import RpcError
from stories import draw_story
from world import Expire, World
from times import parse, span_of

CALLS = 40
CALLERS = 4
NO_ANSWER = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, requests.Timeout)
PATIENCE = 60  # seconds until a call whose outcome must be known has to have one


def utc_now():
    return datetime.now(UTC)


class Play:
    """play.run() gives the History. outage: see outages.py; None: nothing is killed."""

    def __init__(self, cast, number, seed, outage=None):
        self.cast, self.outage = cast, outage
        self.chance = random.Random(f"{seed} {number}")
        cast.refresh()
        halls, walls = cast.halls(self.chance)
        self.halls = {hall.id: hall for hall in halls}
        self.history = History(number, {hall.id: hall.terms for hall in halls}, walls)
        self.world = World(self.chance, cast, list(self.halls.values()))
        self.quotes, self.stories = {}, []
        if self.chance.random() < 0.3:
            self.stories.append(Story(stories_life.packed(self.world)))  # it needs many rounds
        self.barrier, self.packed = None, {}
        self.rows = cast.rows()

    def run(self):
        history, broken = self.history, self.chance.randint(3, 7)
        history.first_seq = self.rows.last_seq(list(self.halls))
        history.began = utc_now()
        for number in range(CALLS):
            if len(history.calls) >= CALLS:
                break
            if self.outage and number == broken:
                history.crash = self.outage.name
                with self.outage:
                    self.round()
            else:
                self.round()
            self.look_at_units()
        self.let_go()
        history.ended, history.broken = utc_now(), set(self.cast.broken)
        self.rows.close()
        return history

    def round(self):
        """Up to four moves of stories, all at once."""
        taken, moves = [], []
        room = min(CALLERS, CALLS - len(self.history.calls))
        for story in [*self.waiting(room), Story(stories_book.book(self.world))]:
            if len(moves) + len(story.moves) <= room:
                taken.append(story)
                moves += story.moves
        calls = self.at_once(moves)
        for story in taken:
            mine, calls = calls[: len(story.moves)], calls[len(story.moves) :]
            story.answer(mine)

    def waiting(self, room):
        """The stories with a next step, and new ones so that nobody is idle."""
        self.stories = [one for one in self.stories if self.ready(one)]
        while sum(len(one.moves) for one in self.stories) < room + 2:
            story = Story(draw_story(self.world))
            if self.ready(story):
                self.stories.append(story)
        return self.stories

    def ready(self, story):
        """Lets time pass where the story says so; False when it is over."""
        while isinstance(story.step, Expire):
            self.expire(story.step.booking)
            story.answer(None)
        return story.step is not None

    def at_once(self, moves):
        self.barrier = threading.Barrier(len(moves)) if moves else None
        calls = list(self.cast.pool.map(self.make, moves))
        self.history.calls += calls
        for call in calls:
            self.learn(call)
        return calls

    def make(self, move):
        call = Call(move.method, move.params, move.user.id, move.hall.is_staff(move.user), move.hall.id)
        call.manager = move.user.id == move.hall.owner.id
        call.by_program = move.user is self.cast.till
        call.quotes = dict(self.quotes)
        call.holds_elsewhere = self.holds_elsewhere(move)
        self.barrier.wait(30)
        call.start = utc_now()
        self.until_certain(call, move)
        call.end = utc_now()
        return call

    def holds_elsewhere(self, move):
        held = [one for one in self.history.calls if one.method == "events.booking.hold" and one.result]
        return sum(one.user == move.user.id and one.listing != move.hall.id for one in held)

    def until_certain(self, call, move):
        """Repeats what has an idempotency key until it has an answer; of the rest it is not known."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.try_once(call, move)
            if not call.lost or "idempotency_key" not in move.params or time.monotonic() > deadline:
                return
            time.sleep(0.05)

    def try_once(self, call, move):
        call.lost, call.error = False, None
        try:
            call.result = self.cast.ask(move.user, move.method, move.params)
        except RpcError as error:
            call.error = {"word": error.word, "reason": error.reason, "data": error.data}
            call.lost = self.outage is not None and error.word in PASSING
        except NO_ANSWER as error:
            call.error = {"word": "no_answer", "reason": repr(error), "data": {}}
            call.lost = self.outage is not None

    def learn(self, call):
        """What the callers know from then on."""
        if call.result is None:
            return
        hall = self.halls[call.listing]
        for part in call.parts():
            if part.method == "events.booking.quote":
                self.quotes[name_of_quote(call, part)] = quoted(part)
            elif call.method.startswith("events.booking.") and "state" in part.result:
                self.halls[part.listing].bookings[part.result["id"]] = part.result
        if call.method in ("events.listing.set_rules", "events.listing.set_pricing"):
            self.learn_terms(hall, call)

    def learn_terms(self, hall, call):
        """Callers know versions and extras; the replay computes terms by itself."""
        known = {"version": call.result["version"]}
        if "pricing" in call.params:
            known["pricing"] = call.params["pricing"]
        hall.terms = replace(hall.terms, **known)

    def look_at_units(self):
        """Counts when bookings that nobody touched have other units than before."""
        packed = self.rows.packed([one for one, terms in self.history.halls.items() if not terms.named])
        touched = {call.params.get("id") for call in self.history.calls[-CALLERS:]}
        both = packed.keys() & self.packed.keys() - touched
        self.history.repacks += any(packed[key] != self.packed[key] for key in both)
        self.packed = packed

    def expire(self, booking):
        for found in self.rows.expire(booking):
            self.history.expiries.append(Expiry(*found))

    def let_go(self):
        """Ends all holds: customers come back in other histories and may not have many."""
        for booking in self.rows.held(list(self.halls)):
            self.expire(booking)


def name_of_quote(call, part):
    """What a booking of it names: of a quote of several with its place."""
    return call.result["quote_id"] if call is part else f"{call.result['quote_id']} {part.place}"


def quoted(call):
    answer = call.result
    span = span_of(answer["period"])
    price = answer["price"] if answer["price"] and answer["price"].get("total") is not None else None
    return Quoted(call.user, call.listing, request_of(call.params, span), price, parse(answer["expires_at"]))


class Story:
    """A generator of stories.py and its next step: moves, an Expire, or None when it is over."""

    def __init__(self, generator):
        self.generator = generator
        self.step = next(generator, None)

    @property
    def moves(self):
        return self.step

    def answer(self, calls):
        try:
            self.step = self.generator.send(calls)
        except StopIteration:
            self.step = None
