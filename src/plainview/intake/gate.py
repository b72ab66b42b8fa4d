"""What may go into the store: of this time, of a camera of its site, of the lens in force.

A refusal is never an error of the store's: the message is acknowledged, counted and told, as it
would be the same the next time.
"""

import enum
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from operator import eq, is_
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.bus import Deliveries, Delivery
from plainview.intake.steps import ClockWatch
from plainview.readings import Readings, gathered, read
from plainview.record import CameraStatus, encode
from plainview.rosters import Found, Repeated, Rosters
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
    the machine, without a site, always may. It must say the same for good: a city whose cameras
    are others is another intake."""
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


_NONE: Final = gathered(())
"""No Readings."""


class Sifted(NamedTuple):
    """What became of some deliveries."""

    readings: Readings
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
    """Owns the highest fence that was seen of each camera. For one thread at a time."""

    def __init__(self, watch: ClockWatch, rules: Rules) -> None:
        """Judge by `rules`, and by the clock that is watched."""
        self._watch, self._keeps, self._site_of = watch, rules.keeps, rules.site_of
        self._fences = dict(rules.fences)
        self._owner = Found(lambda names: _owner(names, rules.site_of))

    def sift(self, part: Sequence[Delivery]) -> Sifted:
        """Tell what may be stored from what may not. Sifting the same again gives the same."""
        times = self._times()
        refused: Counter[Refusal] = Counter()
        examples: dict[Refusal, tuple[str, str]] = {}
        found = Sifted(_NONE, [], refused, examples)
        given = part if isinstance(part, Deliveries) else _by_columns(part, found)
        let = self._plain(given, times)
        for k in np.flatnonzero(~let).tolist():
            # Seldom. In their order, as each may tell of a newer placement than the one before.
            message = given.readings[k]
            t = max(message.reading.t, *(event.t for event in message.reading.events), 0)
            one = Delivery(0, message.camera, message, given.sites[k])
            let[k] = self._let(found, one, message.fence, t, times)
        for one in given.statuses:
            status = one.message
            if isinstance(status, CameraStatus) and self._let(
                found, one, one.fence, status.t, times.of_statuses
            ):
                found.statuses.append((one.camera, status))
        return found._replace(readings=given.readings.of(let))

    def _plain(self, given: Deliveries, times: "_Times") -> NDArray[np.bool_]:
        """(n,) which Readings may pass for sure: nothing about them is out of the ordinary."""
        cameras, columns = given.readings.cameras, given.readings.columns
        let = (columns.t > times.oldest) & (columns.t <= times.newest) & ~columns.happening
        if self._fences or given.readings.fences.any():
            fences = given.readings.fences
            known = np.fromiter(map(self._fences.get, cameras, repeat(0)), np.int64, len(cameras))
            let &= fences == known
            # Where a newer placement shows itself, what comes after it is judged by it.
            moved = {cameras[k] for k in np.flatnonzero(fences > known).tolist()}
            if moved:
                let &= np.fromiter((one not in moved for one in cameras), np.bool_, len(cameras))
        site_of = self._site_of
        if site_of is not None and not self._all_own(given.sites, cameras):
            let &= _own(given.sites, cameras, site_of)
        return let

    def _all_own(self, sites: Sequence[str | None], cameras: Sequence[str]) -> bool:
        """Whether all `cameras` are known to be their site's: told by their rosters alone."""
        return (
            isinstance(cameras, Rosters)
            and isinstance(sites, Repeated)
            and cameras.ends == sites.ends
            and all(map(eq, map(self._owner.of, cameras.parts), sites.values))
        )

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


def _owner(cameras: Sequence[str], site_of: SiteOf | None) -> str | None:
    """The one site that all `cameras` are of; None where there is none."""
    owners = {site_of(camera) for camera in cameras} if site_of is not None else set()
    return owners.pop() if len(owners) == 1 else None


def _own(
    sites: Sequence[str | None], cameras: Sequence[str], site_of: SiteOf
) -> NDArray[np.bool_] | np.bool_:
    """Which of `cameras` are their site's. Those of no site are within the machine, where nobody
    else is.
    """  # noqa: D205 - one sentence and a reason
    within = sites.count(None)
    if within == len(sites):
        return np.True_
    owners = [*map(site_of, cameras)]
    if owners == sites:  # the usual case, told at once
        return np.True_
    own = np.fromiter(map(eq, sites, owners), np.bool_, len(cameras))
    if within:
        own |= np.fromiter(map(is_, sites, repeat(None)), np.bool_, len(cameras))
    return own


def _by_columns(part: Sequence[Delivery], found: Sifted) -> Deliveries:
    """`part` by columns; what is no Reading of the camera that it came from is refused."""
    statuses = [one for one in part if isinstance(one.message, CameraStatus)]
    own: list[tuple[Delivery, int, bytes]] = []
    for one in part:
        message = one.message
        if isinstance(message, CameraStatus):
            continue
        if message.camera != one.camera:
            why = f"{one.camera!r} sent a Reading in the name of {message.camera!r}"
            _refuse(found, Refusal.MALFORMED, one.camera, why)
            continue
        try:
            own.append((one, message.fence, message.data or encode(message.reading)))
        except (TypeError, ValueError, OverflowError) as error:
            _refuse(found, Refusal.MALFORMED, one.camera, f"not a Reading: {error}")
    # Types do not bind at run time, so that each is read as if it had come as bytes.
    cameras = [one.camera for one, _, _ in own]
    readings, refused = read(cameras, [fence for _, fence, _ in own], [data for *_, data in own])
    for k, why in refused.items():
        _refuse(found, Refusal.MALFORMED, cameras[k], why)
    sent = [one for k, (one, _, _) in enumerate(own) if k not in refused]
    return Deliveries(
        np.array([one.token for one in sent], np.int64),
        readings,
        [one.site for one in sent],
        statuses,
    )


def _refuse(found: Sifted, why: Refusal, camera: str, text: str) -> None:
    found.refused[why] += 1
    found.examples.setdefault(why, (camera, text))
