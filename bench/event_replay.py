"""Detectors of events alone, on what the lens has seen of rendered scenes before.

    python bench/event_replay.py keep SEEN CLIPS... [--until S]
    python bench/event_replay.py look SEEN... [--kind KIND]... [--since S] [--until S]

A scene is measured in tens of seconds, most of which go to decoding and to what is measured anyway.
Whoever works on a detector `keep`s once what the lens gives it, in one file for each folder of
CLIPS that `plainview evaluate events --keep` or `bench/ordinary.py draw` drew (about 1 MB for a
second), and then lets detectors `look` at it alone, 5 to 25 s of CPU for ten minutes. `look` prints
what each scene's detectors told, judged as `plainview evaluate events` does, and its table. What
the lens itself sees differently afterwards needs to be kept anew.
"""

import argparse
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import av
import cv2
import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from job import run
from plainview.app.specs import clip_specs
from plainview.config import load_camera
from plainview.errors import InputError
from plainview.evaluate.event_table import event_report
from plainview.evaluate.event_truth import read_event_truth
from plainview.evaluate.events import Judged, Told, judge, paired
from plainview.geometry import View
from plainview.record import PLACE_STEP, Event, EventKind, Phase
from plainview.synth.events.suite import KINDS
from plainview.vision.bodies import Bodies
from plainview.vision.decoder import chroma, luma
from plainview.vision.events.clear import Clear
from plainview.vision.events.eyes import MOVING, Eyes, detectors, movers
from plainview.vision.events.hours import OpenHours
from plainview.vision.events.seen import Seen
from plainview.vision.measure import Measurer
from plainview.vision.optics import optics
from plainview.vision.plate import Plate
from plainview.vision.spec import LensSpec

RATE: Final = 5.0
"""Frames that the lens analyses in a second."""
_LENGTH: Final = struct.Struct("<I")


class Plane(Struct, frozen=True):
    """An array, deflated."""

    shape: tuple[int, ...]
    dtype: str
    data: bytes


class Kept(Struct, frozen=True):
    """One `Seen`; the plate's planes where they differ from those before."""

    t: float
    dt: float
    trusted: bool
    hazy: bool
    luma: Plane
    background: Plane
    evidence: Plane
    mask: Plane
    bodies: tuple[Plane, ...]
    chroma: Plane | None
    anew: bool
    """Whether the plate was learned anew, rather than followed."""
    plate: Plane | None
    noise: Plane | None
    veil: float = 0.0
    tinted: Plane | None = None


class Head(Struct, frozen=True):
    """What a file of kept looks begins with."""

    scene: str
    """Absolute path of the folder that has video, camera and truth."""
    size: tuple[int, int]


def _flat(array: NDArray[np.generic]) -> Plane:
    return Plane(array.shape, array.dtype.str, zlib.compress(array.tobytes(), 1))


def _full(plane: Plane) -> NDArray[Any]:
    return np.frombuffer(zlib.decompress(plane.data), plane.dtype).reshape(plane.shape)


def _write(file: BinaryIO, what: Struct) -> None:
    data = msgspec.msgpack.encode(what)
    file.write(_LENGTH.pack(len(data)) + data)


def _read(file: BinaryIO) -> Iterator[bytes]:
    while head := file.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(head)
        data = file.read(length)
        if len(data) < length:
            raise InputError("this file is cut short", where=file.name, mend="Keep it anew")
        yield data


class Recorder(Eyes):
    """Eyes that look at nothing, and write what they were given."""

    def __init__(self, file: BinaryIO) -> None:
        """`file` gets one Kept for each frame."""
        super().__init__(())
        self._file = file
        self._plate: Plate | None = None
        self._planes: dict[str, NDArray[np.generic]] = {}

    def __bool__(self) -> bool:
        """Always: each frame is wanted."""
        return True

    def frame(self, seen: Seen) -> None:
        """Write one frame."""
        anew, self._plate = seen.plate is not self._plate, seen.plate
        _write(self._file, Kept(
            seen.t, seen.dt, seen.trusted, seen.hazy,
            _flat(seen.luma), _flat(seen.background), _flat(seen.evidence.astype(np.float16)),
            _flat(seen.mask), tuple(_flat(part) for part in seen.bodies),
            None if seen.chroma is None else _flat(seen.chroma),
            anew, self._new("plate", seen.plate.luma), self._new("noise", seen.plate.noise),
            seen.veil,
            None if seen.tinted is None else _flat(seen.tinted),
        ))  # fmt: skip

    def _new(self, name: str, array: NDArray[np.generic]) -> Plane | None:
        before = self._planes.get(name)
        if before is not None and np.array_equal(before, array):
            return None
        self._planes[name] = array.copy()
        return _flat(array)


class Keeper(Measurer):
    """A measurement that keeps what it would show to detectors."""

    def __init__(self, spec: LensSpec, file: BinaryIO) -> None:
        """Measure as `spec` says; `file` gets what is shown."""
        super().__init__(spec)
        self._file = file

    def _resize(self, width: int, height: int) -> None:
        super()._resize(width, height)
        self._eyes = Recorder(self._file)


def keep(folder: Path, into: Path, until: float) -> Path:
    """Measure the scene in `folder` for `until` seconds; the file in `into` with its looks."""
    camera, video = load_camera(folder / "camera.toml"), folder / "video.mp4"
    _, spec = clip_specs(camera, str(video))
    into.mkdir(parents=True, exist_ok=True)
    path = into / f"{folder.name}.seen"
    part = path.with_suffix(".part")
    with av.open(str(video)) as film, part.open("wb") as file:
        stream = film.streams.video[0]
        _write(file, Head(str(folder.resolve()), (stream.width, stream.height)))
        keeper = Keeper(spec, file)
        rate = camera.frame_rate or float(stream.average_rate or RATE)
        every = max(round(rate / spec.rate), 1)
        for k, frame in enumerate(film.decode(stream)):
            if k / rate > until:
                break
            if k % every == 0:
                plane, colour = np.ascontiguousarray(luma(frame)), chroma(frame)
                keeper.frame(plane, k / rate, key=bool(frame.key_frame), chroma=colour)
        keeper.finish()
    part.rename(path)
    return path


def head_of(path: Path) -> Head:
    """What the file `path` begins with. Raises InputError where it is none."""
    try:
        with path.open("rb") as file:
            return msgspec.msgpack.decode(next(_read(file)), type=Head)
    except (OSError, StopIteration, msgspec.MsgspecError) as error:
        raise InputError("these are no kept looks", where=str(path), mend="Keep them") from error


def seen_in(path: Path) -> Iterator[Seen]:
    """What was kept in `path`, look by look; evidence to half precision."""
    plate: Plate | None = None
    with path.open("rb") as file:
        looks = _read(file)
        next(looks)
        for data in looks:
            one = msgspec.msgpack.decode(data, type=Kept)
            plate = _plate(plate, one)
            yield Seen(
                t=one.t,
                dt=one.dt,
                luma=_full(one.luma),
                chroma=None if one.chroma is None else _full(one.chroma),
                background=_full(one.background),
                evidence=_full(one.evidence).astype(np.float32),
                mask=_full(one.mask),
                bodies=Bodies(*(_full(part) for part in one.bodies)),
                plate=plate,
                trusted=one.trusted,
                hazy=one.hazy,
                veil=one.veil,
                tinted=None if one.tinted is None else _full(one.tinted),
            )


def _plate(before: Plate | None, one: Kept) -> Plate:
    """The plate of this look: the one `before`, followed, or another."""
    if one.plate is None or one.noise is None:
        if before is None:
            raise InputError("these looks begin without a plate", mend="Keep them anew")
        mean = before.luma if one.plate is None else _full(one.plate)
        noise = before.noise if one.noise is None else _full(one.noise)
    else:
        mean, noise = _full(one.plate), _full(one.noise)
    now = Plate(mean, noise)
    if before is None or one.anew:
        return now
    if one.plate is not None or one.noise is not None:
        before.keep(now, np.ones(mean.shape, np.bool_))
    return before


def told_in(path: Path, kinds: Sequence[EventKind], since: float, until: float) -> list[Told]:
    """What detectors of `kinds` tell of the looks in `path` from `since` to `until` seconds."""
    head = head_of(path)
    view = load_camera(Path(head.scene) / "camera.toml").view
    seen_by = optics(view, *head.size)
    follow = movers(view, seen_by) if set(kinds) & set(MOVING) else None
    eyes = Eyes(
        detectors(view, seen_by, kinds, OpenHours(view.zones, live=False)),
        follow=follow,
        clear=Clear(seen_by.projection),
    )
    events: list[Event] = []
    for seen in seen_in(path):
        if since <= seen.t <= until:
            eyes.frame(seen)
            events += eyes.take()
    events = sorted([*events, *eyes.finish()], key=lambda one: (one.t, one.phase is Phase.END))
    return paired((_mark(event, view), event.phase) for event in events)


def _mark(event: Event, view: View) -> Told:
    return Told(
        event.kind,
        event.t / 1000,
        None,
        (event.x * PLACE_STEP, event.y * PLACE_STEP),
        view.zones[event.zone].name if event.zone >= 0 else None,
        event.confidence / 100,
    )


def look(path: Path, kinds: Sequence[EventKind], since: float, until: float) -> list[Judged]:
    """What was told of `path`, judged; one line for each event is printed."""
    truth = read_event_truth(Path(head_of(path).scene) / "events.json")
    told = told_in(path, kinds, since, until)
    judged = [judge(told, truth, kind) for kind in kinds if kind in truth.judged]
    for one in judged:
        for event, verdict in one.told:
            print(
                f"{path.stem}: {verdict} {event.kind} at {event.start:.1f} s "
                f"({event.at[0]:.1f}, {event.at[1]:.1f}) m, {event.confidence:.2f}"
            )
        for true, delay in one.found:
            if delay is None:
                print(f"{path.stem}: MISSED {true.kind} of {true.start:.1f} s")
    return judged


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    several = parser.add_subparsers(dest="do")
    keeps = several.add_parser("keep")
    keeps.add_argument("into", type=Path, help="gets a file for each scene, SCENE.seen")
    keeps.add_argument("clips", type=Path, nargs="+", help="folders of scenes")
    looks = several.add_parser("look")
    looks.add_argument("seen", type=Path, nargs="+", help="files that 'keep' wrote")
    looks.add_argument("--kind", action="append", choices=KINDS)
    looks.add_argument("--since", type=float, default=0.0)
    for one in (keeps, looks):
        one.add_argument("--until", type=float, default=1e9)
    return parser.parse_args()


def main() -> None:
    """Do what is asked."""
    asked = _arguments()
    cv2.setNumThreads(1)
    if asked.do == "keep":
        for folder in asked.clips:
            print(keep(folder, asked.into, asked.until), flush=True)
    elif asked.do == "look":
        kinds = [EventKind(kind) for kind in asked.kind or KINDS]
        ones = [look(path, kinds, asked.since, asked.until) for path in asked.seen]
        print(event_report([judged for one in ones for judged in one]))
    else:
        print("Say 'keep SEEN CLIPS...', then 'look SEEN...': see --help.")


if __name__ == "__main__":
    sys.exit(run(main))
