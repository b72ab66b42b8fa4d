"""Hour roll-ups read beside whoever writes the store: for jobs that run once a day."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, select

from plainview.errors import ConfigError, StoreError
from plainview.store import connect, schema
from plainview.store.faults import explained
from plainview.store.rollup import Sums
from plainview.store.upkeep import sums_of


def hour_sums(
    url: str, cameras: Sequence[str], since: int, until: int
) -> dict[str, dict[int, Sums]]:
    """Each camera's hours with since <= start < until (UTC milliseconds), by their start.

    Nothing is written and no lock is held: a running Plainview goes on. Raises ConfigError for an
    address that is none, StoreError where the store cannot be read or its hours are not final.
    """
    with _reading(url) as (connection, where):
        return _hour_sums(connection, where, cameras, since, until)


@contextmanager
def _reading(url: str) -> Iterator[tuple[Connection, str]]:
    """A connection in a transaction that only reads, and where it reads."""
    scheme, _, name = url.partition(":")
    if scheme in {"postgresql", "postgres"} and name.startswith("//"):
        # Only who has a store in PostgreSQL has its driver.
        from plainview.store.pg.address import Address  # noqa: PLC0415
        from plainview.store.pg.lookup import Lookup  # noqa: PLC0415

        address = Address(url)
        with closing(Lookup(address)) as lookup, lookup.reading() as connection:
            yield connection, address.where
        return
    if scheme != "sqlite" or not name:
        raise ConfigError(
            f"no store speaks an address that begins with {scheme!r}",
            where="store",
            mend="Use sqlite:PATH or postgresql://USER@HOST:PORT/DATABASE",
        )
    path = Path(name)
    if not path.is_file():
        raise StoreError(
            "there is no store here", where=str(path), mend="Give the --state of 'plainview run'"
        )
    engine = connect.readers(path)
    try:
        with explained(path), engine.begin() as connection:
            yield connection, str(path)
    finally:
        engine.dispose()


def _hour_sums(
    connection: Connection, where: str, cameras: Sequence[str], since: int, until: int
) -> dict[str, dict[int, Sums]]:
    state, hour = schema.minute_state, schema.hour
    unfinished = select(state.c.start).where(
        state.c.dirty == 1, state.c.start >= since, state.c.start < until
    )
    if connection.execute(unfinished.limit(1)).first() is not None:
        raise StoreError(
            "these hours are not summed up yet",
            where=where,
            mend="A running Plainview does so every minute: try again then",
        )
    known = select(schema.camera.c.id, schema.camera.c.name)
    numbers = {name: number for number, name in connection.execute(known)}
    return {
        camera: {
            row.start: sums_of(row)
            for row in connection.execute(
                select(hour).where(
                    hour.c.camera == numbers[camera],
                    hour.c.start >= since,
                    hour.c.start < until,
                )
            )
        }
        for camera in cameras
        if camera in numbers
    }
