"""The redacted view as it leaves a lens: a drawn picture, and the plate that it is drawn over.

Only containers: what their bytes show is made and read in `vision` alone. A picture is drawn from a
plate that a person admitted, from a few quantised numbers about the light and from the Reading that
goes out with it. It holds no pixel of a live frame (docs/design/0024-view.md).
"""

import enum
import hashlib
import itertools
import math
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, InputError
from plainview.record import COUNT_STEP, EventKind, Health

RULES: Final = 2
"""By which a plate was learned and voted on. One of other rules is not shown."""
LEAST_SPAN: Final = 16 * 3_600_000
"""Milliseconds that a plate is learned over, at least: longer than people sleep."""
NEEDED_LOOKS: Final = 9
"""Looks that fill `LEAST_SPAN`, one every two hours."""
OLDEST_LOOK: Final = 36 * 3_600_000
"""Milliseconds after which a look counts no more, and is deleted."""
MOST_LOOKS: Final = 12
"""Looks that are kept and voted on; the oldest go first."""
MAX_PICTURE: Final = 65_536
"""Bytes of one encoded picture with its envelope."""
MOST_RATE: Final = 2.0
"""Pictures a second, at most."""
MAX_VIEW_PLATE: Final = 1 << 20
"""Bytes of one plate, with its envelope."""
MAX_LOOKS: Final = (1 << 20) - 64
"""Bytes of the looks of a day, with their envelope: with a tag they are as a plate may be."""
MAX_MASKS: Final = 64
MAX_CORNERS: Final = 64
LEARNED_TAG: Final = b"view-plate\n"
"""What a learned plate begins with on the lens's channel of plates."""
LOOKS_TAG: Final = b"view-looks\n"
"""What the looks of a day begin with there."""

_Millis = Annotated[int, Meta(ge=0, le=10_000_000_000_000)]
_Pixels = Annotated[int, Meta(ge=16, le=4096)]
_People = Annotated[int, Meta(ge=0, le=16_000_000)]
_Share = Annotated[float, Meta(ge=0, le=1)]
Corner = tuple[_Share, _Share]
"""x and y as parts of the picture's width and height, from its top left."""
Mask = Annotated[tuple[Corner, ...], Meta(min_length=3, max_length=MAX_CORNERS)]
"""A polygon that a person drew over a poster, a window or a screen."""
Masks = Annotated[tuple[Mask, ...], Meta(max_length=MAX_MASKS)]


class ViewState(enum.StrEnum):
    """What a picture shows."""

    SHOWN = "shown"
    """The plate, relit, with the activity of its Reading."""
    NO_PLATE = "no-plate"
    """Plain ground with the activity of its Reading: no plate was admitted."""
    UNFIT = "unfit"
    """The same: the plate is of another picture size, or cannot be read."""
    UNHEALTHY = "unhealthy"
    """Grey: the camera is not to be believed now."""


class Picture(Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """One drawn picture, and the numbers of the Reading that it was drawn from."""

    t: _Millis
    """End of the Reading's interval, UTC milliseconds."""
    state: ViewState
    count: _People
    """In `record.COUNT_STEP`, as are its ends."""
    low: _People
    high: _People
    health: Annotated[tuple[Health, ...], Meta(max_length=7)]
    marks: Annotated[tuple[EventKind, ...], Meta(max_length=32)]
    """Kinds of the events that are marked, one for each mark."""
    jpeg: Annotated[bytes, Meta(max_length=MAX_PICTURE)]

    @property
    def people(self) -> tuple[float, float, float]:
        """Count and the ends of its 90 % interval, in people."""
        return (self.count * COUNT_STEP, self.low * COUNT_STEP, self.high * COUNT_STEP)


class ViewPlate(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A learned picture of the empty scene, and how it was voted on."""

    rules: Annotated[int, Meta(ge=0, le=1_000_000)]
    width: _Pixels
    height: _Pixels
    since: _Millis
    """The first and the last look that it was learned from, UTC milliseconds."""
    until: _Millis
    votes: Annotated[int, Meta(ge=1, le=1000)]
    """Looks that voted, two hours from each to the next."""
    settled: _Share
    """Part of the picture that they agreed on; the rest is filled flat."""
    png: Annotated[bytes, Meta(max_length=MAX_VIEW_PLATE)]
    """Grey, 8 bits; flat where they did not agree."""


class ViewLooks(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """The looks of the last day, which a lens that is started anew goes on from.

    Nobody is shown them: a look may hold somebody who sleeps.
    """

    rules: Annotated[int, Meta(ge=0, le=1_000_000)]
    width: _Pixels
    height: _Pixels
    since: _Millis
    """The begin of the first and the end of the last, UTC milliseconds."""
    until: _Millis
    looks: Annotated[int, Meta(ge=1, le=MOST_LOOKS)]
    body: Annotated[bytes, Meta(max_length=MAX_LOOKS)]
    """Read in `vision` alone."""


class AdmittedPlate(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A plate that a person looked at, found free of people, and drew masks on."""

    rules: Annotated[int, Meta(ge=0, le=1_000_000)]
    at: _Millis
    plate: Annotated[bytes, Meta(max_length=MAX_VIEW_PLATE)]
    masks: Masks


_encoder = msgspec.msgpack.Encoder()
_pictures = msgspec.msgpack.Decoder(Picture)
_plates = msgspec.msgpack.Decoder(ViewPlate)
_looks = msgspec.msgpack.Decoder(ViewLooks)
_admitted = msgspec.msgpack.Decoder(AdmittedPlate)
_MEND = "Let the camera learn it anew: 'plainview camera view forget'"


def encode(thing: Picture | ViewPlate | ViewLooks | AdmittedPlate) -> bytes:
    """MessagePack bytes of `thing`."""
    return _encoder.encode(thing)


def read_picture(data: bytes) -> Picture:
    """The picture in `data`, strictly. Raises InputError if it is none, or none that may be.

    A picture is a JPEG by its first and last bytes; what it shows is not looked at.
    """
    try:
        picture = _pictures.decode(data)
    except UNDECODED as error:
        raise InputError("not a picture of a view", where="view") from error
    whole = picture.jpeg.startswith(b"\xff\xd8\xff") and picture.jpeg.endswith(b"\xff\xd9")
    if not whole or not picture.low <= picture.count <= picture.high:
        raise InputError("not a picture of a view", where="view")
    if _encoder.encode(picture) != data:
        raise InputError("not encoded in the one way that a picture is", where="view")
    return picture


def read_view_plate(data: bytes) -> ViewPlate:
    """The learned plate in `data`. Raises InputError if it is none or by older rules."""
    try:
        plate = _plates.decode(data)
    except UNDECODED as error:
        raise InputError("not a plate for the view", where="plate", mend=_MEND) from error
    if plate.rules != RULES:
        raise InputError(
            f"a plate that was learned by rules {plate.rules}, not {RULES}",
            where="plate",
            mend=_MEND,
        )
    if plate.until - plate.since < LEAST_SPAN or not plate.png.startswith(b"\x89PNG"):
        raise InputError("a plate that was learned too quickly", where="plate", mend=_MEND)
    return plate


def read_view_looks(data: bytes) -> ViewLooks:
    """The looks in `data`. Raises InputError if it holds none, or such of older rules."""
    try:
        looks = _looks.decode(data)
    except UNDECODED as error:
        raise InputError("no looks for a view's plate", where="plate", mend=_MEND) from error
    if looks.rules != RULES or looks.until < looks.since:
        raise InputError("looks that were taken by other rules", where="plate", mend=_MEND)
    return looks


def read_admitted(data: bytes) -> tuple[AdmittedPlate, ViewPlate]:
    """The admitted plate in `data`. Raises InputError if it is none or by older rules."""
    try:
        admitted = _admitted.decode(data)
    except UNDECODED as error:
        raise InputError("not an admitted plate", where="plate", mend=_MEND) from error
    if admitted.rules != RULES:
        raise InputError(
            f"a plate that was admitted by rules {admitted.rules}, not {RULES}",
            where="plate",
            mend=_MEND,
        )
    return admitted, read_view_plate(admitted.plate)


def check_masks(masks: Masks) -> None:
    """Raise InputError for a mask that covers nothing, or is no polygon in the picture."""
    for k, mask in enumerate(masks):
        corners = [*mask, mask[0]]
        doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(corners))
        finite = all(math.isfinite(value) for corner in mask for value in corner)
        if not finite or abs(doubled) < 1e-6:
            raise InputError(
                "a mask that covers nothing",
                where=f"masks[{k}]",
                mend="Draw at least three corners that are not in a line",
            )


def digest(plate: bytes) -> str:
    """SHA-256, in hexadecimal: names the plate that was looked at."""
    return hashlib.sha256(plate).hexdigest()
