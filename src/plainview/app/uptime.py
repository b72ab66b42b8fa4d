"""For how much of a stretch of time each camera of a city measured, from its roll-ups.

Whole hours are taken from the hours that the store has added up, and minutes only where an hour is
not over or a camera began within it: a day of a city of 60,000 is 1.4 million hours, and would be
86 million minutes.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from plainview.store import Counts, Span, Store
from plainview.store.rollup import HOUR, MINUTE

_AT_ONCE: Final = 500
"""Cameras of one look-up."""


def uptimes(
    store: Store, begins: Mapping[str, int], every: Mapping[str, float], end: int
) -> dict[str, float]:
    """Share, 0 to 1, of the time from its begin until `end` that each camera measured in health.

    `begins` and `end` are UTC milliseconds, `every` the seconds of a Reading of each. The minute
    that goes on at `end` is not added up yet, so that it does not count; a camera that began less
    than two minutes ago is not in the answer. Raises StoreError.
    """
    known = {name: begin for name, begin in begins.items() if end - begin > 2 * MINUTE}
    names, shares = [*known], {}
    for k in range(0, len(names), _AT_ONCE):
        part = {name: known[name] for name in names[k : k + _AT_ONCE]}
        many = _healthy(store, part, end // HOUR * HOUR, end)
        for name, begin in part.items():
            measured = many[name] * every[name] * 1000
            shares[name] = min(measured / (end - begin - MINUTE), 1.0)
    return shares


def _healthy(store: Store, begins: Mapping[str, int], hour: int, end: int) -> dict[str, int]:
    """Healthy Readings of each camera since its begin; `hour` is the one that goes on."""
    first = min(begins.values()) // HOUR * HOUR
    hours = store.counts_of([*begins], "hour", [Span(first, hour)]) if first < hour else {}
    # Where a camera began within an hour, and in the hour that goes on.
    within = {begin // HOUR * HOUR for begin in begins.values() if begin % HOUR} | {hour}
    spans = [Span(start, min(start + HOUR, end)) for start in sorted(within)]
    minutes = store.counts_of([*begins], "minute", spans)
    return {
        name: _since(hours.get(name), -(-begin // HOUR) * HOUR)
        + _since(minutes.get(name), begin // MINUTE * MINUTE, to=-(-begin // HOUR) * HOUR)
        + _since(minutes.get(name), max(hour, -(-begin // HOUR) * HOUR))
        for name, begin in begins.items()
    }


def _since(counts: Counts | None, since: int, *, to: int | None = None) -> int:
    if counts is None:
        return 0
    inside = counts.start >= since
    if to is not None:
        inside &= counts.start < to
    return int(np.sum(counts.readings[inside]))
