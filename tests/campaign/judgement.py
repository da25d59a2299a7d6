"""What the model says of one write: refused and why, or done and what came of it."""

from dataclasses import dataclass, field


class Refused(Exception):
    """causes: the words of all that forbids it, any of which may be the answer."""

    def __init__(self, causes):
        super().__init__(", ".join(sorted(causes)))
        self.causes = frozenset(causes)


@dataclass
class Judgement:
    """Collects reasons. doubts: words that may be the answer although nothing forbids the write for certain."""

    causes: set = field(default_factory=set)
    doubts: set = field(default_factory=set)

    def refuse(self, condition, *words):
        if condition:
            self.causes.update(words)

    def doubt(self, condition, *words):
        if condition:
            self.doubts.update(words)

    def of(self, function, *arguments):
        """What the function gives; None when it refuses, for reasons that are then among these."""
        try:
            return function(*arguments)
        except Refused as refusal:
            self.causes |= refusal.causes
            return None

    def settle(self):
        """Raises Refused when something forbids the write."""
        if self.causes:
            raise Refused(self.causes | self.doubts)


@dataclass(frozen=True)
class Done:
    """ledger: what it is now; booking: the one that was written (None: none); doubts: see Judgement; sorts: its time is
    gone for the requests of those that share walls, too."""

    ledger: object
    booking: object = None
    doubts: frozenset = frozenset()
    sorts: bool = False
