"""Taint: what a live picture shows of a person reaches the view as block activity, at most."""

import ast
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.vision.scenes import NOBODY, Luma, film, view
from tests.vision.test_optics import cameras

import plainview.vision.view
from plainview import redacted
from plainview.errors import CalibrationError, InputError
from plainview.geometry import View, cells_inside
from plainview.record import Cell, Reading, decode, pack_cells
from plainview.redacted import MAX_PICTURE, RULES, AdmittedPlate, ViewState, read_picture
from plainview.synth import plaza
from plainview.synth.camera import Camera
from plainview.synth.simulate import walker
from plainview.vision.measure import Measurer
from plainview.vision.plate import Plate
from plainview.vision.spec import LensSpec
from plainview.vision.view.blocks import LEAST, PART, Blocks
from plainview.vision.view.draw import STRIP, draw, encoded, touched
from plainview.vision.view.relight import ACROSS, DOWN, MOST, Relighter
from plainview.vision.view.scenery import Scenery, packed, scenery

VIEW = view()
SPEC = LensSpec(view=VIEW, picture=True)
BEGIN, SECONDS = 3.0, 3
"""Seconds at which the film begins, and its length; only its last second is tampered with."""


class Film(NamedTuple):
    """Somebody crosses an empty place."""

    empty: Luma
    frames: list[tuple[float, Luma]]
    person: list[NDArray[np.bool_]]
    """Where each frame differs from the empty place, and a little around."""
    plate: bytes
    admitted: bytes


@pytest.fixture(scope="module")
def crossing() -> Film:
    """Rendered once."""
    empty = next(film(NOBODY, 0.2))[1]
    frames = list(film(walker((-4, 1), (4, 1), 1.2), SECONDS, begin=BEGIN))
    quiet = [luma for _, luma in film(NOBODY, 2.4)]
    person = [np.abs(luma.astype(int) - empty) > 24 for _, luma in frames]
    learned = packed(empty, np.ones(empty.shape, bool), since=0, until=redacted.LEAST_SPAN, votes=9)
    assert learned is not None
    admitted = redacted.encode(AdmittedPlate(RULES, 0, learned, ()))
    return Film(empty, frames, person, Plate.learn(quiet).to_bytes(), admitted)


@pytest.fixture(scope="module")
def clean(crossing: Film) -> "Shown":
    """What the film gives as it is."""
    return shown(crossing, {})


class Shown(NamedTuple):
    """What came of a film: its last picture's parts."""

    reading: Reading
    picture: NDArray[np.uint8]
    gains: tuple[int, ...]
    changed: NDArray[np.bool_]
    """The pixels that its activity may change."""


def shown(crossing: Film, tamper: dict[int, Luma]) -> Shown:
    """Measure the film with some frames replaced, through the lens's own measurer."""
    measurer = Measurer(SPEC, plate=crossing.plate, admitted=crossing.admitted)
    readings: list[bytes] = []
    pictures: list[bytes | None] = []
    for k, (t, luma) in enumerate(crossing.frames):
        measurer.frame(tamper.get(k, luma), t)
        if (k + 1) % 5 == 0:
            end = round((BEGIN + (k + 1) / 5) * 1000)
            readings += measurer.interval(end, 1000, dropped=0, health=())
            pictures.append(measurer.picture())
    assert measurer._redactor is not None
    assert measurer._redactor._light is not None
    reading, gains = decode(readings[-1]), measurer._redactor._light.gains
    plate = scenery(crossing.admitted)
    blocks = Blocks(VIEW, plate.size)
    drawn = draw(plate, gains, blocks, reading, ())
    last = pictures[-1]
    assert last is not None
    told = read_picture(last)
    assert told.state is ViewState.SHOWN
    # The picture is a function of plate, gains and Reading: made again from these, it is the same.
    assert told.jpeg == encoded(drawn, MAX_PICTURE - 512)
    return Shown(reading, drawn, gains.steps, touched(blocks, reading, plate.size))


@settings(max_examples=4, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["noise", "flat", "words", "gone"]),
    value=st.integers(0, 255),
)
def test_pixels_inside_a_person_change_at_most_block_activity(
    crossing: Film, clean: "Shown", seed: int, kind: str, value: int
) -> None:
    """Whatever is put there: outside of both Readings' blocks no pixel of the view differs."""
    random = np.random.default_rng(seed)
    tamper = {}
    for k in range(len(crossing.frames) - 5, len(crossing.frames)):
        luma, person = crossing.frames[k][1].copy(), crossing.person[k]
        if kind == "noise":
            new = random.integers(0, 256, luma.shape, np.uint8)
        elif kind == "flat":
            new = np.full(luma.shape, value, np.uint8)
        elif kind == "words":
            new = np.where(np.indices(luma.shape).sum(axis=0) % 4 < 2, value, 255 - value)
        else:
            new = crossing.empty
        luma[person] = new[person]
        tamper[k] = luma
    tainted = shown(crossing, tamper)
    assert clean.reading.count > 0
    assert clean.gains == tainted.gains
    differs = np.any(clean.picture != tainted.picture, axis=2)[:-STRIP]
    assert not np.any(differs & ~(clean.changed | tainted.changed))


def test_a_missed_person_is_background(crossing: Film) -> None:
    """Where no Reading tells of somebody, the picture is of the empty place to the last bit."""
    plate = scenery(crossing.admitted)
    blocks = Blocks(VIEW, plate.size)
    nobody = Reading(1000, 1000, 5, 0, 0, 0, 0, 8, 1, VIEW.grid().shape[0], (), (), (), ())
    light = Relighter(plate)
    for k in range(20):
        light.look(crossing.frames[-1][1], ~crossing.person[-1], k * 1.0)
    picture = draw(plate, light.gains, blocks, nobody, ())[:-STRIP]
    assert light.gains.steps == (0,) * (ACROSS * DOWN)
    assert np.array_equal(picture, np.repeat(plate.luma[..., None], 3, axis=2))


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0, 0.1),
    level=st.integers(0, 255),
)
def test_the_light_tells_nothing_of_a_person(seed: int, share: float, level: int) -> None:
    """A tenth of all background may be anything, and all that is not free: no gain moves."""
    random = np.random.default_rng(seed)
    luma = random.integers(60, 180, (90, 160), np.uint8)
    plate = Scenery(luma, np.ones(luma.shape, bool))
    hidden = random.random(luma.shape) < 0.3
    wild = random.random(luma.shape) < share
    light = Relighter(plate)
    for k in range(16):
        now = np.clip(luma + random.normal(0, 2, luma.shape), 0, 255).astype(np.uint8)
        now[wild] = level
        now[hidden] = random.integers(0, 256)
        light.look(now, ~hidden, k * 1.0)
    assert light.gains.steps == (0,) * (ACROSS * DOWN)


def test_the_light_follows_slowly_and_within_bounds() -> None:
    """A lamp that goes off is followed by one step in five seconds, and never beyond two stops."""
    luma = np.full((90, 160), 160, np.uint8)
    light = Relighter(Scenery(luma, np.ones(luma.shape, bool)))
    free = np.ones(luma.shape, bool)
    before = (0,) * (ACROSS * DOWN)
    for k in range(200):
        light.look(luma if k < 20 else luma // 8, free, k * 1.0)
        steps = light.gains.steps
        assert max(abs(a - b) for a, b in zip(steps, before, strict=True)) <= 1
        assert max(map(abs, steps)) <= MOST
        before = steps
    assert set(before) == {-MOST}


def drawn_view(camera_view: View) -> tuple[Blocks, tuple[int, int]]:
    """Blocks in a small picture."""
    size = (240, 135)
    return Blocks(camera_view, size), size


@settings(max_examples=8, deadline=None)
@given(camera=cameras(), seed=st.integers(0, 2**32 - 1))
def test_blocks_are_never_finer_than_half_a_metre_or_a_third_of_a_person(
    camera: Camera, seed: int
) -> None:
    """For any camera; and a Reading changes only pixels of the blocks that it names."""
    polygon = ((-6.0, -6.0), (6.0, -6.0), (6.0, 6.0), (-6.0, 6.0))
    try:
        seen = View(calibration=camera.calibration(), polygon=polygon)
        blocks, size = drawn_view(seen)
    except (CalibrationError, InputError):
        reject()
    for block in blocks.all:
        assert block.side >= LEAST
        sides = cv2.minAreaRect(block.outline)[1]
        # Whole pixels: one of each side may be lost. Beside its centre people may be smaller.
        assert min(sides) + 2 >= PART * blocks.person(block.centre) * 0.8
    random = np.random.default_rng(seed)
    nx, ny = seen.grid().shape
    at = sorted(random.choice(nx * ny, 3, replace=False).tolist())
    cells = [Cell(k % nx, k // nx, 1.0 + k % 3, 1.0, -0.5, 0.0) for k in at]
    empty = Reading(1000, 1000, 5, 0, 0, 0, 0, 8, 1, nx, (), (), (), ())
    full = Reading(1000, 1000, 5, 0, 48, 16, 90, 8, 1, nx, pack_cells(cells, nx), (), (), ())
    luma = random.integers(40, 200, size[::-1], np.uint8)
    plate = Scenery(luma, np.ones(luma.shape, bool))
    gains = Relighter(plate).gains
    a, b = (draw(plate, gains, blocks, one, ()) for one in (empty, full))
    differs = np.any(a != b, axis=2)[:-STRIP]
    assert not np.any(differs & ~touched(blocks, full, size))


@pytest.mark.parametrize("camera", plaza.CAMERAS, ids=lambda camera: camera.name)
def test_all_measured_ground_is_drawn_where_it_can_be(camera: Camera) -> None:
    """A square that reaches beneath the camera has no size in the picture; its parts have one."""
    seen = plaza.view(camera)
    blocks, _ = drawn_view(seen)
    inside = cells_inside(seen.grid(), seen.polygon)
    assert np.array_equal(blocks.of_cell >= 0, inside)


def test_what_draws_is_given_no_frame() -> None:
    """`draw` and all that it imports of ours know plates, gains, blocks and records: no frames."""
    folder = Path(plainview.vision.view.__file__).parent
    allowed = {
        "draw": {"plainview.record", "blocks", "marks", "relight", "scenery"},
        "blocks": {"plainview.geometry", "plainview.record"},
        "marks": {"plainview.record"},
    }
    for name, may in allowed.items():
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        found = {
            (node.module or "").removeprefix("plainview.vision.view.")
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("plainview")
        }
        assert found <= may
        names = {
            one.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("relight")
            for one in node.names
        }
        assert names <= {"Gains", "relit"}
