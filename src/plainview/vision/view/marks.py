"""Which events are marked in the view: those that Readings told of and that have not ended."""

import math
from typing import Final, NamedTuple

from plainview.record import PLACE_STEP, Event, EventKind, Phase, Reading

MOST: Final = 32
"""Marks at once; the oldest go first."""
LONGEST: Final = 600_000
"""Milliseconds after which a mark goes though its end was not told."""
NEAR: Final = 6.0
"""Metres within which an end belongs to a mark of its kind and zone."""


class Mark(NamedTuple):
    """One event that goes on."""

    kind: EventKind
    zone: int
    x: float
    """Ground metres."""
    y: float
    since: int
    """UTC milliseconds."""


def after(marks: tuple[Mark, ...], reading: Reading) -> tuple[Mark, ...]:
    """The marks after `reading`, of those before it."""
    kept = [mark for mark in marks if 0 <= reading.t - mark.since <= LONGEST]
    for event in reading.events:
        if event.phase is Phase.START:
            kept.append(
                Mark(event.kind, event.zone, event.x * PLACE_STEP, event.y * PLACE_STEP, event.t)
            )
        elif (ended := _nearest(kept, event)) is not None:
            kept.remove(ended)
    return tuple(kept[-MOST:])


def _nearest(marks: list[Mark], event: Event) -> Mark | None:
    """The mark that `event` ends; None where there is none near."""
    x, y = event.x * PLACE_STEP, event.y * PLACE_STEP
    of_kind = [m for m in marks if (m.kind, m.zone) == (event.kind, event.zone)]
    near = [m for m in of_kind if math.dist((m.x, m.y), (x, y)) <= NEAR]
    return min(near or of_kind[:1], key=lambda m: math.dist((m.x, m.y), (x, y)), default=None)
