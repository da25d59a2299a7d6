"""Do two kinds of call take the same time? Statistics that hold on a small, noisy machine.

Samples are taken in turns, in a random order, so that what else happens on the machine happens to all of them alike.
Of each set only the faster half counts: what disturbs a call makes it slower, never faster. Two sets are compared by
ranks: how often is one of the first slower than one of the second (0.5 when they are alike), which no outlier moves. A
difference counts only when it is beyond what chance and two sets of the same kind come to, and when it is found again
each time that everything is measured anew.
"""

import random
import statistics
import time
from dataclasses import dataclass

ROUNDS = 3
EFFECT = 0.22  # of 0.5: with 60 samples, chance gets there in two rounds of a hundred; in three running, hardly ever
LEAST = 0.0002  # seconds: what no network lets anybody see


def measure(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def sample(calls, count):
    """{name: [seconds]} of `count` calls of each kind; calls: {name: function}."""
    taken = {name: [] for name in calls}
    for call in calls.values():
        call()  # what is only done once is done now
    for _ in range(count):
        for name in random.sample(list(calls), len(calls)):
            taken[name].append(measure(calls[name]))
    return taken


def superiority(first, second):
    """The chance that one of `first` is slower than one of `second`: Mann-Whitney's U over the number of pairs."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks = sum(rank for rank, (_, side) in enumerate(ranked, 1) if side == 0)
    return (ranks - len(first) * (len(first) + 1) / 2) / (len(first) * len(second))


@dataclass
class Difference:
    """How a kind of call differs from another, and how much two of one kind do in the same measurement."""

    effect: float  # superiority - 0.5
    control: float
    shift: float  # seconds between the medians of the faster halves
    control_shift: float

    def is_visible(self):
        return abs(self.effect) > max(EFFECT, abs(self.control)) and abs(self.shift) > LEAST + abs(self.control_shift)

    def __str__(self):
        verdict = "VISIBLE" if self.is_visible() else "alike"
        return (
            f"effect {self.effect:+.3f} (same kind {self.control:+.3f}), medians {1000 * self.shift:+.2f} ms apart "
            f"(same kind {1000 * self.control_shift:+.2f}): {verdict}"
        )


def fast_half(taken):
    return sorted(taken)[: len(taken) // 2]


def difference(taken, kind, reference, control):
    """Of the kind against the reference; control: another kind that is the same as the reference."""

    def compare(first, second):
        first, second = fast_half(first), fast_half(second)
        return superiority(first, second) - 0.5, statistics.median(first) - statistics.median(second)

    effect, shift = compare(taken[kind], taken[reference] + taken[control])
    same, same_shift = compare(taken[reference], taken[control])
    return Difference(effect, same, shift, same_shift)


def visible(calls, reference, control, count=60):
    """Names of the kinds that somebody with a clock tells from the reference: visible in each of up to three rounds, in
    the same direction. Prints the figures."""
    suspects = {name: None for name in calls if name not in (reference, control)}
    for number in range(1, ROUNDS + 1):
        taken = sample({name: calls[name] for name in (*suspects, reference, control)}, count)
        for name in (reference, control):
            print(f"  {name:34} median {1000 * statistics.median(fast_half(taken[name])):.2f} ms")
        found = {}
        for name, direction in suspects.items():
            seen = difference(taken, name, reference, control)
            print(f"  {name:34} median {1000 * statistics.median(fast_half(taken[name])):.2f} ms, {seen}")
            if seen.is_visible() and direction in (None, seen.effect > 0):
                found[name] = seen.effect > 0
        suspects = found
        if not suspects:
            break
        print(f"  round {number}: measured again, for {', '.join(suspects)}")
    return sorted(suspects)
