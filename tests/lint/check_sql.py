#!/usr/bin/env python3
"""Gate: SQL names only tables that its daemon (or common) owns, by the CREATE TABLE of the migrations.

A daemon that needs what another owns asks by a call or has been told by a fact.
"""

import re

import gate

REPAIR = "ask the owner by a call, or keep in a table of your own what its facts tell"
CREATE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?\"?(\w+)", re.IGNORECASE)
NAMED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TRUNCATE(?: TABLE)?|REFERENCES)\s+(?:ONLY\s+)?\"?([a-z]\w+)")


def owners(tree):
    """Which folders make a table of that name."""
    found = {}
    for name in tree.matching(".sql", under=gate.SOURCE_FOLDERS):
        for table in CREATE.findall(tree.text(name)):
            found.setdefault(table, set()).add(name.split("/")[0])
    return found


def check(tree):
    violations = []
    owner_of = owners(tree)
    for name in tree.matching(".c", ".h", ".sql", under=gate.SOURCE_FOLDERS):
        folder = name.split("/")[0]
        text = tree.text(name)
        for match in NAMED.finditer(text):
            table_owners = owner_of.get(match.group(1), {folder})
            if not table_owners & {folder, "common"}:
                line = gate.line_of(text, match.start())
                violations.append(
                    f"{name}:{line}: {match.group(1)} belongs to {' and '.join(sorted(table_owners))}, not to {folder}"
                )
    return violations


if __name__ == "__main__":
    gate.main(check)
