"""Draws the redacted picture: from plate, gains, Reading and marks. It is given no frame.

That is what keeps pixels of people out of it: nothing here imports what holds frames (a test holds
this), so what is not in the Reading, the gains and the admitted plate cannot be in the picture.

Every shape is one flat tone with corners: no outline of another tone, no core, nothing round. What
is dark and light and round within a few pixels is a face to a detector, and at a glance to people.
"""

import datetime as dt
import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.record import EventKind, Reading
from plainview.vision.view.blocks import Activity, Block, Blocks
from plainview.vision.view.marks import Mark
from plainview.vision.view.relight import Gains, relit
from plainview.vision.view.scenery import GREY, Scenery

Colours = NDArray[np.uint8]
"""(h, w, 3), blue, green, red."""

LEVELS: Final = (
    (0.0, (178, 208, 60)),
    (0.5, (60, 200, 250)),
    (1.0, (40, 130, 245)),
    (2.0, (48, 60, 220)),
    (4.0, (140, 30, 160)),
)
"""people/m² of a block from which a colour (blue, green, red) holds."""
FAINT: Final = 0.15
"""People in a block below which it is not drawn: the edge of somebody next to it."""
STRENGTH: Final = 0.6
"""Part of a block's colour over the plate."""
SPEEDS: Final = (0.3, 0.8, 1.6)
"""m/s from which a glyph is drawn, and longer."""
WAYS: Final = 16
"""Directions of a glyph."""
CAPTION: Final = "Redacted view: drawn, not filmed"
STRIP: Final = 16
"""Pixels of the caption below the picture."""
_LETTERS: Final = {
    EventKind.DENSITY: "D",
    EventKind.CROWD_MOVEMENT: "M",
    EventKind.ZONE_INTRUSION: "Z",
    EventKind.WRONG_WAY: "W",
    EventKind.LEFT_OBJECT: "O",
    EventKind.PERSON_DOWN: "P",
    EventKind.FIRE: "F",
    EventKind.WEAPON: "X",
}
SHADE: Final = 0.7
"""Of the light of a block, in its glyph and its border: no more contrast than is needed."""
SHORTEST: Final = 10
"""Pixels of a glyph's length: a shorter one would be a spot, and tell nothing."""
BROAD: Final = 0.35
"""Of a glyph's length, its width at the blunt end."""
_GROUND: Final = 128
"""Luma of ground without a plate, and of its blocks' edges."""
_EDGE: Final = 140
_MARK: Final = (200, 0, 200)
_WHITE: Final = (255, 255, 255)
_INK: Final = (24, 24, 24)
_LINE: Final = cv2.LINE_AA
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX


def load_font() -> None:
    """Have the font at hand: it takes six megabytes, which a zygote's lenses then share."""
    cv2.getTextSize(CAPTION, _FONT, 0.36, 1)


def draw(
    plate: Scenery, gains: Gains, blocks: Blocks, reading: Reading, marks: tuple[Mark, ...]
) -> Colours:
    """The picture (h + STRIP, w, 3): `plate` in the light of `gains`, `reading` drawn over it.

    Raises ValueError for a Reading of another grid than that of `blocks`.
    """
    picture = np.asarray(cv2.cvtColor(relit(plate, gains), cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    found = [one for one in blocks.activity(reading) if _people(one, blocks) >= FAINT]
    _fill(picture, blocks, found)
    glyphs = np.zeros(picture.shape[:2], dtype=np.uint8)
    for one in found:
        _glyph(glyphs, blocks, one)
    cv2.copyTo(cv2.convertScaleAbs(picture, alpha=SHADE), glyphs, picture)
    for mark in marks:
        _mark(picture, blocks, mark)
    return _captioned(picture, reading.t)


def bare(blocks: Blocks, size: tuple[int, int]) -> Scenery:
    """What is drawn over where no plate was admitted: the measured ground's blocks, no picture.

    For (width, height) `size`.
    """
    luma = np.full((size[1], size[0]), GREY, dtype=np.uint8)
    outlines = [block.outline for block in blocks.all]
    for outline in outlines:
        cv2.fillPoly(luma, [outline], _GROUND)
    cv2.polylines(luma, outlines, isClosed=True, color=_EDGE)
    return Scenery(luma, np.ones(luma.shape, dtype=np.bool_))


def grey(size: tuple[int, int], t: int) -> Colours:
    """The picture where nothing may be shown: flat and crossed, for (width, height) `size`."""
    width, height = size
    picture = np.full((height, width, 3), GREY, dtype=np.uint8)
    for start in range(-height, width, 24):
        cv2.line(picture, (start, height), (start + height, 0), (128, 128, 128), 2)
    return _captioned(picture, t)


def touched(blocks: Blocks, reading: Reading, size: tuple[int, int]) -> NDArray[np.bool_]:
    """(h, w) the pixels that activity in `reading` may change, (width, height) `size`.

    The outlines of its blocks, and of each as far as its glyph and border reach.
    """
    mask = np.zeros((size[1], size[0]), dtype=np.uint8)
    for one in blocks.activity(reading):
        if _people(one, blocks) < FAINT:
            continue
        block = blocks.all[one.block]
        cv2.fillPoly(mask, [block.outline], 1)
        ends = _ends(blocks, one)
        if ends is not None:
            reach = 3 + math.ceil(0.3 * math.dist(*ends))
            cv2.line(mask, *ends, 1, 2 * reach + 1)
    return np.asarray(cv2.dilate(mask, np.ones((5, 5), np.uint8)) > 0)


def encoded(picture: Colours, most: int) -> bytes:
    """`picture` as a JPEG of at most `most` bytes, as good as fits. Raises ValueError if none."""
    for quality in (70, 55, 40, 25, 10):
        ok, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if ok and len(data) <= most:
            return data.tobytes()
    message = f"a picture of {picture.shape[1]} x {picture.shape[0]} does not fit in {most} bytes"
    raise ValueError(message)


def _people(one: Activity, blocks: Blocks) -> float:
    return one.density * blocks.all[one.block].area


def _colour(density: float) -> tuple[int, int, int]:
    return [colour for least, colour in LEVELS if density >= least][-1]


def _fill(picture: Colours, blocks: Blocks, found: list[Activity]) -> None:
    """Colour the blocks that hold people, far ones first, each with its border."""
    drawn = sorted(found, key=lambda one: float(blocks.all[one.block].outline[:, 0, 1].max()))
    over = picture.copy()
    for one in drawn:
        cv2.fillPoly(over, [blocks.all[one.block].outline], _colour(one.density))
    cv2.addWeighted(over, STRENGTH, picture, 1 - STRENGTH, 0, dst=picture)
    for one in drawn:
        outline = blocks.all[one.block].outline
        border = [round(SHADE * tone) for tone in _colour(one.density)]
        cv2.polylines(picture, [outline], isClosed=True, color=border)


def _ends(blocks: Blocks, one: Activity) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Where the glyph of a block's flow begins and ends, working pixels; None where it is still."""
    speed = math.hypot(one.vx, one.vy)
    length = sum(speed >= least for least in SPEEDS)
    if not length:
        return None
    block: Block = blocks.all[one.block]
    way = round(math.atan2(one.vy, one.vx) / (2 * math.pi) * WAYS) / WAYS * 2 * math.pi
    half = block.side * (0.15 + 0.1 * length)
    step = np.array([math.cos(way), math.sin(way)]) * half
    pixels, seen = blocks.pixels(np.array([block.centre - step, block.centre + step]))
    if not seen.all() or float(np.abs(pixels).max()) > 30_000:
        return None
    (ax, ay), (bx, by) = np.rint(pixels).astype(int).tolist()
    return ((ax, ay), (bx, by)) if math.dist((ax, ay), (bx, by)) >= SHORTEST else None


def _glyph(mask: NDArray[np.uint8], blocks: Blocks, one: Activity) -> None:
    """Set in `mask` (h, w) a wedge that points where those in a block go."""
    ends = _ends(blocks, one)
    if ends is None:
        return
    blunt, tip = np.array(ends, dtype=np.float64)
    across = (tip - blunt)[::-1] * (-BROAD / 2, BROAD / 2)
    wedge = np.rint([blunt - across, blunt + across, tip]).astype(np.int32)
    cv2.fillPoly(mask, [wedge[:, None]], 1)


def _mark(picture: Colours, blocks: Blocks, mark: Mark) -> None:
    """A frame around the event's place, with its letter; nothing where it is out of the picture."""
    pixels, seen = blocks.pixels(np.array([[mark.x, mark.y]]))
    if not seen[0] or float(np.abs(pixels).max()) > 30_000:
        return
    x, y = np.rint(pixels[0]).astype(int).tolist()
    half = max(round(blocks.person((mark.x, mark.y)) * 0.4), 14)
    cv2.rectangle(picture, (x - half, y - half), (x + half, y + half), _MARK, 2)
    left, top = x - half, y - half
    cv2.rectangle(picture, (left, top), (left + 13, top + 15), _MARK, cv2.FILLED)
    _write(picture, _LETTERS[mark.kind], (left + 2, top + 12), 0.45)


def _captioned(picture: Colours, t: int) -> Colours:
    """`picture` with a line below it that says what it is, and when."""
    height, width = picture.shape[:2]
    whole = np.full((height + STRIP, width, 3), _INK, dtype=np.uint8)
    whole[:height] = picture
    when = dt.datetime.fromtimestamp(t / 1000, tz=dt.UTC)
    _write(whole, f"{CAPTION}  {when:%H:%M:%S} UTC", (4, height + STRIP - 5), 0.36)
    return whole


def _write(picture: Colours, text: str, at: tuple[int, int], size: float) -> None:
    cv2.putText(picture, text, at, _FONT, size, _WHITE, 1, _LINE)
