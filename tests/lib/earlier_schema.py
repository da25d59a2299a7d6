"""Databases as an earlier version left them: its migrations, noted as `eventloop-X migrate` notes them, so that it goes
on from there, and what stood then, by SQL.

`lay(stack, {"events": "0009", ...}, folder)` before the stack is started: of each daemon's migrations those up to that
number, of the common ones those up to the number of "common", then folder/<daemon>.sql, if there.
"""

import hashlib

from stack import ROOT, WITH_DATABASE

NOTED = (
    "CREATE TABLE schema_migration (name text PRIMARY KEY, checksum text NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now())"
)


def migrations(folder, last):
    """The files of the folder up to the number `last`, in their order."""
    found = [path for path in sorted((ROOT / folder).glob("*.sql")) if path.name[:4] <= last]
    assert found and found[-1].name.startswith(last), f"{folder} has no migration {last}"
    return found


def apply(database, path):
    text = path.read_text()
    with database.transaction():
        database.execute(text)
        database.execute(
            "INSERT INTO schema_migration (name, checksum) VALUES (%s, %s)",
            (path.name, hashlib.sha256(text.encode()).hexdigest()),
        )


def lay(stack, last, folder):
    for name in WITH_DATABASE:
        with stack.cluster.connect(stack.databases[name], user="eventloop") as database:
            database.execute(NOTED)
            common = migrations("common/rpc/migrations", last["common"])
            for path in common + migrations(f"{name}/migrations", last[name]):
                apply(database, path)
            if (folder / f"{name}.sql").exists():
                database.execute((folder / f"{name}.sql").read_text())
