"""Where Readings are kept: a Protocol and `open_store(url)`."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from plainview.clock import Clock
from plainview.geometry import Point
from plainview.record import CameraStatus, Health, Reading, Stamped
from plainview.store.search import AlertQuery, EventPage, EventQuery, Mark, News

AHEAD: Final = 60_000
"""Milliseconds. Where the newest Reading known lies that far in the future, the clock was set back,
and what comes now is the newest. What is only old is late: a site that was cut off sends hours of
it beside what is live."""


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long each kind is kept, and the bound on the whole store."""

    readings: float = 86_400.0
    """Seconds that single Readings are kept."""
    minutes: float = 30 * 86_400.0
    """Seconds that minute roll-ups are kept."""
    hours: float = 400 * 86_400.0
    """Seconds that hour roll-ups are kept."""
    events: float = 31 * 86_400.0
    """Seconds that an event is kept from its start, and an alert after it has ended; an alert that
    is open is never deleted."""
    disk_bytes: int = 2_000_000_000
    """Bound on the store's size on disk, the write-ahead log included."""


class RollUp(Struct, frozen=True):
    """One camera's minute or hour. Unhealthy intervals are counted, never averaged in."""

    camera: str
    start: int
    """UTC milliseconds of its start; its length is the resolution."""
    readings: int
    """Healthy Readings that went in."""
    unhealthy: int
    mean: float | None
    """Mean count, people; None when no Reading was healthy."""
    low: float | None
    """Mean of the intervals' lower ends."""
    high: float | None
    peak: float | None
    """Highest count of one Reading."""
    crossings: tuple[tuple[float, float], ...]
    """People forward and backward in the whole roll-up, by line."""
    health: tuple[Health, ...]
    """Every flag that was raised in it."""


class KeptAlert(Struct, frozen=True, gc=False):
    """An alert as the store keeps it: what it says is the business of `plainview.alerts`."""

    id: str
    """At most 96 signs; ids sort as alerts were raised."""
    site: str
    t: int
    """UTC milliseconds of its last change of state."""
    open: bool
    """Whether it is not over yet."""
    data: bytes
    kind: str
    """As plainview.alerts names it."""
    raised: int
    """UTC milliseconds. This and what follows is what alerts are searched for by."""
    zone: str | None = None
    at: Point | None = None
    """Ground metres of its site."""
    note: str = ""
    """What persons wrote about it."""
    state: str = ""
    """As plainview.alerts names it."""


class KeptDelivery(Struct, frozen=True, gc=False):
    """The newest notice about one alert for one route, and what became of it.

    What the notice says is the business of `plainview.alerts.delivery`.
    """

    route: str
    alert: str
    """The alert's id; it sorts as alerts were raised."""
    revision: int
    """Of two for one route and alert only the one with the larger revision is kept."""
    data: bytes
    t: int
    """UTC milliseconds at which it was put, tried or delivered last."""
    urgent: bool = False
    """Goes before all others of its route."""
    waiting: bool = True
    """Whether it is not delivered yet."""
    due: int = 0
    """UTC milliseconds before which it is not tried."""
    tries: int = 0
    error: str = ""
    """Why the last try failed; empty where none did."""
    told: int = 0
    """Revision before this one that was delivered last; 0 for none, less where that is unknown. The
    store keeps it: it is not taken from what is put."""


class Appended(NamedTuple):
    """What became of a batch."""

    stored: int
    duplicates: int
    """Readings that were already there (same camera and time): not stored twice."""


class Span(NamedTuple):
    """A stretch of time, UTC milliseconds: since <= t < until."""

    since: int
    until: int


class Counts(NamedTuple):
    """One camera's minutes or hours in which it measured, oldest first: columns of one length."""

    start: NDArray[np.int64]
    """UTC milliseconds."""
    readings: NDArray[np.int64]
    """Healthy Readings that went in: at least one."""
    total: NDArray[np.int64]
    """Their counts added up, in COUNT_STEP people; so are the intervals' ends."""
    low: NDArray[np.int64]
    high: NDArray[np.int64]


class DiskUse(Struct, frozen=True):
    """Bytes on disk, beside the bound."""

    used: int
    bound: int
    free: int | None
    """Free bytes of the file system that the store lies on; None: a server does not tell."""
    oldest: int | None
    """UTC milliseconds of the oldest Reading."""


class Store(Protocol):
    """Readings, statuses and roll-ups of all cameras, and alerts of all sites. Thread-safe."""

    def append(self, readings: Sequence[Stamped], marks: Sequence[Mark] = ()) -> Appended:
        """Keep `readings`, and the events that `marks` start and end. Durable when this returns.

        What comes again changes nothing. Validated events are news until somebody has heard.
        Raises StoreFull when the disk or the bound is reached, StoreError on other failures; then
        nothing of the batch is kept.
        """
        ...

    def put_status(self, camera: str, status: CameraStatus) -> None:
        """Replace what is known of a camera's pipeline."""
        ...

    def statuses(self) -> dict[str, CameraStatus]:
        """The last status of every camera."""
        ...

    def latest(self, cameras: Sequence[str]) -> dict[str, Reading]:
        """The newest Reading of each of `cameras` that has one."""
        ...

    def readings(self, camera: str, since: int, until: int, most: int = 3600) -> list[Reading]:
        """Readings with since < t <= until (UTC milliseconds), oldest first, the newest `most`."""
        ...

    def roll_ups(
        self, camera: str, resolution: Literal["minute", "hour"], since: int, until: int
    ) -> list[RollUp]:
        """Roll-ups with since <= start < until, oldest first."""
        ...

    def counts_of(
        self, cameras: Sequence[str], resolution: Literal["minute", "hour"], spans: Sequence[Span]
    ) -> dict[str, Counts]:
        """What each of `cameras` counted in roll-ups that start in one of `spans`: one look-up.

        One that measured nothing in health then is not in it.
        """
        ...

    def put_alerts(
        self,
        alerts: Sequence[KeptAlert],
        *,
        heard: int = 0,
        deliveries: Sequence[KeptDelivery] = (),
    ) -> None:
        """Keep `alerts`, each in place of what was kept under its id. Durable when this returns.

        In the same step, news of events up to number `heard` is forgotten: it is in the alerts; and
        each of `deliveries` takes the place of an older revision for its route and alert.
        Raises StoreFull or StoreError; then all stays as it was. No Reading is dropped for it: a
        share of the store is left free that Readings may not fill.
        """
        ...

    def alerts(
        self, *, site: str | None = None, only_open: bool = False, most: int = 1000
    ) -> list[KeptAlert]:
        """Alerts of `site` (None: of all), the newest id first, at most `most`."""
        ...

    def find_alerts(self, wanted: AlertQuery) -> list[KeptAlert]:
        """Alerts that fit `wanted`, the newest id first; `most` of them where there are more."""
        ...

    def find_events(self, wanted: EventQuery) -> EventPage:
        """Events that fit `wanted`, the latest start first."""
        ...

    def event_news(self, most: int, *, after: int = 0) -> list[News]:
        """The oldest `most` news of validated events that no alert was made of, oldest first.

        Only numbers past `after`. They are forgotten by `put_alerts`.
        """
        ...

    def due_deliveries(self, route: str, now: int, most: int) -> list[KeptDelivery]:
        """What waits for `route` and is due at `now`: urgent first, then as alerts were raised."""
        ...

    def delivered(self, route: str, most: int) -> list[KeptDelivery]:
        """What `route` has delivered, the newest alert first."""
        ...

    def waiting_deliveries(self) -> dict[str, int]:
        """How many wait, by route; a route of which none waits is not in it."""
        ...

    def settle_deliveries(self, deliveries: Sequence[KeptDelivery]) -> None:
        """Keep what became of `deliveries`; one that a newer revision has replaced is left alone.

        Durable when this returns. Raises StoreFull or StoreError; then all stays as it was.
        """
        ...

    def hurry_deliveries(self, route: str) -> None:
        """Whatever waits for `route` is due now."""
        ...

    def next_fence(self, camera: str) -> int:
        """A token for a new placement of `camera`: larger than all before. Durable when returned.

        A Reading under a lower one comes from a lens that should be gone.
        """
        ...

    def fences(self) -> dict[str, int]:
        """The last token of every camera that was given one."""
        ...

    def roll_up(self, now: int) -> int:
        """Bring minute and hour roll-ups up to date with the Readings; the number written."""
        ...

    def unsummed(self) -> int:
        """Minutes whose sums a crash took, and which are being summed up anew beside all else."""
        ...

    def roll_some(self, now: int) -> bool:
        """As `roll_up`, for a moment only: whether there is more, for a call a second later.

        So that a city's minute does not hold up its Readings.
        """
        ...

    def keep(self, retention: Retention) -> None:
        """From the next `prune` on, these are the terms."""
        ...

    def prune(self, now: int) -> int:
        """Delete what is past its retention, and the oldest beyond the disk bound; rows deleted."""
        ...

    def disk(self) -> DiskUse:
        """Size on disk beside the bound."""
        ...

    def version(self) -> int:
        """A number that grows with every append, status or alert, for waiting on."""
        ...

    def wait(self, version: int, timeout: float) -> int:
        """Return the version as soon as it is past `version`, or after `timeout` seconds."""
        ...

    def close(self) -> None:
        """Finish writing and close."""
        ...


def open_store(url: str, retention: Retention | None = None, clock: Clock | None = None) -> Store:
    """The store at `url`: `sqlite:PATH` or `postgresql://...`. Raises ConfigError or StoreError.

    Whoever gives `retention` is the one that writes Readings: a store that another process writes
    is refused. Without it, one in PostgreSQL may be opened beside its writer, to read. `clock` (the
    machine's without) tells a Reading of the future: see AHEAD.
    """
    from plainview.store.open import open_store as opened  # noqa: PLC0415 - adapters load late

    return opened(url, retention, clock)
