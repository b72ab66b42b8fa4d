"""Partitions by time: made ahead, and dropped when all in them is past its term."""

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import psycopg
from sqlalchemy import Connection

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
"""Milliseconds."""
_MOST: Final = 1000
"""Partitions of one table. A camera whose clock jumps about cannot make more: what else comes lies
in one partition for all the rest, and is found and deleted there."""

_LIST: Final = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), i.inhdetachpending
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass
"""


_ORPHANS: Final = """
SELECT c.relname FROM pg_class c JOIN pg_class p ON p.relnamespace = c.relnamespace
WHERE p.oid = %s::regclass AND c.relkind = 'r' AND c.relname ~ %s
AND NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = c.oid)
"""


class Span(NamedTuple):
    """A partition's name, and since <= t < until of what it holds (UTC milliseconds)."""

    since: int
    until: int
    name: str


class Partitions(NamedTuple):
    """Those of one table, as the server has them."""

    table: str
    spans: tuple[Span, ...]
    """In order of time."""
    rest: bool
    """Whether there is one for all that no other holds."""
    pending: tuple[str, ...]
    """Those whose detaching was cut short."""

    def lacking(self, times: Iterable[int], length: int) -> list[Span]:
        """The partitions of `length` milliseconds that `times` still need, shorter where others
        are in the way.
        """  # noqa: D205 - one sentence
        needed: dict[int, Span] = {}
        known = list(self.spans)
        for t in times:
            if any(span.since <= t < span.until for span in (*known, *needed.values())):
                continue
            for step in (length, HOUR):
                since = t // step * step
                if not any(s.since < since + step and since < s.until for s in known):
                    kind = f"d{since // DAY}" if step == DAY else f"h{since // HOUR}"
                    needed[since] = Span(since, since + step, f"{self.table}_{kind}")
                    break
        return sorted(needed.values())

    def within(self, since: int, until: int) -> list[Span]:
        """Those that hold anything of since < t <= until, in order of time."""
        return [span for span in self.spans if span.since <= until and span.until > since]


def known(connection: Connection, table: str) -> Partitions:
    """The partitions of `table`."""
    spans, rest, pending = [], False, []
    for name, bound, cut in connection.exec_driver_sql(_LIST, (table,)):
        numbers = [int(n) for n in re.findall(r"-?\d+", bound)]
        if cut:
            pending.append(name)
        elif len(numbers) == 2:
            spans.append(Span(numbers[0], numbers[1], name))
        else:
            rest = True
    return Partitions(table, tuple(sorted(spans)), rest, tuple(pending))


def make(connection: Connection, of: Partitions, spans: Iterable[Span]) -> Partitions:
    """`of` with `spans` made. Readers and writers of others do not wait for it."""
    made: list[Span] = []
    rest = of.rest
    for span in spans:
        if len(of.spans) + len(made) >= _MOST:
            if not rest:
                connection.exec_driver_sql(
                    f"CREATE TABLE {of.table}_rest PARTITION OF {of.table} DEFAULT"
                )
                rest = True
            break
        connection.exec_driver_sql(
            f"CREATE TABLE {span.name} (LIKE {of.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        )
        connection.exec_driver_sql(
            f"ALTER TABLE {of.table} ATTACH PARTITION {span.name} "
            f"FOR VALUES FROM ({span.since}) TO ({span.until})"
        )
        made.append(span)
    return of._replace(spans=tuple(sorted((*of.spans, *made))), rest=rest)


def drop(connection: psycopg.Connection[Any], of: Partitions, until: int) -> None:
    """Drop those that hold nothing from `until` on. `connection` commits by itself.

    Taken out first, so that nobody waits while files are deleted; what was cut short is finished.
    """
    for name in of.pending:
        connection.execute(f"ALTER TABLE {of.table} DETACH PARTITION {name} FINALIZE".encode())
    for (name,) in connection.execute(_ORPHANS, (of.table, f"^{of.table}_[dh][0-9]+$")).fetchall():
        connection.execute(f"DROP TABLE {name}".encode())
    # With a partition for the rest there, PostgreSQL cannot do so beside others.
    how = "" if of.rest else "CONCURRENTLY"
    for span in of.spans:
        if span.until <= until:
            connection.execute(
                f"ALTER TABLE {of.table} DETACH PARTITION {span.name} {how}".encode()
            )
            connection.execute(f"DROP TABLE {span.name}".encode())
