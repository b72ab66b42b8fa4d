"""What a simulation found, as one JSON object."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from plainview.app.simulation.audit import Audit
from plainview.app.simulation.lines import BIN
from plainview.app.simulation.meter import Memory

DAY = 86_400.0


class Quantiles(Struct, frozen=True):
    """Seconds; None where there was nothing to measure."""

    n: int
    p50: float | None
    p99: float | None
    worst: float | None


class Recovery(Struct, frozen=True):
    """One fault, and what came of it."""

    fault: str
    at: float
    """Seconds from the beginning."""
    held: float
    """Seconds for which it was held on purpose."""
    recovered: float | None
    """Seconds until all that was said meanwhile was stored, and what was new within `RECOVERED`
    seconds again; what was held on purpose does not count. None: not within the run."""
    note: str = ""


class Report(Struct, frozen=True):
    """The whole run."""

    cameras: int
    sites: int
    seconds: int
    """For which the city spoke."""
    bus: str
    store: str
    offered: int
    """Readings that the city said."""
    stored: int
    """Of these: in the store afterwards exactly as they were said, counted there by their keys."""
    lost: int
    duplicated: int
    """In the store more than once, counted there."""
    altered: int
    invented: int
    """In the store, said by nobody."""
    refused: dict[str, int]
    """What was not let into the store, by reason; without faults there is none."""
    came_again: int
    """Readings that reached the store a second time, and changed nothing there."""
    held_back: int
    """Times that the bus had no room, and the city waited."""
    rolled_up: int
    """Readings that the minutes tell of."""
    rate: float
    """Readings offered in a second, on average."""
    spoke_late: float
    """The most seconds by which the generator could not keep pace."""
    reading_bytes: float
    """Mean of their encodings."""
    reading_to_store: Quantiles
    reading_to_alert: dict[str, Quantiles]
    """By what the alert is about."""
    cpu_seconds: dict[str, float | None]
    """From the beginning until all was stored, by process; None: on another machine."""
    cores: float
    """CPU seconds of all of them in a second."""
    wire_bytes_per_camera_day: float | None
    disk_bytes_per_camera_day: float | None
    """Of the store as it is afterwards, with roll-ups, events, indexes and slack."""
    broker_disk_bytes: int | None
    """Of what waits at the broker afterwards."""
    memory_megabytes: dict[str, Memory]
    faults: list[Recovery]


def of_bins(bins: Mapping[int, int]) -> Quantiles:
    """Quantiles of counted bins of `BIN` seconds; a bin stands for its upper end."""
    if not bins:
        return Quantiles(0, None, None, None)
    keys = np.array(sorted(bins))
    counts = np.cumsum([bins[int(key)] for key in keys])
    total = int(counts[-1])

    def quantile(share: float) -> float:
        return round(float(keys[np.searchsorted(counts, share * total)] + 1) * BIN, 3)

    return Quantiles(total, quantile(0.5), quantile(0.99), round(float(keys[-1] + 1) * BIN, 3))


def of_alerts(alerts: list[tuple[str, float]]) -> dict[str, Quantiles]:
    """Quantiles for each thing that alerts were about."""
    found: dict[str, list[float]] = {}
    for about, seconds in alerts:
        found.setdefault(about, []).append(seconds)
    return {
        about: Quantiles(
            len(seconds),
            round(float(np.quantile(seconds, 0.5)), 3),
            round(float(np.quantile(seconds, 0.99)), 3),
            round(max(seconds), 3),
        )
        for about, seconds in sorted(found.items())
    }


def per_camera_day(total: float | None, offered: int) -> float | None:
    """`total` bytes for `offered` Readings of a second each, as bytes of a camera's day."""
    return None if total is None or not offered else round(total / offered * DAY)


def failed(audit: Audit) -> bool:
    """Whether something was lost, doubled or changed."""
    wrong = audit.lost + audit.duplicated + audit.altered + audit.invented
    return bool(wrong) or audit.rolled_up != audit.stored
