"""A camera's scorecard: what its events were worth over recorded hours, and what follows from it.

`plainview evaluate events --card` makes one; CAMERA.toml names it. A kind of event is validated
only by a card of this very camera, as it is configured now and measured by this very version.
"""

from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct, structs

from plainview.document.given import read_given
from plainview.errors import UNDECODED, InputError
from plainview.geometry import View
from plainview.governance.fingerprint import fingerprint
from plainview.record import EventKind, EventStanding

FORMAT: Final = "plainview.scorecard/v3"
LEAST_HOURS: Final = 24.0
"""Watched hours below which a rate of false alarms per day says nothing."""
LEAST_LIGHT: Final = 1.0
"""Hours that a light must have lasted to count as one that the card covers."""
LEAST_LIGHTS: Final = 2
"""Different lights (day and night, sun and overcast) that a card must cover."""
LEAST_EVENTS: Final = 10
"""True events of a kind; they may be staged."""
BARS: Final = {
    EventKind.ZONE_INTRUSION: 0.9,
    EventKind.WRONG_WAY: 0.9,
    EventKind.LEFT_OBJECT: 0.9,
    EventKind.FIRE: 0.9,
    EventKind.PERSON_DOWN: 0.85,
}
"""Recall and precision that a kind must reach."""
BAR_ELSE: Final = 0.9
MOST_FALSE: Final = 1.0
"""False alarms per camera-day that a kind may have."""
MAX_BYTES: Final = 65_536

_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
_Hours = Annotated[float, Meta(ge=0, le=10_000_000)]
_Word = Annotated[str, Meta(min_length=1, max_length=64)]


class Interval(Struct, frozen=True, forbid_unknown_fields=True):
    """A share or a rate with its 90 % interval. `value` is null where nothing was counted."""

    value: float | None
    low: float
    high: float | None
    """Null: without bound."""


class KindCard(Struct, frozen=True, forbid_unknown_fields=True):
    """What the events of one kind were worth."""

    kind: EventKind
    events: _Count
    """True ones."""
    hits: _Count
    false: _Count
    late: _Count
    repeats: _Count
    recall: Interval
    """Of all true ones, those too that began while the camera could not be believed."""
    precision: Interval
    false_per_day: Interval
    doubted: _Count
    """True ones that began while the camera could not be believed."""
    doubted_hits: _Count
    """How many of those were found."""
    believed_recall: Interval
    """Of the others: what the detector is worth where the camera sees."""

    def in_doubt(self) -> str:
        """What became of the events of doubted hours, to follow a semicolon; empty without any."""
        if not self.doubted:
            return ""
        others = self.events - self.doubted
        found = f", {self.hits - self.doubted_hits} of the other {others}" if others else ""
        return (
            f"{self.doubted} of {self.events} began while the camera could not be believed;"
            f" found: {self.doubted_hits} of these{found}"
        )


class Scorecard(Struct, frozen=True, forbid_unknown_fields=True):
    """A site calibration report of one camera."""

    format: str
    camera: _Word
    fingerprint: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    """Of the calibration, area and zones that were measured with: `seen_as`."""
    version: _Word
    """Of the program that measured."""
    made: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")]
    """UTC date."""
    hours: _Hours
    """Recorded, and the camera could be believed."""
    light: dict[_Word, _Hours]
    """Hours in each light."""
    weather: dict[_Word, _Hours]
    kinds: Annotated[tuple[KindCard, ...], Meta(max_length=8)]
    left_out: _Hours
    """Hours that were recorded besides, in which the camera must not be believed: a health flag."""

    def of(self, kind: EventKind) -> KindCard | None:
        """What the card says of `kind`."""
        return next((one for one in self.kinds if one.kind is kind), None)


class Judgement(NamedTuple):
    """What a camera's events of one kind are good for, and why."""

    standing: EventStanding
    why: str
    """One plain sentence."""


class _Form(Struct, frozen=True):
    format: Annotated[str, Meta(max_length=64)]


def seen_as(view: View) -> str:
    """The fingerprint of how a camera sees the ground, wherever its picture comes from.

    Calibration, area and zones; lines and the grid are no part of it: no event depends on them.
    """
    return fingerprint("", structs.replace(view, lines=(), cell=1.0))


def read_scorecard(path: Path) -> Scorecard:
    """The card in the file at `path`. Raises InputError if it cannot be read or is none."""
    try:
        data = read_given(path, MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"the scorecard cannot be read ({error.strerror})", where=str(path), mend=_MEND
        ) from error
    try:
        # First, so that a card of another version is said to be one, not to lack what that had not.
        form = msgspec.json.decode(data, type=_Form).format
        what = f"its format is {form!r}, not {FORMAT!r}"
        if len(data) <= MAX_BYTES and form == FORMAT:
            return msgspec.json.decode(data, type=Scorecard)
    except UNDECODED as error:
        what = str(error)
    raise InputError(f"this is not a scorecard ({what})", where=str(path), mend=_MEND)


_MEND = "Make one with 'plainview evaluate events --card'; see docs/guide/scorecards.md"


def judgement(
    card: Scorecard | None, *, camera: str, view: View, kind: EventKind, version: str
) -> Judgement:
    """What `camera`'s events of `kind` are good for by `card`: validated, or else experimental.

    `view` and `version` are those of now. Never OFF: that is the configuration's to say.
    """
    why = _doubt(card, camera, view, version)
    found = card.of(kind) if card and not why else None
    if not why and found is None:
        why = "the scorecard says nothing of this kind"
    if not why and found is not None:
        why = _shortfall(found)
    if why or found is None or card is None:
        return Judgement(EventStanding.EXPERIMENTAL, why)
    return Judgement(EventStanding.VALIDATED, _praise(card, found))


def _doubt(card: Scorecard | None, camera: str, view: View, version: str) -> str:
    """Why `card` says nothing of the camera as it is now; empty where it does."""
    if card is None:
        return "there is no scorecard: it was never measured at this camera"
    return _other(card, camera, view, version) or _too_little(card)


def _other(card: Scorecard, camera: str, view: View, version: str) -> str:
    """Whether the card is of something else than what there is now."""
    if card.camera != camera:
        return f"the scorecard is of camera {card.camera!r}"
    if card.fingerprint != seen_as(view):
        return "calibration, area or zones have changed since the scorecard was made"
    if card.version != version:
        return f"the scorecard was made by version {card.version}; this is {version}"
    return ""


def _too_little(card: Scorecard) -> str:
    """Whether the card covers too little time or light."""
    if card.hours < LEAST_HOURS:
        besides = f"{card.left_out:.1f}"
        besides = "" if besides == "0.0" else f" and {besides} more could not be believed"
        return f"{card.hours:.1f} hours were watched{besides}; {LEAST_HOURS:g} are needed"
    lights = [name for name, hours in card.light.items() if hours >= LEAST_LIGHT]
    if len(lights) < LEAST_LIGHTS:
        return f"only {len(lights)} kind of light was watched for an hour or more"
    return ""


def _shortfall(found: KindCard) -> str:
    bar = BARS.get(found.kind, BAR_ELSE)
    if found.events < LEAST_EVENTS:
        return f"{found.events} true events were recorded; {LEAST_EVENTS} are needed"
    if found.recall.value is None or found.recall.value < bar:
        besides = found.in_doubt()
        reached = f"{found.hits} of {found.events} true events were found"
        return f"{reached}; {100 * bar:g} % are needed" + (besides and f"; {besides}")
    if found.precision.value is None or found.precision.value < bar:
        told = found.hits + found.false
        return f"{found.hits} of {told} that it told were true; {100 * bar:g} % are needed"
    if found.false_per_day.value is None or found.false_per_day.value > MOST_FALSE:
        value = found.false_per_day.value
        reached = "unknown" if value is None else f"{value:.1f}"
        return f"false alarms a day: {reached}; {MOST_FALSE:g} is allowed"
    return ""


def _praise(card: Scorecard, found: KindCard) -> str:
    upper = found.false_per_day.high
    most = "an unknown number" if upper is None else f"{upper:.1f}"
    besides = found.in_doubt()
    return (
        f"{found.hits} of {found.events} events found in {card.hours:.0f} hours,"
        f" {found.false} false (at most {most} a day, 90 % sure)" + (besides and f"; {besides}")
    )
