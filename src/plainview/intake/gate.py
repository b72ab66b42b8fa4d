"""What may go into the store: of this time, of a camera of its site, of the lens in force.

A refusal is never an error of the store's: the message is acknowledged, counted and told, as it
would be the same the next time.
"""

import enum
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from plainview.bus import Delivery
from plainview.errors import ReadingRefused
from plainview.intake.steps import ClockWatch
from plainview.record import CameraStatus, Reading, Stamped, decode_many, encode
from plainview.store import Retention

AHEAD: Final = 60.0
"""Seconds that a camera's clock may be ahead of ours. A Reading further from the future would stay
its camera's newest until then, and have a day's partition of its own in the store."""

SiteOf = Callable[[str], str | None]
"""Camera -> the site that may speak for it; None: nobody's."""


class Rules(NamedTuple):
    """What must hold of a message, beside being one."""

    site_of: SiteOf | None = None
    """Without it, whatever site brought a message may speak for its camera. What came from within
    the machine, without a site, always may."""
    fences: Mapping[str, int] = MappingProxyType({})
    """The token of each camera's newest placement that was granted (`Store.fences`)."""
    keeps: Callable[[], float] = lambda: Retention().readings
    """Seconds for which Readings are kept."""


ANY: Final = Rules()
"""One machine: its own cameras, one placement of each."""


class Refusal(enum.StrEnum):
    """Why a message is not stored."""

    MALFORMED = "malformed"
    """Not a Reading, or not of the camera that it says."""
    FOREIGN = "foreign"
    """Of a camera that is not the site's whose key brought it."""
    FENCED = "fenced"
    """Of a lens that another one has taken the place of."""
    AHEAD = "ahead"
    """Of a time that is still to come: a clock at the camera's site is wrong."""
    EXPIRED = "expired"
    """Older than Readings are kept."""


class Sifted(NamedTuple):
    """What became of some deliveries."""

    readings: list[Stamped]
    """Each with its `data`."""
    statuses: list[tuple[str, CameraStatus]]
    refused: Counter[Refusal]
    examples: dict[Refusal, tuple[str, str]]
    """The first (camera, why) of each."""


class _Times(NamedTuple):
    """UTC milliseconds: what is told of is after `oldest`, and not after `newest`."""

    oldest: int
    newest: int

    @property
    def of_statuses(self) -> "_Times":
        """A status is the newest there is, however long ago it was said."""
        return _Times(-1, self.newest)


class Gate:
    """Owns the highest fence that was seen of each camera. For one thread: intake's."""

    def __init__(self, watch: ClockWatch, rules: Rules) -> None:
        """Judge by `rules`, and by the clock that is watched."""
        self._watch, self._keeps, self._site_of = watch, rules.keeps, rules.site_of
        self._fences = dict(rules.fences)

    def sift(self, part: Sequence[Delivery]) -> Sifted:
        """Tell what may be stored from what may not. Sifting the same again gives the same."""
        times = self._times()
        oldest, newest = times
        made: dict[int, Stamped | ReadingRefused] | None = None
        found = Sifted([], [], Counter(), {})
        keep, fence_of = found.readings.append, self._fences.get
        site_of = self._site_of
        for delivery in part:
            _, camera, message, site, _ = delivery
            # Nearly all of a city's messages are this, and nothing else: it must cost little.
            if (
                isinstance(message, Stamped)
                and message.data
                and message.camera == camera
                and message.fence == fence_of(camera, 0)
                and oldest < message.reading.t <= newest
                and not message.reading.events
                and (site is None or site_of is None or site_of(camera) == site)
            ):
                keep(message)
                continue
            if isinstance(message, CameraStatus):
                if self._let(found, delivery, delivery.fence, message.t, times.of_statuses):
                    found.statuses.append((camera, message))
                continue
            if not message.data:
                made = self._encoded(part) if made is None else made
                ready = made[id(message)]
                if isinstance(ready, ReadingRefused):
                    _refuse(found, Refusal.MALFORMED, camera, ready.line())
                    continue
                message = ready
            if message.camera != camera:
                why = f"{camera!r} sent a Reading in the name of {message.camera!r}"
                _refuse(found, Refusal.MALFORMED, camera, why)
                continue
            t = message.reading.t
            if message.reading.events:
                t = max(t, *(event.t for event in message.reading.events))
            if self._let(found, delivery, message.fence, t, times):
                found.readings.append(message)
        return found

    def _times(self) -> "_Times":
        earliest, latest = self._watch.bounds()
        return _Times(earliest - int(self._keeps() * 1000), latest + int(AHEAD * 1000))

    def _let(self, found: Sifted, delivery: Delivery, fence: int, t: int, times: "_Times") -> bool:
        """Whether a message of the lens `fence` may pass, which tells of `t`, UTC milliseconds."""
        camera, site, site_of = delivery.camera, delivery.site, self._site_of
        known = self._fences.get(camera, 0)
        oldest, newest = times
        if site is not None and site_of is not None and site_of(camera) != site:
            _refuse(found, Refusal.FOREIGN, camera, f"sent by the site {site}, not its own")
        elif fence < known:
            _refuse(found, Refusal.FENCED, camera, f"placement {fence}, but {known} is in force")
        elif t > newest:
            _refuse(found, Refusal.AHEAD, camera, f"{(t - newest) / 1000 + AHEAD:.0f} s from now")
        elif t <= oldest:
            _refuse(found, Refusal.EXPIRED, camera, f"{(oldest - t) / 1000:.0f} s past its term")
        else:
            if fence > known:
                self._fences[camera] = fence
            return True
        return False

    def _encoded(self, part: Sequence[Delivery]) -> dict[int, Stamped | ReadingRefused]:
        """Messages of `part` without their encoding, by identity: with it, or why they have none.

        Types do not bind at run time, so these are checked as if they had come as bytes. One that
        has `data` was read strictly from it by the adapter that made it, and is not read twice:
        that is each adapter's contract (tests/contracts/test_bus.py).
        """
        found: dict[int, Stamped | ReadingRefused] = {}
        sent: list[Stamped] = []
        encoded: list[bytes] = []
        for delivery in part:
            message = delivery.message
            if isinstance(message, CameraStatus) or message.data:
                continue
            try:
                encoded.append(encode(message.reading))
            except (TypeError, ValueError, OverflowError) as error:
                found[id(message)] = ReadingRefused(f"not a Reading: {error}")
            else:
                sent.append(message)
        for message, data, reading in zip(sent, encoded, decode_many(encoded), strict=True):
            found[id(message)] = (
                Stamped(message.camera, reading, message.fence, data)
                if isinstance(reading, Reading)
                else reading
            )
        return found


def _refuse(found: Sifted, why: Refusal, camera: str, text: str) -> None:
    found.refused[why] += 1
    found.examples.setdefault(why, (camera, text))
