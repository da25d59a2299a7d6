"""Reads tests/mutation/equivalent.txt: faults that no test needs to notice, each with the reason.

An entry is the file's path on a line, the lines of the fault's diff ("- ..." and "+ ...") as tests/mutate prints them,
and "why: ..."; an empty line ends it, a line that begins with # is a comment.
"""


def _entries(text):
    for block in text.split("\n\n"):
        lines = [line.strip() for line in block.splitlines() if line.strip() and not line.startswith("#")]
        if lines:
            yield lines


def read(path):
    """{(path, diff): reason}."""
    found = {}
    for lines in _entries(path.read_text()) if path.exists() else []:
        if len(lines) < 4 or not lines[-1].startswith("why: "):
            raise SystemExit(f"{path.name}: an entry is a path, a diff and a why:\n" + "\n".join(lines))
        found[lines[0], "\n".join(lines[1:-1])] = lines[-1].removeprefix("why: ")
    return found
