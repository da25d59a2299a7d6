"""A small fault: which bytes of which file are replaced by what; known by its text, not by its line."""

import difflib
import hashlib
from dataclasses import dataclass


@dataclass
class Fault:
    """edits: [(start, end, replacement)], offsets into the file's text, in order and apart from one another."""

    path: str
    line: int
    operator: str
    edits: list
    diff: str = ""
    key: str = ""

    def apply(self, text):
        for start, end, replacement in reversed(self.edits):
            text = text[:start] + replacement + text[end:]
        return text

    def describe(self, text, seen):
        """Fills key and diff, which begins with the line above when the file has the changed line more than once.

        seen: how often the file had each diff so far.
        """
        before, after = text.splitlines(), self.apply(text).splitlines()
        changed = [line for line in difflib.unified_diff(before, after, lineterm="", n=0) if line[0] in "+-"][2:]
        self.diff = "\n".join(line[0] + " " + line[1:].strip() for line in changed)
        identity = f"{self.path}\n{self.diff}"
        seen[identity] = seen.get(identity, 0) + 1
        self.key = hashlib.sha256(f"{identity}\n{seen[identity]}".encode()).hexdigest()[:16]
        stripped = [line.strip() for line in before]
        if stripped.count(stripped[self.line - 1]) > 1:
            above = next((line for line in reversed(stripped[: self.line - 1]) if line), "")
            self.diff = f"{above}\n{self.diff}"
        return self


def rank(seed, fault):
    """The place of a fault in the random order of a seed: the same whatever else is in the list."""
    return hashlib.sha256(f"{seed} {fault.key}".encode()).hexdigest()
