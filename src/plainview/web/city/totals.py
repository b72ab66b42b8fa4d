"""People now, kept up with each batch of Readings: camera, site, district, city."""

import threading
from collections.abc import Sequence
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.clock import Clock
from plainview.readings import Columns, gathered
from plainview.record import COUNT_STEP, CameraStatus, LensState, Stamped
from plainview.web.city.conditions import BITS, BLANK, SILENT, Conditions, Lenses
from plainview.web.city.ground import CitySite
from plainview.web.city.lately import Lag, Minute, Minutes
from plainview.web.city.sums import AREA, SHARE, Ints, Sums, interval, known_share, whole

Part = NDArray[np.bool_]
"""(sites,) which of them are asked for."""

_STALE_FLOOR: Final = 5_000
_STALE_SPANS: Final = 3
"""As `web.fuse.stale`."""
_MOST_HALF: Final = 1 << 24
"""Half-widths past a million people are cut there: their squares must add up in 64 bits."""


class Hot(NamedTuple):
    """A site and its crowd now."""

    site: int
    people: float
    low: float
    high: float
    density: float
    """People/m² of the ground that is known."""
    known: float
    """Share of its ground that a believed camera sees."""


class CityTotals:
    """Owns the sums of every level. Thread-safe: intake adds, pages ask."""

    def __init__(self, sites: Sequence[CitySite], clock: Clock) -> None:
        """Nothing has been said yet. `sites` are all that there are, each camera in one of them."""
        self.sites = tuple(sites)
        self.districts = tuple(sorted({site.district for site in sites}))
        self.cameras = tuple(name for site in sites for name in site.cameras)
        self._clock = clock
        self._lock = threading.Lock()
        self._index = {name: k for k, name in enumerate(self.cameras)}
        places = {name: k for k, name in enumerate(self.districts)}
        n, m, d = len(self.cameras), len(sites), len(self.districts)
        sizes = np.array([len(site.cameras) for site in sites], dtype=np.int64)
        self._first = np.cumsum(sizes) - sizes
        self._site = np.repeat(np.arange(m, dtype=np.int64), sizes)
        self._district = np.array([places[site.district] for site in sites], dtype=np.int64)
        self._shared = frozenset(k for k, site in enumerate(sites) if site.shares is not None)
        self._area = np.array([round(a * AREA) for s in sites for a in s.areas], dtype=np.int64)
        self._t = np.full(n, -1, dtype=np.int64)
        self._ends = np.zeros(n, dtype=np.int64)
        self._said = np.zeros((3, n), dtype=np.int64)
        self._share = np.full(n, 1 << SHARE, dtype=np.int64)
        self._part = np.zeros((4, n), dtype=np.int64)
        """(people, below², above², known) of each camera, as they are in the sums now."""
        self._of_site = np.zeros((4, m), dtype=np.int64)
        self._half = np.zeros((2, m), dtype=np.int64)
        self._of_district = np.zeros((6, d), dtype=np.int64)
        """(people, below, below², above, above², known)."""
        self._covered = self._ground()
        self._sizes = sizes
        self.conditions = Conditions(self._district[self._site], d)
        self._fixed = self._by_district(np.ones(m, dtype=np.bool_))
        self._minutes, self._lag, self._lenses = Minutes(), Lag(), Lenses()
        self._second = -1

    def _ground(self) -> Ints:
        """Each site's ground, summed as it is when all its cameras are believed."""
        whole = self._share.copy()
        for k in self._shared:
            cameras = self._cameras_of(k)
            whole[cameras] = self._shares(k, [True] * len(cameras))
        covered = np.zeros(len(self.sites), dtype=np.int64)
        np.add.at(covered, self._site, self._area * whole >> SHARE)
        return covered

    def _cameras_of(self, site: int) -> Ints:
        first = int(self._first[site])
        return np.arange(first, first + len(self.sites[site].cameras), dtype=np.int64)

    def _shares(self, site: int, believed: Sequence[bool]) -> list[int]:
        shares = self.sites[site].shares
        assert shares is not None  # noqa: S101 - asked of sites in _shared alone
        return [round(share * (1 << SHARE)) for share in shares(believed)]

    # --- what is said ----------------------------------------------------------------------------

    def add(self, readings: Sequence[Stamped]) -> None:
        """Take up `readings`, which are durable; of each camera the newest counts.

        O(readings). Passed over: cameras that the city does not have, and Readings that are stale
        already or from the future.
        """
        given = gathered(readings)
        n = len(given)
        cameras = np.fromiter(map(self._index.get, given.cameras, repeat(-1)), np.int64, n)
        order = np.lexsort((given.columns.t, cameras))
        ordered = cameras[order]
        newest = order[(ordered >= 0) & (np.diff(ordered, append=-1) != 0)]
        now = round(self._clock.utc() * 1000)
        with self._lock:
            self._advance(now)
            if len(newest):
                self._take(cameras[newest], given.columns.of(newest), now)

    def _take(self, cameras: Ints, said: Columns, now: int) -> None:
        self._lag.note(self._clock.monotonic(), (now - float(np.median(said.t))) / 1000)
        lasts = np.maximum(_STALE_FLOOR, _STALE_SPANS * said.span)
        use = (said.t > self._t[cameras]) & (np.abs(now - said.t) <= lasts)
        if not use.any():
            return
        cameras, said, lasts = cameras[use], said.of(use), lasts[use]
        self._t[cameras], self._ends[cameras] = said.t, said.t + lasts
        self._said[:, cameras] = said.counts.T
        blank = (said.health == 0) & (said.frames == 0)
        self._change(cameras, np.where(blank, BLANK, said.health), now)

    def _change(self, cameras: Ints, bits: Ints, now: int) -> None:
        """Bring every level up to what `cameras` say and how they are."""
        turned = cameras[(self.conditions.bits[cameras] == 0) != (bits == 0)]
        self.conditions.change(cameras, bits, now)
        if len(turned) and self._shared:
            cameras = self._share_again(cameras, turned)
        count, low, high = self._said[:, cameras]
        share = self._share[cameras] * (self.conditions.bits[cameras] == 0)
        below, above = (count - low) * share >> SHARE, (high - count) * share >> SHARE
        known = self._area[cameras] * share >> SHARE
        part = np.stack((count * share, below * below, above * above, known))
        grown = part - self._part[:, cameras]
        self._part[:, cameras] = part
        of = self._site[cameras]
        sites = np.unique(of)
        before = self._of_site[:, sites]
        for level, more in zip(self._of_site, grown, strict=True):
            np.add.at(level, of, more)
        self._change_districts(sites, before)

    def _share_again(self, cameras: Ints, turned: Ints) -> Ints:
        """New shares where cameras overlap and others are believed than before.

        Returns `cameras` and all cameras of those sites.
        """
        more = [cameras]
        for k in {int(site) for site in self._site[turned]} & self._shared:
            mine = self._cameras_of(k)
            believed = (self.conditions.bits[mine] == 0).tolist()
            self._share[mine] = self._shares(k, believed)
            more.append(mine)
        return np.unique(np.concatenate(more))

    def _change_districts(self, sites: Ints, before: Ints) -> None:
        """`before` is (4, sites): what the sites were."""
        after, old = self._of_site[:, sites], self._half[:, sites]
        # Rounded from a whole number each time: the same sum has the same half-width.
        new = np.minimum(np.rint(np.sqrt(after[1:3])).astype(np.int64), _MOST_HALF)
        self._half[:, sites] = new
        grown = (
            after[0] - before[0],
            new[0] - old[0],
            new[0] ** 2 - old[0] ** 2,
            new[1] - old[1],
            new[1] ** 2 - old[1] ** 2,
            after[3] - before[3],
        )
        districts = self._district[sites]
        for level, more in zip(self._of_district, grown, strict=True):
            np.add.at(level, districts, more)

    def _advance(self, now: int) -> None:
        """Once a second: who has been silent for too long, and the minute's mean."""
        second = now // 1000
        if second == self._second:
            return
        self._second = second
        bits = self.conditions.bits
        quiet = np.flatnonzero((bits & SILENT == 0) & (self._ends < now))
        if len(quiet):
            self._change(quiet, np.full(len(quiet), SILENT, dtype=np.int64), now)
        found = whole(self._whole())
        self._minutes.add(second, interval(found), known_share(found))

    def said(self, camera: str, status: CameraStatus) -> None:
        """Take up the state of a camera's lens."""
        k = self._index.get(camera)
        if k is not None:
            with self._lock:
                self._lenses.said(k, status)

    # --- what is asked ---------------------------------------------------------------------------

    def part(self, sites: frozenset[str]) -> Part | None:
        """Which sites `sites` are; None where they are all there are."""
        found = np.array([site.id in sites for site in self.sites], dtype=np.bool_)
        return None if found.all() else found

    def sums(self, only: Part | None = None) -> Sums:
        """Every district now; with `only`, of those sites alone.

        O(districts) for the whole city, O(cameras) for a part of it.
        """
        with self._lock:
            self._advance(round(self._clock.utc() * 1000))
            return self._whole() if only is None else self._by_district(only)

    def _whole(self) -> Sums:
        people, below, below2, above, above2, known = self._of_district.copy()
        fixed, told = self._fixed, self.conditions
        return fixed._replace(
            people=people,
            below=below,
            below_squared=below2,
            above=above,
            above_squared=above2,
            known=known,
            believed=told.believed.copy(),
            faults=told.counts.copy(),
        )

    def _by_district(self, only: Part) -> Sums:
        """All of it summed anew: what a part of the city is, and what the sums must agree with."""
        d = len(self.districts)

        def by_site(values: Ints) -> Ints:
            found = np.zeros(d, dtype=np.int64)
            np.add.at(found, self._district[only], values[only])
            return found

        (people, _, _, known), (below, above) = self._of_site, self._half
        mine = only[self._site]
        bits, of = self.conditions.bits[mine], self._district[self._site[mine]]
        faults = np.stack([np.bincount(of[bits & bit != 0], minlength=d) for bit in BITS.values()])
        return Sums(
            by_site(people),
            by_site(below),
            by_site(below**2),
            by_site(above),
            by_site(above**2),
            by_site(known),
            by_site(self._covered),
            by_site(self._sizes),
            np.bincount(of[bits == 0], minlength=d).astype(np.int64),
            by_site(np.ones(len(self.sites), dtype=np.int64)),
            faults.T.astype(np.int64),
        )

    def hottest(self, most: int, only: Part | None = None) -> list[Hot]:
        """The `most` sites with most people per m² of known ground, the densest first.

        Sites of which nothing is known are left out: they are not cold. One pass over the sites.
        """
        with self._lock:
            (people, _, _, known), half = self._of_site.copy(), self._half.copy()
        density = people / np.maximum(known, 1)
        density[(known == 0) | (~only if only is not None else False)] = -1.0
        most = min(most, len(density))
        best = np.argpartition(-density, most - 1)[:most]
        best = best[np.lexsort((best, -density[best]))]
        scale, found = COUNT_STEP / (1 << SHARE), []
        for k in best[density[best] >= 0].tolist():
            count = float(people[k]) * scale
            low = max(count - float(half[0, k]) * COUNT_STEP, 0.0)
            high = count + float(half[1, k]) * COUNT_STEP
            each = float(density[k]) * scale * AREA
            share = float(known[k]) / max(float(self._covered[k]), 1.0)
            found.append(Hot(k, count, low, high, each, share))
        return found

    def unhealthy(self, most: int, only: Part | None = None) -> list[tuple[int, int, int]]:
        """(camera, bits, since) of the `most` cameras that have not been believed for longest.

        `since` is UTC milliseconds, -1 for since the start.
        """
        told, found = self.conditions, []
        with self._lock:
            for k in told.longest():
                if only is None or only[self._site[k]]:
                    found.append((k, int(told.bits[k]), int(told.since[k])))
                    if len(found) == most:
                        break
        return found

    def site_of(self, camera: int) -> CitySite:
        """The site of a camera, by its number in `cameras`."""
        return self.sites[int(self._site[camera])]

    def lens(self, camera: int) -> LensState | None:
        """The state of a camera's lens, by its number in `cameras`; None: nothing was said."""
        with self._lock:
            return self._lenses.state(camera)

    def lenses(self) -> tuple[dict[str, int], int]:
        """How many lenses are in each state, and how many run unsealed."""
        with self._lock:
            counts = {state.value: n for state, n in self._lenses.counts.items()}
            return counts, self._lenses.unsealed

    def minutes(self) -> list[Minute]:
        """The city's last minutes, the oldest first."""
        with self._lock:
            return self._minutes.last()

    def lag(self) -> float | None:
        """Seconds from the end of an interval until it was durable: the slowest batch lately."""
        with self._lock:
            return self._lag.slowest(self._clock.monotonic())
