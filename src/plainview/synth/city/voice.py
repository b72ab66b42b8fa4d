"""What each camera of a simulated city says in each second, and in the one encoding of it."""

from collections.abc import Sequence
from functools import cache
from itertools import count

import numpy as np
from msgspec import Struct, structs

from plainview.geometry import cells_inside
from plainview.readings import Ints
from plainview.record import (
    COUNT_STEP,
    PLACE_STEP,
    Cell,
    Event,
    EventKind,
    Phase,
    Reading,
    decode,
    encode,
    fit_cells,
)
from plainview.synth import plaza
from plainview.synth.city.measured import SHARES, courses
from plainview.synth.city.shape import City

MINUTE = 60
"""Seconds after which a watched camera's story begins anew."""
DENSE_FOR = 12
"""Seconds of each minute for which its square is too full."""
EVENT_LASTS = 5
"""Seconds between an event's start and its end."""
SELDOM = 20_000
"""Camera-seconds for one event that starts, at the cameras that are not watched."""
CALM, DENSE = 0.4, 6.0
"""people/m² on a watched camera's square; DENSE is past every default threshold of density."""
_KINDS = (EventKind.LEFT_OBJECT, EventKind.ZONE_INTRUSION, EventKind.WRONG_WAY, EventKind.FIRE)
_HEAD = b"\x9e\xcf"
"""MessagePack: an array of 14, and an integer of eight bytes: `t`, the first field of a Reading."""
_HEADS = np.dtype([("head", f"S{len(_HEAD)}"), ("t", ">u8")])
_ZERO = b"\x9e\x00"
_MULTIPLIERS = (2_654_435_761, 40_503, 0x9E37_79B9_7F4A_7C15)
"""Odd and large, so that neighbouring cameras and seconds have nothing in common (Fibonacci
hashing: Knuth, The Art of Computer Programming, volume 3, 6.4)."""
_Y = round(5 / PLACE_STEP)


class Said(Struct, frozen=True, gc=False):
    """A Reading without its time: its other fields, and what follows the time in its encoding."""

    rest: tuple[object, ...]
    tail: bytes


def said(reading: Reading) -> Said:
    """`reading` without its time."""
    data = encode(structs.replace(reading, t=0))
    return Said(structs.astuple(reading)[1:], data[len(_ZERO) :])


class Voice:
    """What `city` says from `base` (UTC milliseconds) on. Pure, but for what it has worked out.

    Each camera goes round the measured seconds of one scene, from a place of its own. The first
    cameras of some sites (`City.probes`) are watched for alerts instead: their square fills up once
    a minute, and somebody lies there.
    """

    def __init__(self, city: City, base: int) -> None:
        """Draw each camera's scene and place in it."""
        self.city, self.base = city, base
        self.names = city.names()
        self.phases = city.phases()
        self._phases = np.array(self.phases, np.int64)
        chance = np.random.default_rng([city.seed, 1])
        kept = courses()
        starts, lengths = [], []
        self._said: list[Said] = []
        for scene in SHARES:
            starts.append(len(self._said))
            lengths.append(len(kept[scene]))
            self._said += [said(reading) for reading in kept[scene]]
        shares = np.array([*SHARES.values()])
        drawn = chance.choice(len(starts), city.cameras, p=shares / shares.sum())
        offsets = chance.integers(0, 1 << 16, city.cameras)
        self._start = np.array(starts)[drawn]
        self._length = np.array(lengths)[drawn]
        self._offset = offsets
        self._tails = [one.tail for one in self._said]
        self._probes = {camera: k for k, camera in enumerate(city.probes())}
        self._numbers = np.arange(city.cameras, dtype=np.uint64) * np.uint64(_MULTIPLIERS[0])
        self._starting: dict[int, frozenset[int]] = {}
        self._happening: dict[int, frozenset[int]] = {}

    def t(self, camera: int, second: int) -> int:
        """UTC milliseconds at which the interval ends."""
        return self.base + 1000 * second + self.phases[camera]

    def speak(self, camera: int, second: int) -> tuple[Reading, bytes]:
        """What the camera says in that second, and its encoding."""
        t = self.base + 1000 * second + self.phases[camera]
        probe = self._probes.get(camera)
        if probe is not None:
            found, events = self._story(probe, second, t)
        else:
            found = self._said[int(self._place(camera, second))]
            events = self._events(camera, second, t) if camera in self._happens(second) else ()
        reading = Reading(t, *found.rest)  # type: ignore[arg-type]  # the fields of a Reading
        if events:
            reading = structs.replace(reading, events=events)
            return reading, encode(reading)
        return reading, _HEAD + t.to_bytes(8, "big") + found.tail

    def speak_many(self, cameras: Sequence[int], second: int) -> list[bytes]:
        """The encodings of what `cameras` say in that second: as `speak`, each, and quickly."""
        which = np.asarray(cameras, np.int64)
        heads = np.empty(len(which), _HEADS)
        heads["head"], heads["t"] = _HEAD, self.base + 1000 * second + self._phases[which]
        packed, step = heads.tobytes(), _HEADS.itemsize
        tails = map(self._tails.__getitem__, self._place(which, second).tolist())
        found = [packed[at : at + step] + tail for at, tail in zip(count(0, step), tails)]
        for camera in self._happens(second) | self._probes.keys():
            for k in np.flatnonzero(which == camera).tolist():
                found[k] = self.speak(camera, second)[1]
        return found

    def _place(self, camera: int | Ints, second: int) -> Ints:
        """Where in `_said` is what `camera`, or each of some, says in that second."""
        turn = (self._offset[camera] + second) % self._length[camera]
        return np.asarray(self._start[camera] + turn, np.int64)

    def between(self, since: int, until: int) -> int:
        """How many Readings have since < t <= until (UTC milliseconds); none is before `base`."""
        phases = np.array(self.phases)
        last = (until - self.base - phases) // 1000
        before = (since - self.base - phases) // 1000
        return int((np.maximum(last, -1) - np.maximum(before, -1)).sum())

    # --- what happens ----------------------------------------------------------------------------

    def _begins(self, second: int) -> frozenset[int]:
        """Cameras at which an event starts in that second: by a hash, so for good."""
        mixed = self._numbers + np.uint64(second * _MULTIPLIERS[1] + self.city.seed)
        mixed ^= mixed >> np.uint64(17)
        mixed *= np.uint64(_MULTIPLIERS[2])
        return frozenset(
            map(int, np.flatnonzero((mixed >> np.uint64(20)) % np.uint64(SELDOM) == 0))
        )

    def _started(self, second: int) -> frozenset[int]:
        if second not in self._starting:
            self._starting = {k: v for k, v in self._starting.items() if abs(k - second) < MINUTE}
            self._starting[second] = self._begins(second) if second >= 0 else frozenset()
        return self._starting[second]

    def _happens(self, second: int) -> frozenset[int]:
        """Cameras at which an event starts or ends in that second."""
        if second not in self._happening:
            started, ended = self._started(second), self._started(second - EVENT_LASTS)
            self._happening = {second: started | ended}
        return self._happening[second]

    def _events(self, camera: int, second: int, t: int) -> tuple[Event, ...]:
        kind = _KINDS[camera % len(_KINDS)]
        found = []
        if camera in self._started(second - EVENT_LASTS):
            found.append(_event(kind, Phase.END, t, 10 * (camera % 30)))
        if camera in self._started(second):
            found.append(_event(kind, Phase.START, t, 10 * (camera % 30)))
        return tuple(found)

    def _story(self, probe: int, second: int, t: int) -> tuple[Said, tuple[Event, ...]]:
        """The minute of a watched camera."""
        since = second - probe if second < probe else (second - probe) % MINUTE
        found = square(DENSE if 1 <= since <= DENSE_FOR else CALM)
        if since == 1:
            return found, (_event(EventKind.PERSON_DOWN, Phase.START, t, 0),)
        if since == 1 + EVENT_LASTS:
            return found, (_event(EventKind.PERSON_DOWN, Phase.END, t, 0),)
        return found, ()

    def fills(self, probe: int, seconds: int) -> list[int]:
        """The seconds in which the square of that watched camera has just filled up."""
        return [*range(probe + 1, seconds, MINUTE)]


def _event(kind: EventKind, phase: Phase, t: int, x: int) -> Event:
    """`x` in `PLACE_STEP` metres."""
    return Event(kind, phase, t, x, _Y, -1, 90)


@cache
def square(density: float) -> Said:
    """A watched camera's square with `density` people/m² everywhere."""
    view = plaza.view(plaza.SOUTH)
    grid = view.grid()
    inside = np.argwhere(cells_inside(grid, view.polygon))
    cells = [Cell(int(ix), int(iy), density, 0.3, 0.0, 0.02) for iy, ix in inside]
    count = round(density * len(cells) * grid.cell**2 / COUNT_STEP)
    doubt = max(count // 20, 8)
    bare = Reading(
        0, 1000, 5, 0, count, max(count - doubt, 0), count + doubt, 8, 1,
        grid.shape[0], (), (), (), (),
    )  # fmt: skip
    return said(decode(fit_cells(bare, cells, grid.shape)))
