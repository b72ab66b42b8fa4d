"""What a store holds afterwards, held against what the city said: key by key, byte by byte."""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from sqlalchemy import Connection, Engine, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError

from plainview.clock import FOREVER
from plainview.store import schema
from plainview.synth.city.voice import Voice

_ROWS = 20_000


class Audit(Struct, frozen=True):
    """The store beside the city."""

    stored: int
    """Readings that were said, and are kept exactly as they were said."""
    lost: int
    """Readings that were said and are not kept."""
    duplicated: int
    """Readings that are kept more than once."""
    altered: int
    """Readings that are kept with other bytes."""
    invented: int
    """Readings that nobody said."""
    rolled_up: int
    """Readings that the minutes tell of: as many as are kept, or the roll-ups lie."""


def audit(url: str, voice: Voice, seconds: int) -> Audit:
    """Look at every Reading in the store at `url`: the city spoke for `seconds` seconds."""
    engine = create_engine(_address(url))
    numbers: dict[str, int] = {name: k for k, name in enumerate(voice.names)}
    seen = np.zeros((voice.city.cameras, seconds), np.uint8)
    altered = invented = 0
    try:
        with engine.connect() as connection:
            known = {row.id: row.name for row in connection.execute(select(schema.camera))}
            for t, number, data in _rows(connection):
                camera = numbers.get(known.get(number, ""), -1)
                second, rest = divmod(t - voice.base - voice.phases[camera], 1000)
                if camera < 0 or rest or not 0 <= second < seconds:
                    invented += 1
                    continue
                seen[camera, second] += 1
                altered += voice.speak(camera, second)[1] != data
            minute = schema.minute.c
            rolled = connection.execute(
                select(func.coalesce(func.sum(minute.readings + minute.unhealthy), 0))
            ).scalar_one()
    finally:
        engine.dispose()
    return Audit(
        stored=int((seen > 0).sum()) - altered,
        lost=int((seen == 0).sum()),
        duplicated=int(np.maximum(seen.astype(np.int64) - 1, 0).sum()),
        altered=altered,
        invented=invented,
        rolled_up=int(rolled),
    )


def _rows(connection: Connection) -> Iterator[tuple[int, int, bytes]]:
    reading = schema.reading.c
    wanted = select(reading.t, reading.camera, reading.data).order_by(reading.t)
    found = connection.execution_options(stream_results=True, yield_per=_ROWS).execute(wanted)
    for part in found.partitions():
        for t, number, data in part:
            yield t, number, bytes(data)


def count(url: str, since: int = -1, until: int = FOREVER) -> int:
    """How many Readings the store at `url` holds with since < t <= until; -1 where it is down."""
    engine = create_engine(_address(url))
    t = schema.reading.c.t
    wanted = select(func.count()).select_from(schema.reading).where(t > since, t <= until)
    try:
        with engine.connect() as connection:
            found: int = connection.execute(wanted).scalar_one()
            return found
    except DBAPIError:
        return -1
    finally:
        engine.dispose()


def disk_bytes(url: str) -> int:
    """Bytes on disk of the whole store at `url`: Readings, roll-ups, events and indexes."""
    engine = create_engine(_address(url))
    try:
        with engine.connect() as connection:
            return _size(engine, connection)
    finally:
        engine.dispose()


def _size(engine: Engine, connection: Connection) -> int:
    if engine.dialect.name == "postgresql":
        size: int = connection.execute(
            text("SELECT pg_database_size(current_database())")
        ).scalar_one()
        return size
    pages: int = connection.execute(text("PRAGMA page_count")).scalar_one()
    page: int = connection.execute(text("PRAGMA page_size")).scalar_one()
    return pages * page


def _address(url: str) -> str:
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite":
        return f"sqlite:///{rest}"
    return f"postgresql+psycopg:{rest}"
