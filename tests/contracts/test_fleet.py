"""One suite for every fleet: this machine's own, and one on a real Ray cluster.

Starting Ray takes half a dozen processes that each import it, so there is one cluster of one node.
What is done when nodes die is in tests/fleet/test_placed.py and bench/ray_nodes.py.
"""

import contextlib
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fleet.conftest import STANDIN, view
from tests.fleet.grants import Issuer
from tests.fleet.raycluster import RayNodes

from plainview import record
from plainview.errors import ConfigError, LensError, PermitRefused
from plainview.fleet import Callbacks, Fleet, Placing, open_fleet
from plainview.record import CameraStatus, LensState, Stamped
from plainview.vision.encoder import encode_clip
from plainview.vision.spec import LensSpec, TapSpec

pytestmark = pytest.mark.timeout(300)
LIMIT = 60.0
"""Seconds after which a test gives up; nothing is asserted to be that quick."""
Heard = Stamped | tuple[str, CameraStatus, int]


class World:
    """Owns a fleet, what it told, and what it takes to start a camera."""

    def __init__(self, url: str, issuer: Issuer, tap: TapSpec) -> None:
        """Open the fleet at `url`."""
        self.heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        self.issuer = issuer
        self.tap = tap
        self.lens = LensSpec(view=view(), every=0.2, rate=10)
        self.fences: list[int] = []
        self.began = 0
        """When a camera was last begun, UTC milliseconds."""
        self.fleet: Fleet = open_fleet(
            url,
            Callbacks(
                on_reading=self.heard.put,
                on_status=lambda *told: self.heard.put(told),
                on_plate=lambda *_: None,
            ),
            trust=issuer.trust,
            placing=Placing(self.next_fence),
            command=STANDIN,
        )

    def next_fence(self, _camera: str) -> int:
        """A larger one each time."""
        self.fences.append(len(self.fences) + 1)
        return self.fences[-1]

    def begin(self, camera: str, **changes: object) -> None:
        """Record and start `camera`, under a permit with some fields changed."""
        self.began = int(self.issuer.clock.utc() * 1000)
        grant = self.issuer.grant(camera, self.tap, self.lens, **changes)
        self.fleet.start(camera, self.tap, self.lens, grant)

    def until(self, seen: Callable[[Heard], bool]) -> Heard:
        """Wait for something of which `seen` is true."""
        end = time.monotonic() + LIMIT
        while True:
            item = self.heard.get(timeout=max(end - time.monotonic(), 0.01))
            if seen(item):
                return item

    def reading(self, camera: str) -> Stamped:
        """The next healthy Reading of `camera` since it was begun."""
        item = self.until(
            lambda one: (
                isinstance(one, Stamped)
                and (one.camera, one.reading.healthy) == (camera, True)
                and one.reading.t > self.began
            )
        )
        assert isinstance(item, Stamped)
        return item

    def status(self, camera: str, state: LensState) -> CameraStatus:
        """The next status of `camera` in `state`."""
        item = self.until(
            lambda one: not isinstance(one, Stamped) and (one[0], one[1].state) == (camera, state)
        )
        assert not isinstance(item, Stamped)
        return item[1]


@pytest.fixture(scope="module")
def tap(tmp_path_factory: pytest.TempPathFactory) -> TapSpec:
    """A camera that plays a clip over and over."""
    import numpy as np  # noqa: PLC0415 - for this only

    path = tmp_path_factory.mktemp("clip") / "grey.mp4"
    encode_clip((np.full((64, 96, 3), 80 + k, np.uint8) for k in range(40)), path, 10, gop=10)
    return TapSpec(source=str(path), live=True, loop=True)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """An authority and a ledger."""
    with Issuer(tmp_path_factory.mktemp("state")) as one:
        yield one


@pytest.fixture(scope="module", params=["local", "ray:local"])
def world(request: pytest.FixtureRequest, issuer: Issuer, tap: TapSpec) -> Iterator[World]:
    """One fleet for all tests."""
    with contextlib.ExitStack() as stack:
        if request.param != "local":
            stack.enter_context(RayNodes([{}]))
        world = World(request.param, issuer, tap)
        stack.callback(world.fleet.close)
        yield world
        world.fleet.close()
        with pytest.raises(LensError, match="closed"):
            world.begin("late")


def test_a_camera_runs_and_stops(world: World) -> None:
    """Readings and statuses come; after a stop no process is there and nothing more is told.

    Readings bear the token of the placement, where there are placements, and their one encoding
    where they came encoded.
    """
    world.begin("north")
    first = world.reading("north")
    assert first.fence in (world.fences or [0])
    assert not first.data or record.decode(first.data) == first.reading
    assert world.reading("north").reading.t > first.reading.t
    assert world.status("north", LensState.RUNNING).restarts == 0
    pids = world.fleet.processes()
    assert len(pids["lens"]) == len(pids["tap"]) == len(pids["zygote"]) == 1
    world.fleet.stop("north")
    for pid in (*pids["lens"], *pids["tap"]):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    last = world.status("north", LensState.STOPPED)
    assert not last.connected
    world.begin("south")
    world.until(lambda one: isinstance(one, Stamped))
    world.fleet.stop("south")
    world.fleet.stop("nobody")


def test_no_permit_no_start_and_none_beyond_its_end(world: World) -> None:
    """A grant for another camera is refused at once; one that ends, ends its camera."""
    other = world.issuer.grant("other", world.tap, world.lens)
    with pytest.raises(PermitRefused):
        world.fleet.start("north", world.tap, world.lens, other)
    world.begin("north", ends=int(world.issuer.clock.utc() * 1000) + 4000)
    world.reading("north")
    assert world.status("north", LensState.STOPPED).note
    world.until(lambda _: "north" in world.fleet.refused())
    world.fleet.stop("north")
    assert "north" not in world.fleet.refused()


def test_what_dies_comes_back(world: World) -> None:
    """A killed lens is restarted; so is the whole zygote; the counts tell it."""
    world.begin("north")
    world.reading("north")
    os.kill(world.fleet.processes()["lens"][0], signal.SIGKILL)
    world.until(
        lambda one: not isinstance(one, Stamped) and one[0] == "north" and one[1].restarts == 1
    )
    world.reading("north")
    before = world.fleet.stats()["zygote_restarts"]
    os.kill(world.fleet.processes()["zygote"][0], signal.SIGKILL)
    world.until(
        lambda one: not isinstance(one, Stamped) and one[0] == "north" and one[1].restarts == 2
    )
    world.reading("north")
    world.until(lambda _: world.fleet.stats()["zygote_restarts"] == before + 1)
    assert world.fleet.stats()["fleet_failed_callbacks"] == 0
    world.fleet.stop("north")


def test_a_node_s_program_that_dies_is_noticed(world: World) -> None:
    """Where there are nodes: its cameras are told to be without one, and a stop does not wait."""
    world.begin("north")
    first = world.reading("north")
    if first.fence:
        zygote = world.fleet.processes()["zygote"][0]
        fields = Path(f"/proc/{zygote}/stat").read_text().rpartition(")")[2].split()
        os.kill(int(fields[1]), signal.SIGKILL)
        assert "node" in world.status("north", LensState.RESTARTING).note
        assert world.fleet.stats()["fleet_nodes_lost"] == 1
        assert not world.fleet.processes()["lens"]
    world.fleet.stop("north")


def test_an_address_that_no_fleet_speaks(issuer: Issuer) -> None:
    """One line, and how to mend it."""
    callbacks = Callbacks(print, print, print)
    for url in ("kubernetes:", "ray:", "ray://nowhere"):
        with pytest.raises(ConfigError, match=r"no fleet speaks this address. Write"):
            open_fleet(url, callbacks, trust=issuer.trust, placing=Placing(len))
