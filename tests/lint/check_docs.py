#!/usr/bin/env python3
"""Gate: what the pages show of the code is the code.

A fenced block of docs/*.md whose opening line names a file (```c rating/reviews/review.c) shows lines of that file, in
their order and without gaps; a line with ... alone stands for lines left out. Indentation of the whole does not count.
"""

import re
import textwrap

import gate

REPAIR = "copy the lines anew from the file, or name the file that has them now; what is left out is a line ... alone"
BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def pieces(block):
    """The runs of lines of a block between those that say ... alone."""
    run = []
    for line in [*block.splitlines(), "..."]:
        if line.strip() != "...":
            run.append(line)
        elif run:
            yield textwrap.dedent("\n".join(run)).splitlines()
            run = []


def found_at(lines, piece, start):
    """The line after the piece where it stands next, from line `start` on; None when it does not."""
    for first in range(start, len(lines) - len(piece) + 1):
        window = textwrap.dedent("\n".join(lines[first : first + len(piece)]))
        if window.splitlines() == piece:
            return first + len(piece)
    return None


def missing(block, text):
    """The first line of the first piece that the text does not have, or None."""
    lines, at = text.splitlines(), 0
    for piece in pieces(block):
        at = found_at(lines, piece, at)
        if at is None:
            return piece[0].strip()
    return None


def check(tree):
    found = []
    for page in (name for name in tree.matching(".md") if name.startswith("docs/")):
        text = tree.text(page)
        for match in BLOCK.finditer(text):
            place, source = f"{page}:{gate.line_of(text, match.start())}", match[1]
            if source not in tree.files:
                found.append(f"{place}: shows {source}, which is no file: name the one that has it now")
            elif missing(match[2], tree.text(source)):
                line = missing(match[2], tree.text(source))
                found.append(
                    f"{place}: {source} does not have these lines (any more), from `{line}` on: copy them anew"
                )
    return found


if __name__ == "__main__":
    gate.main(check)
