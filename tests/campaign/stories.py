"""What callers do in a history: short stories, several of which go on at once.

A story is a generator. It yields a list of moves, which are made at the same instant by as many callers, and gets the
calls with their answers (record.Call). An Expire instead of moves lets a hold's or request's time pass first.
"""

import stories_book
import stories_desk
import stories_life
import stories_many
import stories_request
import stories_series
import stories_walls

STORIES = (
    (stories_book.book, 8),
    (stories_book.race, 6),
    (stories_book.hold_and_book, 4),
    (stories_book.hold_expires, 4),
    (stories_book.hold_and_leave, 2),
    (stories_book.option, 2),
    (stories_book.quoted, 4),
    (stories_book.expected, 2),
    (stories_book.new_rules, 2),
    (stories_request.approved_twice, 4),
    (stories_request.overlapping_requests, 3),
    (stories_request.approval_against_hold, 3),
    (stories_request.request_ends, 5),
    (stories_request.offered, 3),
    (stories_life.moved, 5),
    (stories_life.changed, 3),
    (stories_life.given_back, 3),
    (stories_life.begun, 8),
    (stories_life.ended, 3),
    (stories_life.too_early, 2),
    (stories_life.blocked, 3),
    (stories_life.repeated, 2),
    (stories_life.packed, 8),
    (stories_life.looked_at, 4),
    (stories_many.together, 9),
    (stories_series.recurring, 8),
    (stories_desk.telephoned, 5),
    (stories_desk.reserved, 4),
    (stories_desk.set_aside, 5),
    (stories_walls.at_once, 4),
    (stories_walls.given_back, 5),
    (stories_walls.answered, 3),
)


def draw_story(w):
    stories, weights = zip(*STORIES, strict=True)
    return w.chance.choices(stories, weights)[0](w)
