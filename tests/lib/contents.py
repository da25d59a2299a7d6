"""What the databases of a stack hold: to see that something changed nothing."""

from stack import WITH_DATABASE
from waiting import wait_until


def contents(stack, moving):
    """{database.table: (rows, digest of all of them)} but for the tables named in `moving`."""
    found = {}
    for name in WITH_DATABASE:
        with stack.database(name) as database:
            tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in tables:
                if table not in moving:
                    digest = (
                        f'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM "{table}" t'
                    )
                    found[f"{name}.{table}"] = database.execute(digest).fetchone()
    return found


def settled(stack, moving):
    """The contents once nothing moves any more that earlier calls have set going."""
    last = [None]

    def same():
        before, last[0] = last[0], contents(stack, moving)
        return before == last[0]

    wait_until(same, 30, "the databases to come to rest", interval=0.3)
    return last[0]
