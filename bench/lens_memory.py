"""Memory of a lens that measures 1080p: its proportional share (PSS) beside the budget.

    python bench/lens_memory.py [--lenses 4] [--seconds 20] [--view] [--clip FOLDER]

Runs live cameras over an encoded 1080p25 clip that is played over and over, with the real
measurement, and reads /proc/PID/smaps_rollup of each process while they run (proc(5): PSS counts
a page that is shared by n processes as 1/n), many times, since what a lens takes within a frame
comes and goes: the mean of those is what many lenses take together. Lenses are not dumpable, so
this needs root. With `--view` each also draws its redacted view and learns its plate; what that
keeps grows for a day, to the megabytes that are printed beside it. `--clip` takes a clip
of `plainview simulate`, enlarged to 1080p, in place of the bench's own: a dense crowd, whose
estimator keeps more.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from plainview import __version__
from plainview.clock import SystemClock
from plainview.config import load_camera
from plainview.fleet.local import LocalFleet
from plainview.geometry import Calibration, View
from plainview.governance.capability import MEASURING, VIEW
from plainview.governance.fingerprint import fingerprint
from plainview.governance.permit import Grant, Permit, permit_digest, sign_permit
from plainview.ledger.entry import Entry, EntryKind, encode_entry
from plainview.ledger.log import Ledger
from plainview.ledger.note import Signer
from plainview.record import COUNT_STEP, CameraStatus, Reading
from plainview.redacted import MAX_LOOKS
from plainview.vision.encoder import encode_clip
from plainview.vision.optics import optics
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Trust
from plainview.vision.view.learn import MOMENTS, VOTES

LIMIT, AIM, TRIAL = 64.0, 48.0, 45.0
SIZE = (1920, 1080)
MEGABYTE = 1024.0
LOOK = 0.5
"""Seconds between two looks at what lenses have, until all have measured for long enough."""
LOOKS_AFTER, AFTER = 60, 0.17
"""Looks from then on, and seconds between two: no whole part of a frame's."""
DENSE_RATE = 6
"""Frames/s of a rendered packed crowd."""


class Memory(NamedTuple):
    """Of one process, in megabytes."""

    pss: float
    private: float
    shared: float


def memory(pid: int) -> Memory:
    """What smaps_rollup says of `pid`."""
    fields: dict[str, float] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, size, *_ = line.split()
        fields[name.rstrip(":")] = float(size) / MEGABYTE
    private = fields["Private_Clean"] + fields["Private_Dirty"]
    return Memory(fields["Pss"], private, fields["Shared_Clean"] + fields["Shared_Dirty"])


def pictures(count: int) -> Iterator[NDArray[np.uint8]]:
    """A textured floor on which a few people-sized blocks walk."""
    rng = np.random.default_rng(3)
    floor = rng.integers(70, 150, (SIZE[1] // 8, SIZE[0] // 8, 3), np.uint8)
    floor = floor.repeat(8, axis=0).repeat(8, axis=1)
    for number in range(count):
        picture = floor.copy()
        for person in range(12):
            x = (150 * person + 6 * number) % (SIZE[0] - 60)
            y = 200 + 60 * person
            picture[y : y + 150, x : x + 50] = 30
        yield picture


def view() -> View:
    """A camera 8 m up that looks down a plaza at 35 degrees."""
    focal, tilt, height = 1400.0, np.radians(35), 8.0
    right = np.array([1.0, 0.0, 0.0])
    down = np.array([0.0, -np.sin(tilt), -np.cos(tilt)])
    ahead = np.array([0.0, np.cos(tilt), -np.sin(tilt)])
    camera = np.array([[focal, 0, 959.5], [0, focal, 539.5], [0, 0, 1]])
    turn = np.stack((right, down, ahead))
    projection = camera @ np.column_stack((turn, -turn @ np.array([0.0, 0.0, height])))
    rows = tuple(tuple(float(v) for v in row) for row in projection)
    return View(
        calibration=Calibration(SIZE, rows),  # type: ignore[arg-type]
        polygon=((-8.0, 6.0), (8.0, 6.0), (12.0, 25.0), (-12.0, 25.0)),
    )


def enlarged(video: Path) -> Iterator[NDArray[np.uint8]]:
    """The pictures of `video`, of SIZE."""
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            picture = cv2.resize(frame.to_ndarray(format="rgb24"), SIZE)
            yield np.asarray(picture, dtype=np.uint8)


def grants(
    state: Path, tap: TapSpec, lens: LensSpec, lenses: int
) -> tuple[Trust, dict[str, Grant]]:
    """Permission for so many cameras of one view, from an authority and a ledger made for it."""
    cameras = [f"camera-{number}" for number in range(lenses)]
    needs = (*MEASURING, *([VIEW] if lens.picture else []))
    seen = fingerprint(tap.source, lens.view)
    authority = Signer.generate("bench.invalid")
    note = sign_permit(
        Permit(
            id="bench@1",
            assessment="a" * 64,
            aims=("bench",),
            capabilities=dict.fromkeys(needs, tuple(cameras)),
            cameras=dict.fromkeys(cameras, seen),
            begins=0,
            ends=round((time.time() + 86_400) * 1000),
            software=__version__,
        ),
        authority,
    )
    granted = {}
    with Ledger(state, clock=SystemClock()) as ledger:
        for camera in cameras:
            entry = Entry(
                t=round(time.time() * 1000),
                kind=EntryKind.CAMERA_STARTED,
                subject=f"camera:{camera}",
                detail={
                    "permit": permit_digest(note),
                    "fingerprint": seen,
                    "capabilities": list(needs),
                },
            )
            (place,) = ledger.append([entry])
            granted[camera] = Grant(note, encode_entry(entry), ledger.proof(place))
        return Trust(authority=authority.vkey, ledger=ledger.vkey), granted


def run(
    lenses: int, seconds: float, *, picture: bool = False, of: Path | None = None
) -> list[tuple[str, list[Memory]]]:
    """(kind of process, memory of each) after every camera has measured for `seconds`.

    They see the bench's own clip, or that in the folder `of`.
    """
    heard: dict[str, int] = {}
    counts: dict[str, float] = {}
    enough = threading.Event()

    def reading(camera: str, told: Reading) -> None:
        heard[camera] = heard.get(camera, 0) + 1
        counts[camera] = max(counts.get(camera, 0.0), told.count * COUNT_STEP)
        if len(heard) == lenses and min(heard.values()) >= seconds:
            enough.set()

    def status(camera: str, told: CameraStatus) -> None:
        if told.restarts:
            print(f"{camera}: {told.note}", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "plaza.mp4"
        if of is None:
            encode_clip(pictures(75), clip, 25, bitrate=4_000_000)
            seen = view()
        else:
            encode_clip(enlarged(of / "video.mp4"), clip, DENSE_RATE, bitrate=4_000_000)
            seen = load_camera(of / "camera.toml").view
        tap = TapSpec(source=str(clip), live=True, loop=True)
        lens = LensSpec(view=seen, picture=picture)
        trust, granted = grants(Path(folder), tap, lens, lenses)
        with LocalFleet(
            on_reading=reading, on_status=status, on_plate=lambda *_: None, trust=trust
        ) as fleet:
            for camera, grant in granted.items():
                fleet.start(camera, tap, lens, grant)
            most = 0.0
            for _ in range(round((10 * seconds + 60) / LOOK)):
                if enough.wait(LOOK):
                    break
                most = max([most, *(memory(pid).pss for pid in fleet.processes()["lens"])])
            else:
                raise SystemExit(f"not every camera measured; heard {heard}")
            print(f"a lens had {most:.1f} MB at most, at its start included")
            print(f"{len(heard)} cameras measured, {min(heard.values())} Readings each at least")
            print(f"people counted at most: {', '.join(f'{n:.0f}' for n in counts.values())}")
            return watched(fleet.processes())


def watched(processes: dict[str, list[int]]) -> list[tuple[str, list[Memory]]]:
    """(kind of process, mean of what each has), over LOOKS_AFTER looks."""
    looks: dict[int, list[Memory]] = {pid: [] for each in processes.values() for pid in each}
    for _ in range(LOOKS_AFTER):
        for pid, found in looks.items():
            found.append(memory(pid))
        time.sleep(AFTER)
    highest = max(one.pss for pid in processes["lens"] for one in looks[pid])
    print(f"a lens had {highest:.1f} MB at most in the {LOOKS_AFTER} looks that follow")
    means = {
        pid: Memory(*(sum(part) / len(found) for part in zip(*found, strict=True)))
        for pid, found in looks.items()
    }
    return [(kind, [means[pid] for pid in processes[kind]]) for kind in ("lens", "tap", "zygote")]


def main() -> int:
    """Print the table; 0 if the lens keeps its budget."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lenses", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--view", action="store_true", help="draw the redacted view too")
    parser.add_argument("--clip", type=Path, help="folder of video.mp4 and camera.toml")
    arguments = parser.parse_args()
    try:
        table = run(arguments.lenses, arguments.seconds, picture=arguments.view, of=arguments.clip)
    except PermissionError:
        print("a lens cannot be looked into by its own user; run this as root", file=sys.stderr)
        return 1
    print(f"{'process':<10}{'n':>3}{'PSS MB':>9}{'most':>8}{'private':>9}{'shared':>9}")
    for kind, each in table:
        mean = [sum(column) / len(each) for column in zip(*each, strict=True)]
        most = max(m.pss for m in each)
        print(f"{kind:<10}{len(each):>3}{mean[0]:>9.1f}{most:>8.1f}{mean[1]:>9.1f}{mean[2]:>9.1f}")
    worst = max(m.pss for m in table[0][1])
    print(f"a lens at 1080p: {worst:.1f} MB; limit {LIMIT:g}, aim {AIM:g}, forked trial {TRIAL:g}")
    if arguments.view:
        grown = growth()
        worst += grown
        print(f"its view's plate, once all is learned: {grown:.1f} MB more, {worst:.1f} MB in all")
    return 0 if worst <= LIMIT else 1


def growth() -> float:
    """Megabytes by which a view's learner grows to its last vote, with the looks of a day."""
    width, height = optics(view(), *SIZE).size
    minutes = (VOTES + MOMENTS) * width * height * (1 + 1 / 8)
    return (minutes + MAX_LOOKS) / 1e6


if __name__ == "__main__":
    sys.exit(main())
