"""Roll-ups as they are read: one statement for many cameras, and each row made out quickly.

A page asks for thousands of them, a site's for a month.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec
from sqlalchemy import Connection, and_, or_, select

from plainview.record import COUNT_STEP, CROSSING_STEP, Health
from plainview.store import RollUp, Span, schema
from plainview.store.dialects import among

_pairs = msgspec.msgpack.Decoder(tuple[tuple[int, int], ...]).decode


def roll_ups(
    connection: Connection,
    numbers: Mapping[int, str],
    resolution: Literal["minute", "hour"],
    spans: Sequence[Span],
) -> dict[str, list[RollUp]]:
    """Those of each camera in `numbers` (number: name) in any of `spans`, oldest first."""
    found: dict[str, list[RollUp]] = {camera: [] for camera in numbers.values()}
    if not numbers or not spans:
        return found
    one = schema.minute.c if resolution == "minute" else schema.hour.c
    within = (and_(one.start >= since, one.start < until) for since, until in spans)
    wanted = (
        select(
            one.camera,
            one.start,
            one.readings,
            one.unhealthy,
            one.total,
            one.low,
            one.high,
            one.peak,
            one.crossings,
            one.health,
        )
        .where(among(one.camera, [*numbers], connection.dialect.name), or_(*within))
        .order_by(one.camera, one.start)
    )
    for (
        camera,
        start,
        n,
        unhealthy,
        total,
        low,
        high,
        peak,
        crossings,
        health,
    ) in connection.execute(wanted).all():
        name = numbers[camera]
        found[name].append(
            RollUp(
                name,
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
        )
    return found


@lru_cache(1 << len(Health))
def _flags(bits: int) -> tuple[Health, ...]:
    return tuple(flag for k, flag in enumerate(Health) if bits >> k & 1)


@lru_cache(4096)
def _crossings(data: bytes) -> tuple[tuple[float, float], ...]:
    # Most minutes of most cameras have none, or the same few.
    return tuple((f * CROSSING_STEP, b * CROSSING_STEP) for f, b in _pairs(data))
