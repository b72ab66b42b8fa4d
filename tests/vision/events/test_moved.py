import cv2
import numpy as np
import pytest
from tests.vision.events.stage import Solid, Stage, box

from plainview.vision.events.change import Change
from plainview.vision.events.extent import extents
from plainview.vision.events.moved import Moved
from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import cut_out
from plainview.vision.events.thing import Thing
from plainview.vision.plate import Plate

SIZE = (0.5, 0.25, 0.5)
CAME = box(0.4, 0.8, SIZE)
STAGE = Stage()


def shown(stage: Stage, t: float) -> Seen:
    """What `stage` shows at `t` seconds, with `CAME`."""
    return next(stage.seen(0.4, lambda _: ([CAME], [])))._replace(t=t)


def thing(since: float) -> Thing:
    """`CAME`, since `since` seconds."""
    seen = shown(STAGE, since)
    differs = np.asarray(np.abs(seen.luma - STAGE.plate.luma.astype(np.float32)) > 15, np.uint8)
    labels, stats = parts(differs)
    blob = cut_out(labels, stats, int(stats[1:, 4].argmax()) + 1, since)
    (size,) = extents(STAGE.optics, [blob])
    assert size is not None
    return Thing(Change(blob, seen, STAGE.plate.luma), size, STAGE.optics)


def lost(*was: Solid) -> bool:
    """Whether `CAME` was moved, where the plate showed `was` before, and nothing since."""
    moved = Moved(STAGE.optics)
    moved.follow(shown(Stage(began=was), 2.0))
    moved.follow(shown(STAGE, 12.0))
    return moved.given_back(thing(6.0), shown(STAGE, 20.0))


def test_what_the_plate_lost_nearby_as_it_came_was_moved_there() -> None:
    """Of its size and within metres: its ghost was given back before it could be watched."""
    assert lost(box(1.6, 1.2, SIZE))


@pytest.mark.parametrize(
    "was",
    [[], [box(1.6, 1.2, (1.6, 1.0, 1.5))], [box(-4.5, 3.5, SIZE)], [CAME]],
    ids=["nothing", "larger", "far", "itself"],
)
def test_what_the_plate_has_not_lost_was_not_moved(was: list[Solid]) -> None:
    """Nothing, something of another size, something far away, or the thing itself."""
    assert not lost(*was)


def test_what_the_plate_lost_before_is_no_matter() -> None:
    """Only the plate from shortly before it came counts; without one nothing is said."""
    moved = Moved(STAGE.optics)
    assert not moved.given_back(thing(6.0), shown(STAGE, 20.0))
    for t, began in ((2.0, [box(1.6, 1.2, SIZE)]), (12.0, [])):
        moved.follow(shown(Stage(began=began), t))
    assert not moved.given_back(thing(16.0), shown(STAGE, 30.0))


@pytest.mark.parametrize(("shade", "moved"), [(9, False), (40, True)], ids=["clouds", "furniture"])
def test_what_is_not_plain_beside_the_plates_noise_did_not_go(shade: int, *, moved: bool) -> None:
    """Under moving clouds the plate is never quite the same: that is in its noise."""
    plate = Plate(STAGE.plate.luma.copy(), np.full_like(STAGE.plate.noise, 3.0))
    spot = np.asarray(STAGE.spot(1.6, 1.2, (0.8, 0.8)) * shade, np.uint8)
    known = Moved(STAGE.optics)
    known.follow(shown(STAGE, 2.0)._replace(plate=Plate(plate.luma - spot, plate.noise)))
    now = shown(STAGE, 20.0)._replace(plate=plate)
    assert known.given_back(thing(6.0), now) == moved


@pytest.mark.parametrize(("noise", "moved"), [(5.0, False), (0.5, True)], ids=["light", "thing"])
def test_what_is_not_plain_at_its_own_place_did_not_go(noise: float, *, moved: bool) -> None:
    """Clouds drive over a part of the ground alone, and elsewhere the plate is quiet."""
    spot = STAGE.spot(1.6, 1.2, (0.8, 0.8))
    loud = np.where(cv2.dilate(spot, np.ones((9, 9))) > 0, noise, 0.5).astype(np.float32)
    plate = Plate(STAGE.plate.luma.copy(), loud)
    known = Moved(STAGE.optics)
    was = plate.luma - np.asarray(12 * spot, np.uint8)
    known.follow(shown(STAGE, 2.0)._replace(plate=Plate(was, loud)))
    now = shown(STAGE, 20.0)._replace(plate=plate)
    assert known.given_back(thing(6.0), now) == moved
