"""Which events nobody sees any more: their camera tells nothing, or its lens has begun anew.

A lens tells the start and the end of what it sees, and nothing between. If it dies, or its camera
is lost, the end is never told. Time is that of this machine's steady clock; a camera's own decides
nothing.
"""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from plainview.alerts.lifecycle import Alert, Sighting
from plainview.clock import Clock
from plainview.record import Health, Reading
from plainview.store import Store

_EVERY: Final = 1.0
"""Seconds between questions for the newest Readings, at least."""
QUIET: Final = 60.0
"""Seconds without news of a camera after which what it saw is not seen any more. Three of its
intervals where that is longer."""
_SEES_NOTHING: Final = frozenset({Health.BLIND, Health.FROZEN, Health.LOST})


class Moment(NamedTuple):
    """One moment by both clocks."""

    monotonic: float
    utc: float


class Sight:
    """Owns when each camera was last seen to see, and of which lens each open event is.

    For one thread.
    """

    def __init__(
        self, store: Store, clock: Clock, cameras: Collection[str], before: Iterable[str]
    ) -> None:
        """Events whose ids are in `before` are of lenses that are gone. Raises StoreError."""
        self._store, self._clock = store, clock
        self._cameras = tuple(cameras)
        self._began = Moment(clock.monotonic(), clock.utc())
        known = store.latest(self._cameras)
        self._newest = {camera: reading.t for camera, reading in known.items()}
        self._seen = {
            camera: Moment(self._began.monotonic, min(reading.t / 1000, self._began.utc))
            for camera, reading in known.items()
        }
        self._quiet = {camera: _quiet(reading) for camera, reading in known.items()}
        self._gone = dict(self._seen)
        """When the lens before this one was last seen to see."""
        self._restarts: dict[str, int] = {}
        self._lens: dict[str, int] = {}
        """Counts the lenses of a camera."""
        self._of = dict.fromkeys(before, -1)
        """Which of them told of an event, by the event's id."""
        self._due = self._began.monotonic
        self._unsure = set(self._cameras)
        """Cameras whose news may still be of the lens before."""

    def look(self) -> None:
        """Take note of who told anything, and of lenses that began anew. Raises StoreError."""
        now = Moment(self._clock.monotonic(), self._clock.utc())
        before, said = self._restarts, self._store.statuses()
        self._restarts = {one: said[one].restarts for one in self._cameras if one in said}
        # Compared as a whole first: this is asked ten times a second of a whole city.
        for camera, times in self._restarts.items() if self._restarts != before else ():
            if before.get(camera, times) != times:
                self._lens[camera] = self._lens.get(camera, 0) + 1
                self._gone[camera] = self._seen.get(camera, self._began)
                self._unsure.add(camera)
        if now.monotonic < self._due:
            return
        # The newest Readings of a whole city are not asked for at each of its looks.
        self._due = now.monotonic + _EVERY
        for camera, reading in self._store.latest(self._cameras).items():
            if reading.t != self._newest.get(camera) and sees(reading):
                self._newest[camera] = reading.t
                self._seen[camera] = now
                self._quiet[camera] = _quiet(reading)

    def know(self, events: Iterable[Sighting]) -> None:
        """These are told of by open alerts, and no others; those that are new have a lens now."""
        known, lens, unsure = self._of, self._lens, self._unsure
        self._of = {
            one.event: known[one.event]
            if one.event in known
            else (-1 if one.camera in unsure else lens.get(one.camera, 0))
            for one in events
        }

    def heard_all(self) -> None:
        """No news waits: what comes from now on is of the lenses that run."""
        self._unsure.clear()

    def still(self, alert: Alert) -> list[Sighting]:
        """The events of `alert` that have not ended.

        One whose lens is gone does not count where the lens after it told of the same happening.
        """
        found = [one for one in alert.sightings if one.until is None]
        return [one for one in found if self._has(one) or not _told_again(one, alert)]

    def lost(self, still: Collection[Sighting]) -> float | None:
        """UTC seconds since when nobody sees any of `still`; None while somebody may."""
        if any(self._fresh(self._last(one), one) for one in still):
            return None
        return max(max(self._last(one).utc, one.since) for one in still)

    def seen(self, still: Collection[Sighting]) -> bool:
        """Whether a lens that told of one of `still` sees now."""
        return any(self._has(one) and self._fresh(self._last(one), one) for one in still)

    def _fresh(self, moment: Moment, one: Sighting) -> bool:
        quiet = self._quiet.get(one.camera, QUIET)
        return self._clock.monotonic() - moment.monotonic < quiet

    def _has(self, one: Sighting) -> bool:
        """Whether the lens that told of it still runs."""
        return self._of.get(one.event, -1) == self._lens.get(one.camera, 0)

    def _last(self, one: Sighting) -> Moment:
        """When the lens that told of `one` was last seen to see."""
        moments = self._seen if self._has(one) else self._gone
        return moments.get(one.camera, Moment(self._began.monotonic, one.since))


def sees(reading: Reading) -> bool:
    """Whether something was measured, by a camera that sees at all."""
    return reading.frames > 0 and not _SEES_NOTHING.intersection(reading.health)


def _quiet(reading: Reading) -> float:
    return max(QUIET, 3 * reading.span / 1000)


def _told_again(one: Sighting, alert: Alert) -> bool:
    return any(other.camera == one.camera and other.since > one.since for other in alert.sightings)
