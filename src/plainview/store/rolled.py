"""Roll-ups as they are read: a camera's one by one, a site's counts as columns."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, or_, select

from plainview.readings import BIT
from plainview.record import COUNT_STEP, CROSSING_STEP, Health
from plainview.store import Counts, RollUp, Span, schema

Resolution = Literal["minute", "hour"]

_pairs = msgspec.msgpack.Decoder(tuple[tuple[int, int], ...]).decode


def roll_ups(
    connection: Connection, number: int, camera: str, resolution: Resolution, span: Span
) -> list[RollUp]:
    """Those of `camera`, which has that number, in `span`, oldest first."""
    table = schema.minute if resolution == "minute" else schema.hour
    one = table.c
    wanted = select(table).where(
        one.camera == number, one.start >= span.since, one.start < span.until
    )
    return [
        RollUp(
            camera,
            start,
            n,
            unhealthy,
            total * COUNT_STEP / n if n else None,
            low * COUNT_STEP / n if n else None,
            high * COUNT_STEP / n if n else None,
            None if peak is None else peak * COUNT_STEP,
            _crossings(crossings),
            _flags(health),
        )
        for _, start, n, unhealthy, total, low, high, peak, crossings, health in (
            connection.execute(wanted.order_by(one.start)).all()
        )
    ]


@lru_cache(1 << len(Health))
def _flags(bits: int) -> tuple[Health, ...]:
    return tuple(flag for flag, bit in BIT.items() if bits & bit)


@lru_cache(4096)
def _crossings(data: bytes) -> tuple[tuple[float, float], ...]:
    # Most minutes of most cameras have none, or the same few.
    return tuple((f * CROSSING_STEP, b * CROSSING_STEP) for f, b in _pairs(data))


def counts_of(
    connection: Connection, numbers: Sequence[int], resolution: Resolution, spans: Sequence[Span]
) -> dict[int, Counts]:
    """What the cameras of those numbers counted in roll-ups of `spans`, by their number."""
    one = schema.minute.c if resolution == "minute" else schema.hour.c
    within = [and_(one.start >= since, one.start < until) for since, until in spans]
    wanted = select(one.camera, one.start, one.readings, one.total, one.low, one.high).where(
        one.camera.in_(numbers), one.readings > 0, or_(*within)
    )
    rows = connection.execute(wanted.order_by(one.camera, one.start)).all()
    return _by_camera(np.array([tuple(row) for row in rows], np.int64).reshape(-1, 6).T)


def _by_camera(columns: NDArray[np.int64]) -> dict[int, Counts]:
    """Camera, start and what Counts has besides, in order of camera and start: by camera."""
    camera, *rest = columns
    numbers, firsts = np.unique(camera, return_index=True)
    parts = [np.split(column, firsts[1:]) for column in rest]
    return {int(n): Counts(*(part[k] for part in parts)) for k, n in enumerate(numbers)}
