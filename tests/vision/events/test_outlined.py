import numpy as np
import pytest
from tests.vision.events.stage import Stage

from plainview.geometry import project
from plainview.vision.events.change import Change
from plainview.vision.events.extent import Extent, extents, fits
from plainview.vision.events.outlined import OUTGROWN_FOR, WHOLE, outlined
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import Blob, Stillness
from plainview.vision.events.thing import Thing
from plainview.vision.foreground import SHADOW

STAGE = Stage()
OPTICS = STAGE.optics


def box(x: float, wide: float, tall: float) -> tuple[slice, slice]:
    """Rows and columns of something so `wide` and `tall`, metres, that stands at (`x`, 0.8)."""
    ends = [(x + side, 0.8, z) for side in (0.0, wide) for z in (0.0, tall)]
    pixels, _ = project(OPTICS.projection, ends)
    x0, y0, x1, y1 = (round(float(v)) for v in (*pixels.min(axis=0), *pixels.max(axis=0)))
    return slice(y0, y1 + 1), slice(x0, x1 + 1)


def met_at(seen: Seen, place: tuple[slice, slice]) -> tuple[Stillness, Thing]:
    """A thing that was met at `place` in `seen`, and what watches it."""
    mask = np.zeros(seen.luma.shape, np.uint8)
    mask[place] = 1
    stillness = Stillness(OPTICS)
    stillness.step(seen, np.zeros_like(mask), seen.plate.luma)
    blob = Blob((0, 0), mask, 0.0)
    (size,) = extents(OPTICS, [blob])
    assert size is not None
    assert fits(size)
    return stillness, Thing(Change(blob, seen, seen.plate.luma), size, OPTICS)


@pytest.mark.parametrize("stood", [0.0, 0.5])
def test_where_somebody_stands_it_keeps_its_outline(stood: float) -> None:
    """Who stood there would not be known any more by another; nor is he forgotten with the old."""
    (*_, seen) = STAGE.seen(1.2, lambda _t: ([], []))
    stillness, thing = met_at(seen, box(-1.0, 0.45, 0.4))
    thing.stood = stood
    evidence = np.full(seen.luma.shape, -1.0, np.float32)
    evidence[box(-1.0, 0.45, 0.8)] = 1.0
    seen = seen._replace(evidence=evidence)
    looks = [outlined(OPTICS, stillness, thing, seen) for _ in range(2 * OUTGROWN_FOR)]
    assert any(one is not None for one in looks) == (stood == 0.0)
    thing.stood = 0.2
    assert thing.outlined(thing.change, thing.extent).stood == 0.2


@pytest.mark.parametrize("beyond", [False, True], ids=["as-met", "more-shows"])
def test_what_came_with_its_shadow_in_pieces_is_its_largest_piece(*, beyond: bool) -> None:
    """All of it is longer than a thing; of the case one piece shows, of the shadow several.

    That more shows beyond, as the shadow of whoever passes, does not hide which piece it is.
    """
    (*_, seen) = STAGE.seen(1.2, lambda _t: ([], []))
    case = box(-1.0, 0.45, 0.6)
    evidence = np.full(seen.luma.shape, -1.0, np.float32)
    mask = np.zeros(seen.luma.shape, np.uint8)
    mask[box(-1.0, 1.9, 0.12)] = 1
    for place in (case, *(box(-0.4 + 0.3 * k, 0.2, 0.12) for k in range(5))):
        mask[place], evidence[place] = 1, 1.0
    if beyond:
        evidence[box(0.8, 1.2, 0.5)] = 1.0
    stillness = Stillness(OPTICS)
    stillness.step(seen, np.zeros_like(mask), seen.plate.luma)
    blob = Blob((0, 0), mask, 0.0)
    seen = seen._replace(evidence=evidence)
    size = Extent(np.zeros(2), 1.9, 0.6, 0.4, 1.0)
    met = Thing(Change(blob, seen, seen.plate.luma), size, OPTICS)
    assert not fits(size)
    looks = [outlined(OPTICS, stillness, met, seen) for _ in range(OUTGROWN_FOR + 1)]
    (found,) = [one for one in looks if one is not None]
    change, extent = found
    assert fits(extent)
    wanted = np.zeros_like(mask)
    wanted[case] = 1
    shown = np.zeros_like(mask)
    shown[change.blob.window] = change.blob.mask
    assert np.array_equal(shown, wanted)


@pytest.mark.parametrize("somebody", [False, True], ids=["more-of-it", "who-stands-beside"])
def test_who_stands_beside_a_thing_is_not_its_new_outline(*, somebody: bool) -> None:
    """His shadow joins them, and he is the larger: an outline without the thing is not its.

    What more shows of the thing itself is.
    """
    (*_, seen) = STAGE.seen(1.2, lambda _t: ([], []))
    met, whole = box(-1.0, 0.35, 0.5), box(-1.0, 0.6, 0.6)
    evidence = np.full(seen.luma.shape, -1.0, np.float32)
    evidence[box(-1.0, 1.0, 0.12)] = 0.8 * SHADOW
    evidence[met] = 1.0
    evidence[box(-0.3, 0.4, 1.7) if somebody else whole] = 1.0
    seen = seen._replace(evidence=evidence)
    stillness, thing = met_at(seen, met)
    looks = [outlined(OPTICS, stillness, thing, seen) for _ in range(2 * OUTGROWN_FOR)]
    found = [one for one in looks if one is not None]
    assert (not found) == somebody
    assert all(np.all(change.blob.mask[whole] > 0) for change, _ in found)


def test_a_shadow_that_touches_it_now_and_then_does_not_keep_its_outline_from_it() -> None:
    """A line of shadow beside a bag comes and goes with the noise; the bag itself is the same."""
    (*_, seen) = STAGE.seen(1.2, lambda _t: ([], []))
    met, whole = box(-0.9, 0.2, 0.4), box(-1.0, 0.4, 0.5)
    bare = np.full(seen.luma.shape, -1.0, np.float32)
    bare[whole] = 1.0
    shaded = bare.copy()
    shaded[box(-0.6, 1.2, 0.12)] = 0.8 * SHADOW
    shaded[whole] = 1.0
    stillness, thing = met_at(seen, met)
    looks = [
        outlined(OPTICS, stillness, thing, seen._replace(evidence=(bare, shaded)[k % 2]))
        for k in range(OUTGROWN_FOR + 1)
    ]
    (found,) = [one for one in looks if one is not None]
    assert np.all(found[0].blob.mask[whole] > 0)


@pytest.mark.parametrize("alone", [0, WHOLE])
def test_what_comes_to_a_thing_that_was_seen_whole_is_no_part_of_it(*, alone: int) -> None:
    """Somebody walks up to a bag that lay there alone, and stops: he is not what was left.

    Where it never lay there alone it was met in part.
    """
    (*_, seen) = STAGE.seen(1.2, lambda _t: ([], []))
    met, whole = box(-1.0, 0.35, 0.5), box(-1.0, 0.5, 1.4)
    bare = np.full(seen.luma.shape, -1.0, np.float32)
    bare[met] = 1.0
    more = bare.copy()
    more[whole] = 1.0
    stillness, thing = met_at(seen, met)
    shown = [bare] * alone + [more] * (2 * OUTGROWN_FOR)
    looks = [outlined(OPTICS, stillness, thing, seen._replace(evidence=one)) for one in shown]
    assert any(one is not None for one in looks) == (alone == 0)
