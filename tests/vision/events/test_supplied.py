import hashlib
import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper

from plainview.geometry import Network, Sought, View
from plainview.record import EventKind
from plainview.synth.camera import hung
from plainview.vision.bodies import NONE
from plainview.vision.events.seen import Seen
from plainview.vision.events.supplied import Supplied, SuppliedDetector, supplied_detectors
from plainview.vision.optics import optics
from plainview.vision.plate import Plate
from plainview.vision.spec import NetworkState

SIZE = (64, 48)
CAMERA = hung("mast", at=(0.0, -10.0), height=5.0, towards=(0.0, 1.0), hfov=58, size=(320, 180))
VIEW = View(
    calibration=CAMERA.calibration(), polygon=((-5.0, -4.0), (5.0, -4.0), (5.0, 6.0), (-5.0, 6.0))
)
GEOMETRY = optics(VIEW, 320, 180)
KNIFE = Sought(0, "knife", "weapon")
SURE = (28.0, 20.0, 36.0, 24.0, 0.9, 0.0)
"""A find in the middle of the picture."""


def _network(
    folder: Path,
    *rows: tuple[float, ...],
    operator: str = "Add",
    columns: int = 6,
    axes: Sequence[int | str | None] = (1, 3, SIZE[1], SIZE[0]),
) -> Network:
    """A network that answers `rows`, whatever it sees."""
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, axes)
    given = helper.make_tensor_value_info("y", TensorProto.FLOAT, [len(rows), columns])
    held = [
        helper.make_tensor("rows", TensorProto.FLOAT, [len(rows), columns], np.ravel(rows)),
        helper.make_tensor("none", TensorProto.FLOAT, [1, 3, 1, 1], [0.0, 0.0, 0.0]),
        helper.make_tensor("flat", TensorProto.INT64, [2], [-1, 1]),
        helper.make_tensor("first", TensorProto.INT64, [1], [0]),
    ]
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["mean"]),
        helper.make_node("Mul", ["mean", "none"], ["zeros"]),
        helper.make_node("Reshape", ["zeros", "flat"], ["column"]),
        helper.make_node("Gather", ["column", "first"], ["zero"]),
        helper.make_node(operator, ["rows", "zero"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "still", [taken], [given], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return _file(folder, model.SerializeToString())


def _file(folder: Path, data: bytes) -> Network:
    path = folder / "things.onnx"
    path.write_bytes(data)
    return Network(str(path), hashlib.sha256(data).hexdigest(), SIZE, (KNIFE,))


def _seen(t: float) -> Seen:
    grey = np.full(GEOMETRY.size[::-1], 90, np.uint8)
    plate = Plate(grey, np.ones(grey.shape, np.float32))
    evidence = np.zeros(grey.shape, np.float32)
    return Seen(t, 0.2, grey, None, grey, evidence, grey, NONE, plate, trusted=True)


def _opened(network: Network) -> Supplied:
    supplied = Supplied(network)
    assert supplied.open() is NetworkState.READY
    return supplied


def test_a_find_is_placed_on_the_ground_by_its_foot(tmp_path: Path) -> None:
    """What scores enough becomes a sighting of its class's kind, where its foot stands."""
    supplied = _opened(_network(tmp_path, SURE, (0, 0, 8, 9, 0.2, 0), (1, 1, 9, 9, 0.9, 7)))
    detectors = supplied_detectors([supplied], tuple(EventKind), VIEW, GEOMETRY)
    assert [one.kind for one in detectors] == [EventKind.WEAPON]
    (sighting,) = detectors[0].look(_seen(0.0))
    assert abs(sighting.x) < 0.3
    assert 2.0 < sighting.y < 4.5  # the axis meets the ground behind the point looked at
    assert sighting.confidence == pytest.approx(0.9)
    assert sighting.zone == -1


def test_it_speaks_only_for_what_is_asked(tmp_path: Path) -> None:
    """A kind that the lens is not to look for is not looked for by a site's network either."""
    supplied = _opened(_network(tmp_path, SURE))
    assert supplied_detectors([supplied], (EventKind.FIRE,), VIEW, GEOMETRY) == []


def test_it_looks_once_a_second_at_most_and_more_rarely_when_slow(tmp_path: Path) -> None:
    """However many frames are shown, it runs once a second, less where that would take long."""
    for cost, looks in ((0.01, 10), (0.8, 3)):
        supplied = Supplied(_network(tmp_path, SURE), clock=count(0.0, cost).__next__)
        assert supplied.open() is NetworkState.READY
        detector = SuppliedDetector(supplied, EventKind.WEAPON, VIEW, GEOMETRY)
        told = [detector.look(_seen(k / 5)) for k in range(50)]
        assert sum(map(bool, told)) == looks


@pytest.mark.parametrize("column", range(6))
def test_what_is_no_number_ends_its_looking(tmp_path: Path, column: int) -> None:
    """NaN or infinity in any column of its answer is told, and nothing is looked for."""
    row = list(SURE)
    row[column] = float("nan") if column % 2 else float("inf")
    supplied = Supplied(_network(tmp_path, tuple(row)))
    assert supplied.open() is NetworkState.NO_NUMBERS
    assert supplied.look(_seen(0.0)) == []


def test_each_fault_of_a_file_has_its_own_word(tmp_path: Path) -> None:
    """Absent, another file, no ONNX, unknown operators, other shapes: each told, none raised."""
    good = _network(tmp_path, SURE)
    missing = Network(str(tmp_path / "gone.onnx"), good.sha256, SIZE, (KNIFE,))
    assert Supplied(missing).open() is NetworkState.ABSENT
    assert Supplied(Network(good.path, "0" * 64, SIZE, (KNIFE,))).open() is NetworkState.OTHER
    for data in (b"", b"no network", bytes(range(256)) * 9):
        assert Supplied(_file(tmp_path, data)).open() is NetworkState.UNREADABLE
    unknown = _network(tmp_path, SURE, operator="Divine")
    assert Supplied(unknown).open() in (NetworkState.UNREADABLE, NetworkState.MISSHAPEN)
    wide = _network(tmp_path, (*SURE, 1.0), columns=7)
    assert Supplied(wide).open() is NetworkState.MISSHAPEN


@pytest.mark.parametrize(
    ("axes", "state"),
    [
        (("n", 3, "h", "w"), NetworkState.READY),
        ((None, 3, SIZE[1], None), NetworkState.READY),
        ((1, 3, SIZE[0], SIZE[1]), NetworkState.MISSHAPEN),
        ((1, 3, 2 * SIZE[1], 2 * SIZE[0]), NetworkState.MISSHAPEN),
        ((1, 1, SIZE[1], SIZE[0]), NetworkState.MISSHAPEN),
        ((1, 3, SIZE[1] * SIZE[0]), NetworkState.MISSHAPEN),
    ],
)
def test_a_size_that_is_not_the_networks_is_told(
    tmp_path: Path,
    axes: tuple[int | str | None, ...],
    state: NetworkState,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OpenCV would run it on any size, and builds none; an axis left open fits every one."""
    if state is NetworkState.MISSHAPEN:
        monkeypatch.setattr(cv2.dnn, "readNetFromONNX", lambda _: pytest.fail("it was built"))
    assert Supplied(_network(tmp_path, SURE, axes=axes)).open() is state


def test_a_slow_network_is_not_used(tmp_path: Path) -> None:
    """One that takes more than two seconds for its first picture is told as slow."""
    supplied = Supplied(_network(tmp_path, SURE), clock=count(0.0, 3.0).__next__)
    assert supplied.open() is NetworkState.SLOW


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond 64 MiB is refused by its size, and what is no file is not waited for."""
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    network = Network(str(path), "0" * 64, SIZE, (KNIFE,))
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it was opened"))
    assert Supplied(network).open() is NetworkState.TOO_LARGE
    os.mkfifo(tmp_path / "pipe.onnx")
    pipe = Network(str(tmp_path / "pipe.onnx"), "0" * 64, SIZE, (KNIFE,))
    assert Supplied(pipe).open() is NetworkState.ABSENT


def test_one_that_fails_later_has_stopped_and_is_not_opened_again(tmp_path: Path) -> None:
    """Good at its first picture and too slow at a later one: it has stopped, here and for good."""
    network = _network(tmp_path, SURE)
    supplied = Supplied(network, clock=iter((0.0, 0.1, 1.0, 9.0)).__next__)
    assert supplied.open() is NetworkState.READY
    assert supplied.look(_seen(0.0)) == []
    assert supplied.stopped
    assert Supplied(network).open(stopped=True) is NetworkState.STOPPED


def test_a_file_made_of_nothing_but_fields_is_given_up(tmp_path: Path) -> None:
    """Sixty-four megabytes of two-byte fields would hold the lens up for a minute."""
    supplied = Supplied(_file(tmp_path, b"\x08\x01" * 1_500_000))
    assert supplied.open() is NetworkState.UNREADABLE
