"""Two sites with scripted Readings over a real store."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from plainview.clock import Clock, ManualClock, SystemClock
from plainview.geometry import Calibration, Line, Point, View
from plainview.record import (
    COUNT_STEP,
    CROSSING_STEP,
    CameraStatus,
    Cell,
    Health,
    LensState,
    Reading,
    Stamped,
    pack_cells,
)
from plainview.store import Store, open_store
from plainview.web.views import CameraView, SiteView

Person = tuple[float, float, float, float]
"""x, y (m), vx, vy (m/s)"""


def looking(place: tuple[float, float, float], at: Point, *, focal: float = 700.0) -> Calibration:
    """A 1280 x 720 camera at `place` (m) that looks at the ground point `at`."""
    eye = np.array(place)
    forward = np.array((*at, 0.0)) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    turn = np.stack((right, np.cross(forward, right), forward))
    inner = np.array([[focal, 0, 639.5], [0, focal, 359.5], [0, 0, 1]])
    matrix = inner @ np.column_stack((turn, -turn @ eye))
    rows = tuple(tuple(float(v) for v in row) for row in matrix)
    return Calibration(image_size=(1280, 720), projection=rows)  # type: ignore[arg-type]


NORTH = View(
    calibration=looking((0, -14, 9), (0, 4)),
    polygon=((-12, -4), (12, -4), (12, 10), (-12, 10)),
    lines=(Line("North gate", (4, 8), (-4, 8)), Line("Tram stop", (-10, -2), (-10, 8))),
)
SOUTH = View(
    calibration=looking((0, 34, 9), (0, 14)),
    polygon=((-12, 8), (12, 8), (12, 22), (-12, 22)),
)
QUAY = View(calibration=looking((-12, 0, 6), (2, 0)), polygon=((-6, -5), (8, -5), (8, 5), (-6, 5)))

PLAZA = SiteView(
    id="plaza",
    name="Station plaza",
    longitude=4.8357,
    latitude=45.7640,
    bearing=20.0,
    cameras=(
        CameraView("plaza-north", NORTH, "Plaza north"),
        CameraView("plaza-south", SOUTH, "Plaza south"),
    ),
    # As everywhere in these tests nobody exists, and so the numbers are public. What is not is
    # the matter of tests/web/access.
    simulated=True,
)
HARBOUR = SiteView(
    id="quay",
    name="Harbour quay",
    longitude=4.8200,
    latitude=45.7500,
    cameras=(CameraView("quay-east", QUAY),),
    simulated=True,
)
SITES = (PLAZA, HARBOUR)
RUNNING = CameraStatus(
    t=0,
    state=LensState.RUNNING,
    sealed=True,
    connected=True,
    restarts=0,
    reconnects=0,
    late=0,
    refused=0,
    plate="learned",
)


class World:
    """Scripted cameras: says Readings and statuses into a store, at the clock's present."""

    def __init__(self, clock: Clock, store: Store, *, span: int = 1000) -> None:
        """Say into `store`; a Reading's interval is `span` milliseconds."""
        self.clock = clock
        self.store = store
        self.span = span
        self.views = {camera.id: camera.view for site in SITES for camera in site.cameras}

    def now(self) -> int:
        """UTC milliseconds."""
        return round(self.clock.utc() * 1000)

    def reading(
        self,
        camera: str,
        people: Iterable[Person] = (),
        *,
        spread: float = 2.0,
        health: tuple[Health, ...] = (),
        crossings: tuple[tuple[float, float], ...] = (),
        t: int | None = None,
        coarse: int = 1,
    ) -> Reading:
        """A Reading of `camera` that holds `people`, its interval `spread` to each side."""
        grid = self.views[camera].grid()
        side = grid.cell * coarse
        nx = -(-grid.shape[0] // coarse)
        cells: dict[tuple[int, int], list[Person]] = {}
        for person in people:
            ix = math.floor((person[0] - grid.origin[0]) / side)
            iy = math.floor((person[1] - grid.origin[1]) / side)
            cells.setdefault((iy, ix), []).append(person)
        count = sum(len(inside) for inside in cells.values())
        flat = pack_cells(
            (
                Cell(
                    ix,
                    iy,
                    len(inside) / side**2,
                    sum(p[2] for p in inside) / len(inside),
                    sum(p[3] for p in inside) / len(inside),
                    0.05,
                )
                for (iy, ix), inside in sorted(cells.items())
            ),
            nx,
        )
        return Reading(
            t=self.now() if t is None else t,
            span=self.span,
            frames=5,
            dropped=0,
            count=round(count / COUNT_STEP),
            low=round(max(count - spread, 0) / COUNT_STEP),
            high=round((count + spread) / COUNT_STEP),
            noise=10,
            coarse=coarse,
            nx=nx,
            cells=flat,
            crossings=tuple(
                (round(a / CROSSING_STEP), round(b / CROSSING_STEP)) for a, b in crossings
            ),
            health=health,
            events=(),
        )

    def say(self, camera: str, reading: Reading) -> None:
        """Store it."""
        self.store.append([Stamped(camera, reading)])

    def status(self, camera: str, **changes: object) -> None:
        """Store a running, sealed, connected camera's status, with `changes`."""
        self.store.put_status(camera, structs.replace(RUNNING, t=self.now(), **changes))


@pytest.fixture
def sites() -> tuple[SiteView, ...]:
    """A plaza that two cameras see, overlapping, and a simulated quay with one camera."""
    return SITES


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store in a file."""
    opened = open_store(f"sqlite:{tmp_path / 'readings.db'}")
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store) -> World:
    """Scripted cameras on a clock that the test holds."""
    return World(ManualClock(), store)


@pytest.fixture
def live_world(store: Store) -> World:
    """Scripted cameras on the machine's clock, for a browser that has its own.

    Their intervals are long, so that a Reading stays fresh for a minute on the slowest machine.
    """
    return World(SystemClock(), store, span=20_000)
