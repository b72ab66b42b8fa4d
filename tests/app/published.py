"""A small city of three cameras with a day of Readings and a permit to publish two of them."""

import datetime as dt
from pathlib import Path

from msgspec import structs
from tests.governance.offices import assessment_of, grant

from plainview.app.cities import configuration_digest, configured
from plainview.clock import ManualClock
from plainview.config import load_city
from plainview.governance import cameras
from plainview.governance.assessment import AssessedCapability
from plainview.governance.office import Office
from plainview.record import COUNT_STEP, CROSSING_STEP, Health, Reading, Stamped
from plainview.store import Retention, open_store

DAY = "2026-11-16"
START = round(dt.datetime(2026, 11, 16, tzinfo=dt.UTC).timestamp() * 1000)
HOUR = 3_600_000
EVERY = 600
PEOPLE = {"north": 12.0, "south": 5.0, "yard": 20.0}
"""Mean count of each camera, every hour."""
_VIEW = """
source = "rtsp://camera.example/one"
every = 600
[sites.cameras.calibration]
image_size = [320, 240]
projection = [[200.0, -160.0, 0.0, 1600.0], [0.0, -120.0, -200.0, 2200.0], [0.0, -1.0, 0.0, 10.0]]
[sites.cameras.area]
polygon = [[-3.0, -2.0], [3.0, -2.0], [3.0, 3.0], [-3.0, 3.0]]
[[sites.cameras.lines]]
name = "gate"
from = [-2.0, 0.0]
to = [2.0, 0.0]
"""
CITY = f"""\
name = "Sampleton"
[[sites]]
id = "square"
district = "Old town"
location = [4.0, 52.0]
[[sites.cameras]]
id = "north"{_VIEW}
[[sites.cameras]]
id = "south"{_VIEW}
[[sites]]
id = "yard"
location = [4.1, 52.0]
[[sites.cameras]]
id = "yard"{_VIEW}
"""


def reading(
    camera: str, hour: int, k: int, people: float, health: tuple[Health, ...] = ()
) -> Stamped:
    """The `k`th Reading of an hour of `camera`."""
    count = round(people / COUNT_STEP)
    return Stamped(
        camera,
        Reading(
            t=START + hour * HOUR + (k + 1) * EVERY * 1000,
            span=EVERY * 1000,
            frames=10,
            dropped=0,
            count=count,
            low=count,
            high=count,
            noise=1,
            coarse=1,
            nx=6,
            cells=(),
            crossings=((round(7 / CROSSING_STEP), 0),),
            health=health,
            events=(),
        ),
    )


def fill(state: Path) -> None:
    """A day of Readings: the last hour of `south` is mostly blind."""
    with_gaps = {("south", 23): 2}
    batch = [
        reading(camera, hour, k, people, (Health.BLIND,) if k >= seen else ())
        for camera, people in PEOPLE.items()
        for hour in range(24)
        for seen in [with_gaps.get((camera, hour), 6)]
        for k in range(HOUR // 1000 // EVERY)
    ]
    store = open_store(f"sqlite:{state / 'plainview.db'}", Retention(readings=30 * 86_400.0))
    store.append(batch)
    store.roll_up(START + 24 * HOUR)
    store.close()


def founded(folder: Path) -> tuple[Path, Path]:
    """The city's file and its state folder; `north` and `south` may be published."""
    city, state = folder / "city.toml", folder / "state"
    city.write_text(CITY, encoding="utf-8")
    state.mkdir()
    found = load_city(city)
    seen = {name: one.seen for name, one in configured(found).items()}
    with Office(state, ManualClock(START / 1000 - 3600)) as office:
        cameras.register(office, seen, configuration=configuration_digest(found))
        assessment = assessment_of(seen)
        asked = AssessedCapability(
            name="publish",
            aims=("plan",),
            need="Whoever decides about the square must be able to read how full it is.",
            cameras=("north", "south"),
        )
        capabilities = (*assessment.capabilities, asked)
        grant(office, structs.replace(assessment, capabilities=capabilities))
    fill(state)
    return city, state


def morning_after() -> ManualClock:
    """The day is over."""
    return ManualClock(START / 1000 + 25 * 3600)
