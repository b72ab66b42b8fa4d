"""How long a camera runs on after it may not: stop switch, revocation, changed view, lapse.

    python bench/suspend.py [--trials 20] [--only stop,hung,order,...]

Runs the real parts (`app.running.Running`) over clips that are played over and over, and measures
from the deed to the moment at which the last tap and lens that it concerns is gone, as the kernel
tells of it (pidfd_open(2)). Revocations come from a second process's view of the ledger, as from
the command line. A moved camera is a clip whose picture moves while it plays; that line counts the
health check's own time too. The lines of a centre's orders run a centre and a site beside each
other, over two real NATS servers as `plainview deploy nats` has them, the site's a leaf.
"""

import argparse
import contextlib
import logging
import os
import select
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import structlog
from msgspec import structs
from numpy.typing import NDArray

from plainview import __version__
from plainview.app import cities, demonstration
from plainview.app.running import Running
from plainview.clock import SystemClock
from plainview.config import load_city
from plainview.fleet.local import LocalFleet
from plainview.governance import approving
from plainview.governance.capability import MEASURING
from plainview.governance.office import Office
from plainview.governance.permit import Permit, permit_digest, sign_permit
from plainview.governance.person import Person, Role
from plainview.ledger.entry import EntryKind
from plainview.vision.encoder import encode_clip

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from tests.servers.deployed import City  # noqa: E402 - found just now

STOP, SUSPEND = 5.0, 60.0
"""Limits in seconds: the stop switch, and all that suspends."""
CAMERAS = 4
STILL = 15.0
"""Seconds of the second clip before its picture moves."""
PATIENCE = 120.0
OPERATOR = Person("bench operator", Role.OPERATOR)
SUPERVISOR = Person("bench supervisor", Role.SUPERVISOR)
ADMINISTRATOR = Person("bench administrator", Role.ADMINISTRATOR)
CAMERA = """\
id = "c0"
source = "{clip}"
loop = true
every = 0.5
[calibration]
image_size = [320, 240]
projection = [[200.0, -160.0, 0.0, 1600.0], [0.0, -120.0, -200.0, 2200.0], [0.0, -1.0, 0.0, 10.0]]
[area]
polygon = [[-3.0, -2.0], [3.0, -2.0], [3.0, {far}], [-3.0, 3.0]]
"""
_tick = threading.Event()


def pictures(seconds: float, moved: float | None = None) -> Iterator[NDArray[np.uint8]]:
    """A plaza's ground at 10 frames/s on which a block walks; its picture moves at `moved` s."""
    rng = np.random.default_rng(1)
    ground = rng.integers(40, 200, (30, 44, 3), np.uint8).repeat(10, axis=0).repeat(10, axis=1)
    for number in range(round(seconds * 10)):
        off = 60 if moved is not None and number >= moved * 10 else 0
        picture = ground[off // 2 : off // 2 + 240, off : off + 320].copy()
        x = 5 * number % 300
        picture[90:130, x : x + 14] = 230
        yield picture


class Bench:
    """Owns a running city of the bench's own and the thread that looks at its files."""

    def __init__(
        self,
        folder: Path,
        cameras: int,
        clip: Iterator[NDArray[np.uint8]],
        *,
        stored: Callable[[], int] | None = None,
        **changes: object,
    ) -> None:
        """Write the city into `folder` and start it; wait until every camera measures.

        `changes` to what the file says; `stored`: how many Readings are, where that is elsewhere.
        """
        self._stored = stored or self._stored_here
        self.running: Running
        self._folder = folder
        encode_clip(clip, folder / "clip.mp4", 10, gop=10)
        self.names: list[str] = [f"c{number}" for number in range(cameras)]
        files = []
        for name in self.names:
            self.write(name)
            files.append(f'[[sites.cameras]]\nfile = "{name}.toml"\nid = "{name}"\n')
        city = folder / "city.toml"
        city.write_text(f'[[sites]]\nid = "site"\nlocation = [0.0, 0.0]\n{"".join(files)}')
        # As the demonstration, which grants itself: nobody is in these clips.
        found = structs.replace(load_city(city), simulated=True, port=0, **changes)
        self.running = Running(found, folder / "state", SystemClock())
        self.office = self.running.office
        self._configured = cities.configured(found)
        self._end = threading.Event()
        self._looks = threading.Thread(target=self._look)
        self._looks.start()
        self.running.start_cameras()
        self.measured(self.names)

    def _stored_here(self) -> int:
        return self.running.intake.stats().stored

    def _look(self) -> None:
        while not self._end.wait(0.25):  # as app.run does
            self.running.look()

    def write(self, name: str, far: float = 3.0) -> None:
        """Write a camera's file; `far` changes what it sees."""
        text = CAMERA.format(clip="clip.mp4", far=far)
        fresh = self._folder / ".new"
        fresh.write_text(text)
        fresh.replace(self._folder / f"{name}.toml")

    def grant(self) -> str:
        """Have the demonstration's permit granted anew; its id."""
        demonstration.approve(self.office, self._configured)
        return max(self.office.standing().permits.values(), key=lambda record: record.index).id

    def pids(self, name: str) -> tuple[int, int] | None:
        """Lens and tap of a camera while it runs."""
        fleet = cast(LocalFleet, self.running._fleet)  # noqa: SLF001 - what else knows which is whose
        return fleet.running().get(name)

    def measured(self, names: list[str]) -> None:
        """Wait until these cameras run, and have told something after that."""
        late = time.monotonic() + PATIENCE
        while not all(map(self.pids, names)):
            if time.monotonic() > late:
                raise SystemExit(f"not started: {self.running.governor.states()}")
            _tick.wait(0.05)
        before = self._stored()
        while self._stored() < before + 2 * len(names):
            _tick.wait(0.05)

    @contextlib.contextmanager
    def watched(self, names: list[str]) -> Iterator[Callable[[], float]]:
        """Gives what waits until all of these cameras' processes are gone: the UTC of that."""
        with contextlib.ExitStack() as stack:
            fds = []
            for pid in [pid for name in names for pid in self.pids(name) or ()]:
                fd = os.pidfd_open(pid)
                stack.callback(os.close, fd)
                fds.append(fd)

            def gone() -> float:
                late = time.monotonic() + PATIENCE
                for fd in fds:
                    if not select.select([fd], [], [], max(late - time.monotonic(), 0))[0]:
                        raise SystemExit(f"still there: {self.running.governor.states()}")
                return time.time()

            yield gone

    def after(self, names: list[str], deed: Callable[[], object]) -> float:
        """Seconds from the beginning of `deed` until the cameras' processes are gone."""
        with self.watched(names) as gone:
            begun = time.time()
            deed()
            return gone() - begun

    def close(self) -> None:
        """Stop it."""
        self._end.set()
        self._looks.join()
        self.running.__exit__()


def stop(bench: Bench, scope: str, names: list[str]) -> float:
    """Press the stop switch of `scope`, then have two people start it again."""
    took = bench.after(names, lambda: bench.running.desk.press_stop(OPERATOR, scope, "bench"))
    for person in (SUPERVISOR, ADMINISTRATOR):
        bench.running.desk.lift_stop(person, scope, "bench")
    bench.measured(bench.names)
    return took


def hung(bench: Bench) -> float:
    """The same while the process that forks hangs."""
    os.kill(bench.running._fleet.processes()["zygote"][0], signal.SIGSTOP)  # noqa: SLF001 - to break it
    return stop(bench, "camera:c0", ["c0"])


def revoke(bench: Bench) -> float:
    """Revoke the permit through another open office on the same folder, then grant a new one."""
    permit = bench.grant()
    with Office(bench.running.office.ledger.state, SystemClock()) as other:
        took = bench.after(
            bench.names, lambda: approving.revoke(other, ADMINISTRATOR, permit, "bench")
        )
    bench.grant()
    bench.measured(bench.names)
    return took


def change(bench: Bench) -> float:
    """Change a camera's area in its file, then put it back."""
    took = bench.after(["c0"], lambda: bench.write("c0", far=2.5))
    bench.write("c0")
    bench.measured(["c0"])
    return took


def lapse(bench: Bench) -> float:
    """A permit that ends in some seconds, and no other."""
    office = bench.office
    ends = office.now() + 3000
    seen = {name: camera.seen.fingerprint for name, camera in bench._configured.items()}  # noqa: SLF001 - its own
    note = sign_permit(
        Permit(
            id=f"lapse@{ends}",
            assessment="a" * 64,
            aims=("bench",),
            capabilities=dict.fromkeys(MEASURING, tuple(seen)),
            cameras=seen,
            begins=0,
            ends=ends,
            software=__version__,
            simulated=True,
        ),
        office.authority,
    )
    office.documents.put(note.encode())
    office.record(
        office.entry(
            EntryKind.PERMIT_GRANTED,
            f"permit:lapse@{ends}",
            permit=permit_digest(note),
            assessment="a" * 64,
            capabilities=sorted(MEASURING),
            cameras=len(seen),
            begins=0,
            ends=ends,
            simulated=1,
        )
    )
    bench.measured(bench.names)
    with bench.watched(bench.names) as gone:
        return gone() - ends / 1000


def moved(folder: Path, trials: int) -> list[float]:
    """As many cameras as trials, whose pictures all move: seconds until each is gone."""
    bench = Bench(folder, trials, pictures(STILL + 45, STILL))
    try:
        with contextlib.ExitStack() as stack:
            waits = [stack.enter_context(bench.watched([name])) for name in bench.names]
            begun = {
                entry.subject.removeprefix("camera:"): entry.t / 1000
                for _, entry in bench.office.ledger.entries()
                if entry.kind is EntryKind.CAMERA_STARTED
            }
            ends: dict[str, float] = {}
            threads = [
                threading.Thread(target=lambda n=name, w=wait: ends.update({n: w()}))
                for name, wait in zip(bench.names, waits, strict=True)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        states = {camera.state for camera in bench.running.governor.states().values()}
        if states != {"suspended"}:
            raise SystemExit(f"not suspended: {states}")
        return [ends[name] - begun[name] - STILL for name in bench.names]
    finally:
        bench.close()


ORDERS = (
    ("stop ordered by the centre", STOP),
    ("the same, until the centre knows", STOP),
    ("the same, cut off, after the link's return", STOP),
)


def orders(folder: Path, trials: int) -> list[list[float]]:
    """Seconds until all of a site's cameras are gone, and until the centre knows, after a press.

    And where the centre's server was gone when it was pressed: from when that listens again.
    """
    (folder / "clip.mp4").touch()
    (folder / "c0.toml").write_text(CAMERA.format(clip="clip.mp4", far=3.0))
    (folder / "deployed.toml").write_text(
        '[[sites]]\nid = "site"\nlocation = [0.0, 0.0]\ncameras = [{ file = "c0.toml" }]\n'
    )
    servers = City(folder / "nats", folder / "deployed.toml", site="site", reconnect="1s")
    with contextlib.ExitStack() as stack:
        stack.callback(servers.close)
        with Office(folder / "centre", SystemClock()) as office:
            key = office.authority.verifier
        site = folder / "site"
        site.mkdir()
        running: list[Running] = []

        def stored() -> int:
            return running[0].intake.stats().stored if running else 0

        def begin() -> int:
            """Start the centre, whose file is there once the site's is written."""
            if not running:
                city = structs.replace(
                    load_city(site / "city.toml"),
                    simulated=True,
                    port=0,
                    role="centre",
                    bus=servers.intake_url,
                )
                centre = Running(city, folder / "centre", SystemClock())
                running.append(stack.enter_context(centre))
            return stored()

        bench = Bench(
            site,
            CAMERAS,
            pictures(20),
            stored=begin,
            role="site",
            bus=servers.site_url,
            obeys=key,
        )
        stack.callback(bench.close)
        found: list[list[float]] = [[], [], []]
        for _ in range(trials):
            begun = time.time()
            found[0].append(bench.after(bench.names, lambda: ordered(running[0])))
            confirmed(running[0])
            found[1].append(time.time() - begun)
            lifted(bench, running[0])
            with bench.watched(bench.names) as gone:
                servers.centre.kill()
                ordered(running[0])
                servers.centre.start()
                back = time.time()
                found[2].append(gone() - back)
            confirmed(running[0])
            lifted(bench, running[0])
    return found


def ordered(centre: Running) -> None:
    """Press the city's stop switch at the centre."""
    centre.desk.press_stop(OPERATOR, "city", "bench")


def confirmed(centre: Running) -> None:
    """Wait until the centre knows that all of it stopped."""
    while not all(stop.order and stop.order.confirmed == 1 for stop in centre.desk.stops()):
        _tick.wait(0.01)


def lifted(bench: Bench, centre: Running) -> None:
    """Two people at the centre take the order back, two at the site start the cameras again."""
    for desk in (centre.desk, bench.running.desk):
        for person in (SUPERVISOR, ADMINISTRATOR):
            desk.lift_stop(person, "city", "bench")
    bench.measured(bench.names)


ROWS: dict[str, tuple[str, float, Callable[[Bench], float]]] = {
    "stop": ("stop switch of one camera", STOP, lambda b: stop(b, "camera:c0", ["c0"])),
    "city": ("stop switch of the city", STOP, lambda b: stop(b, "city", b.names)),
    "capability": (
        "stop switch of a capability",
        STOP,
        lambda b: stop(b, "capability:count", b.names),
    ),
    "hung": ("stop switch, the forking process hung", STOP, hung),
    "revoke": ("permit revoked by another process", SUSPEND, revoke),
    "change": ("view changed in the camera's file", SUSPEND, change),
    "lapse": ("permit lapsed (after its end)", SUSPEND, lapse),
}


def main() -> int:
    """Print the table; 0 if every worst case keeps its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--only", default=",".join([*ROWS, "order", "moved"]))
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wanted = arguments.only.split(",")
    table: list[tuple[str, float, list[float]]] = []
    with tempfile.TemporaryDirectory() as folder:
        if set(wanted) & set(ROWS):
            (Path(folder) / "still").mkdir()
            bench = Bench(Path(folder) / "still", CAMERAS, pictures(20))
            try:
                for name, (what, limit, deed) in ROWS.items():
                    if name == "lapse" and name in wanted:
                        approving.revoke(bench.office, ADMINISTRATOR, bench.grant(), "bench")
                    if name in wanted:
                        took = [deed(bench) for _ in range(arguments.trials)]
                        table.append((what, limit, took))
            finally:
                bench.close()
        if "order" in wanted:
            (Path(folder) / "order").mkdir()
            took_each = orders(Path(folder) / "order", arguments.trials)
            table += [(*row, took) for row, took in zip(ORDERS, took_each, strict=True)]
        if "moved" in wanted:
            (Path(folder) / "moved").mkdir()
            took = moved(Path(folder) / "moved", arguments.trials)
            table.append(("picture moved (health)", SUSPEND, took))
    head = ("seconds until the last process is gone", "n", "median", "worst", "limit")
    print(f"{head[0]:<42}{head[1]:>4}{head[2]:>9}{head[3]:>8}{head[4]:>7}")
    kept = True
    for what, limit, took in table:
        kept &= max(took) <= limit
        middle = statistics.median(took)
        print(f"{what:<42}{len(took):>4}{middle:>9.2f}{max(took):>8.2f}{limit:>7g}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
