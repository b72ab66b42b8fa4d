"""What truly happened before a camera: events.json, of a scene or of a site's own hours."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from plainview.document.given import read_given
from plainview.errors import UNDECODED, InputError
from plainview.geometry import Point
from plainview.record import EventKind

FORMAT = "docs/reference/scenes.md"
MAX_BYTES = 16 << 20
_Seconds = Annotated[float, Meta(ge=0, le=10_000_000)]
_Word = Annotated[str, Meta(min_length=1, max_length=64)]


class TrueEvent(Struct, frozen=True, forbid_unknown_fields=True):
    """One event."""

    kind: EventKind
    start: _Seconds
    """From the clip's start."""
    at: Point
    """Ground metres, where it starts."""
    end: _Seconds | None = None
    """None: it is still so when the clip ends."""
    zone: Annotated[str, Meta(max_length=64)] | None = None
    """The zone's name, where the camera has zones for this kind."""
    path: Annotated[tuple[tuple[float, float, float], ...], Meta(max_length=100_000)] = ()
    """(seconds, x, y) of one that moves."""

    def place(self, t: float) -> Point:
        """Where it is at `t` seconds: on its path, at its ends before and after."""
        if not self.path:
            return self.at
        before = self.path[0]
        for after in self.path:
            if after[0] >= t:
                span = after[0] - before[0]
                share = (t - before[0]) / span if span > 0 else 1.0
                share = min(max(share, 0.0), 1.0)
                return (
                    before[1] + share * (after[1] - before[1]),
                    before[2] + share * (after[2] - before[2]),
                )
            before = after
        return before[1], before[2]


class Spell(Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """A stretch of time in one light and weather."""

    start: _Seconds
    end: _Seconds
    light: _Word
    weather: _Word = "dry"
    quality: _Word = "good"


class SceneNote(Struct, frozen=True, forbid_unknown_fields=True):
    """Which scene of the suite it is."""

    kind: str
    story: _Word
    part: Literal["tune", "held-out", "ordinary"]
    positive: bool


class EventTruth(Struct, frozen=True, forbid_unknown_fields=True):
    """All that happened in one clip."""

    seconds: Annotated[float, Meta(gt=0, le=10_000_000)]
    events: tuple[TrueEvent, ...]
    judged: Annotated[tuple[EventKind, ...], Meta(min_length=1)]
    """Kinds of which every event is in `events`: only these are judged."""
    conditions: tuple[Spell, ...] = ()
    scene: SceneNote | None = None

    def spell_at(self, t: float) -> Spell:
        """Light and weather at `t` seconds; "unknown" where nobody wrote them down."""
        for spell in self.conditions:
            if spell.start <= t <= spell.end:
                return spell
        return Spell(0.0, self.seconds, "unknown", "unknown", "unknown")


def read_event_truth(path: Path) -> EventTruth:
    """The truth in the file at `path`.

    Raises InputError if it cannot be read or is none: events that end before they start, or are of
    a kind that is not judged; conditions that are none, overlap or go on after the clip's end.
    """
    try:
        data = read_given(path, MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InputError(
                f"the truth is larger than {MAX_BYTES >> 20} MiB",
                where=str(path),
                mend=f"See {FORMAT}",
            )
        truth = msgspec.json.decode(data, type=EventTruth)
    except OSError as error:
        raise InputError(
            f"the truth cannot be read ({error.strerror})", where=str(path), mend="Check the path"
        ) from error
    except UNDECODED as error:
        raise InputError(
            f"this is not a truth of events ({error})", where=str(path), mend=f"See {FORMAT}"
        ) from error
    for k, event in enumerate(truth.events):
        what = ""
        if event.end is not None and event.end < event.start:
            what = "ends before it starts"
        elif event.start > truth.seconds:
            what = "starts after the clip's end"
        elif event.kind not in truth.judged:
            what = f"is of kind {event.kind}, which is not among those judged"
        if what:
            raise InputError(f"events[{k}] {what}", where=str(path), mend=f"See {FORMAT}")
    _check_conditions(truth, path)
    return truth


def _check_conditions(truth: EventTruth, path: Path) -> None:
    """An hour of which two lights are told would count twice."""
    known = 0.0
    for k, spell in sorted(enumerate(truth.conditions), key=lambda one: one[1].start):
        what = ""
        if spell.end <= spell.start:
            what = "ends before it starts"
        elif spell.start < known:
            what = "begins before another one ends"
        elif spell.end > truth.seconds + 1.0:
            what = "goes on after the clip's end"
        if what:
            raise InputError(f"conditions[{k}] {what}", where=str(path), mend=f"See {FORMAT}")
        known = spell.end
