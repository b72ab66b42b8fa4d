"""Cameras of a fleet of nodes: each runs in one place, and comes back when its node does not."""

import itertools
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from tests.fleet.grants import Issuer
from tests.fleet.incluster import InCluster

from plainview.errors import PermitRefused
from plainview.fleet.placed import PlacedFleet
from plainview.fleet.placement import Node
from plainview.geometry import View
from plainview.record import CameraStatus, LensState, Stamped
from plainview.vision.spec import LensSpec, TapSpec

LIMIT = 30.0
"""Seconds after which a test gives up; nothing is asserted to be that quick."""


class Ears:
    """Owns what was heard of a fleet."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.new: queue.SimpleQueue[Stamped | tuple[str, CameraStatus, int]] = queue.SimpleQueue()
        self.readings: list[Stamped] = []

    def reading(self, camera: str, *, fence: int = 0) -> Stamped:
        """The next healthy Reading of `camera` under `fence` or a later one."""
        end = time.monotonic() + LIMIT
        while True:
            item = self.new.get(timeout=max(end - time.monotonic(), 0.01))
            if isinstance(item, Stamped):
                self.readings.append(item)
                if item.camera == camera and item.reading.healthy and item.fence >= fence:
                    return item

    def status(self, camera: str, seen: Callable[[CameraStatus], bool]) -> CameraStatus:
        """The next status of `camera` of which `seen` is true."""
        end = time.monotonic() + LIMIT
        while True:
            item = self.new.get(timeout=max(end - time.monotonic(), 0.01))
            if not isinstance(item, Stamped) and item[0] == camera and seen(item[1]):
                return item[1]


@pytest.fixture
def ears() -> Ears:
    """What hears the fleet."""
    return Ears()


@pytest.fixture
def cluster(issuer: Issuer, standin_command: tuple[str, ...]) -> InCluster:
    """Two nodes of stand-in lenses."""
    nodes = [Node("n0", 1.0, 1e9, frozenset({"site=plaza"})), Node("n1", 1.0, 1e9)]
    return InCluster(nodes, issuer.trust, standin_command)


@pytest.fixture
def fleet(cluster: InCluster, ears: Ears, issuer: Issuer) -> Iterator[PlacedFleet]:
    """A fleet on that cluster."""
    fences = itertools.count(1)
    with PlacedFleet(
        cluster,
        on_reading=ears.new.put,
        on_status=lambda camera, status, fence: ears.new.put((camera, status, fence)),
        on_plate=lambda *_: None,
        trust=issuer.trust,
        next_fence=lambda _: next(fences),
        near=lambda camera: ("site=plaza",) if camera == "north" else (),
        silent=2.0,
    ) as fleet:
        yield fleet


@pytest.fixture
def begin(
    fleet: PlacedFleet, issuer: Issuer, clip: Path, make_view: Callable[..., View]
) -> Callable[[str], None]:
    """Start a camera that plays the clip over and over."""
    tap = TapSpec(source=str(clip), live=True, loop=True)
    lens = LensSpec(view=make_view(), every=0.2, rate=10)

    def start(camera: str) -> None:
        fleet.start(camera, tap, lens, issuer.grant(camera, tap, lens))

    return start


def test_a_killed_node_s_cameras_come_back_elsewhere(
    fleet: PlacedFleet, cluster: InCluster, ears: Ears, begin: Callable[[str], None]
) -> None:
    """The camera near its data runs there; when the node is killed it goes on, under a new token.

    No interval is told twice, the story of its restarts goes on, and a stop ends it for good.
    """
    begin("north")
    first = ears.reading("north")
    assert fleet.placed() == {"north": ("n0", first.fence)}
    assert first.data
    cluster.kill("n0")
    lost = ears.status("north", lambda s: "was lost" in s.note)
    assert (lost.state, lost.connected) == (LensState.RESTARTING, False)
    second = ears.reading("north", fence=first.fence + 1)
    assert fleet.placed() == {"north": ("n1", second.fence)}
    assert ears.status("north", lambda s: s.state is LensState.RUNNING).restarts == 1
    times = [(one.reading.t) for one in ears.readings]
    assert times == sorted(set(times))
    fleet.stop("north")
    assert not fleet.processes()["lens"]
    assert not fleet.placed()
    assert fleet.stats()["fleet_nodes_lost"] == 1


def test_a_node_that_is_cut_off_ends_its_lenses_by_itself(
    fleet: PlacedFleet, cluster: InCluster, ears: Ears, begin: Callable[[str], None]
) -> None:
    """Its lease ends before its cameras are placed anew, so that none is measured twice."""
    begin("north")
    first = ears.reading("north")
    cluster.cut.add("n0")
    second = ears.reading("north", fence=first.fence + 1)
    assert fleet.placed()["north"] == ("n1", second.fence)
    old = cluster.programs["n0"]
    assert old._fleet is None
    assert not old._holds


def test_a_draining_node_is_left_in_order(
    fleet: PlacedFleet, cluster: InCluster, ears: Ears, begin: Callable[[str], None]
) -> None:
    """Its cameras end there before they begin elsewhere; where nobody has room they stay."""
    begin("north")
    begin("south")
    fence = max(ears.reading("north").fence, ears.reading("south").fence)
    cluster.drain("n0")
    ears.reading("north", fence=fence + 1)
    assert {node for node, _ in fleet.placed().values()} == {"n1"}
    assert not cluster.programs["n0"]._holds
    cluster.drain("n1")
    ears.reading("south")
    assert {node for node, _ in fleet.placed().values()} == {"n1"}


def test_who_may_not_run_or_finds_no_room_is_told(
    fleet: PlacedFleet,
    ears: Ears,
    issuer: Issuer,
    clip: Path,
    make_view: Callable[..., View],
) -> None:
    """Neither wall is weaker for the placement; a file that no node has is named."""
    tap = TapSpec(source=str(clip), live=True, loop=True)
    lens = LensSpec(view=make_view(), every=0.2, rate=10)
    other = issuer.grant("other", tap, lens)
    with pytest.raises(PermitRefused):
        fleet.start("north", tap, lens, other)
    gone = structs.replace(tap, source=str(clip.with_name("none.mp4")))
    fleet.start("north", gone, lens, issuer.grant("north", gone, lens))
    ears.status("north", lambda s: "no node has its file" in s.note)
    now = int(issuer.clock.utc() * 1000)
    short = issuer.grant("south", tap, lens, ends=now + 3000)
    fleet.start("south", tap, lens, short)
    ears.reading("south")
    ears.status("south", lambda s: s.state is LensState.STOPPED and bool(s.note))
    assert "south" in fleet.refused()
    assert fleet.stats()["fleet_left_out"] == 1
