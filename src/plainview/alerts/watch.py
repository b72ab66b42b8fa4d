"""One threshold against what is measured: a state machine that is sure before it says anything.

Time is the measurements' own, so that a clock that is set or a pause in measuring makes no alert.
"""

import enum
from typing import Final, NamedTuple

from msgspec import Struct, structs

from plainview.alerts.thresholds import About, Threshold
from plainview.crowd.field import UNKNOWN, Estimate, Side
from plainview.geometry import Point

GAP: Final = 5.0
"""Seconds without a clear answer after which what was rising starts anew."""
CALM: Final = 10.0
"""Seconds for which it must be clearly over, at least, before an alert ends by itself."""


class WatchState(enum.StrEnum):
    """Where one threshold stands."""

    CLEAR = "clear"
    RISING = "rising"
    """Passed, but not for long enough yet, or cleared by a person and not below since."""
    RAISED = "raised"
    CANNOT_TELL = "cannot-tell"
    OFF = "off"
    """Not permitted."""


class Look(NamedTuple):
    """What was measured of one quantity in one zone at one moment."""

    t: float
    """UTC seconds of the measurement."""
    seen: Estimate = UNKNOWN
    at: Point | None = None
    """Ground metres, where it is worst."""
    whole: bool = False
    """Whether all the ground that cameras cover there was seen. Else nothing is over."""
    why: str = ""
    """Why it cannot be told, where it cannot."""


class Turn(enum.Enum):
    """What a look changes."""

    NONE = enum.auto()
    RISE = enum.auto()
    FALL = enum.auto()


NOT_YET: Final = "nothing was measured since the start"


class Standing(Struct, frozen=True):
    """One threshold's memory."""

    state: WatchState = WatchState.CANNOT_TELL
    """Before the first look: that nothing was seen is no all-clear."""
    why: str = NOT_YET
    seen: Estimate = UNKNOWN
    t: float = float("-inf")
    """Of the last look."""
    passed: float | None = None
    """Since when it is passed; None: it is not."""
    last: float = float("-inf")
    """When there was last a sure answer that counts towards rising or towards the end."""
    calm: float | None = None
    """Since when a raised one is clearly over."""
    held: bool = False
    """A person has cleared it: it must be below before it may rise again."""

    @property
    def raised(self) -> bool:
        """Whether it has an open alert."""
        return self.state is WatchState.RAISED


def side(seen: Estimate, limit: float, about: About) -> Side:
    """Where `seen` stands against `limit`; ABOVE is always the bad side."""
    if about.sure is not None:
        return seen.past(limit, sure=about.sure)
    if about.falls:
        seen, limit = Estimate(-seen.value, -seen.high, -seen.low), -limit
    return seen.against(limit)


def step(before: Standing, threshold: Threshold, look: Look) -> tuple[Standing, Turn]:
    """The standing after `look`, and whether an alert is to be raised or may end.

    Passed surely for `threshold.lasts` seconds: RISE. Raised, and beyond `threshold.clear` on all
    of the covered ground for as long (CALM at least): FALL. An error larger than the signal, or
    ground that is not seen, does neither.
    """
    about = threshold.about
    if look.t < before.t:
        # The clock was set back: what was rising starts anew, what is raised stays.
        before = structs.replace(before, passed=None, calm=None, last=float("-inf"))
    now = structs.replace(before, seen=look.seen, t=look.t, why="")
    over = side(look.seen, threshold.limit, about)
    below = look.whole and side(look.seen, threshold.clear, about) is Side.BELOW
    if before.raised:
        return _raised(now, threshold, look, over, below=below)
    if now.held and not below:
        return structs.replace(now, state=WatchState.RISING, passed=None, why=_HELD), Turn.NONE
    now = structs.replace(now, held=False)
    if over is Side.ABOVE:
        return _rising(now, threshold, look)
    if over is Side.CANNOT_TELL or not look.whole:
        kept = now.passed if look.t - now.last <= GAP else None
        why = look.why or _why(look.seen)
        return structs.replace(now, state=WatchState.CANNOT_TELL, passed=kept, why=why), Turn.NONE
    return structs.replace(now, state=WatchState.CLEAR, passed=None), Turn.NONE


_HELD: Final = "a person has cleared it; it is raised again only after it was below"


def _rising(now: Standing, threshold: Threshold, look: Look) -> tuple[Standing, Turn]:
    since = look.t if now.passed is None or look.t - now.last > GAP else now.passed
    now = structs.replace(now, passed=since, last=look.t)
    # Measured times are milliseconds; a sum of them may miss by less.
    if look.t - since >= threshold.lasts - 1e-3:
        return structs.replace(now, state=WatchState.RAISED, calm=None), Turn.RISE
    why = f"passed for {look.t - since:.0f} of {threshold.lasts:g} s"
    return structs.replace(now, state=WatchState.RISING, why=why), Turn.NONE


def _raised(
    now: Standing, threshold: Threshold, look: Look, over: Side, *, below: bool
) -> tuple[Standing, Turn]:
    if not below:
        told = over is not Side.CANNOT_TELL and look.whole
        why = "" if told or over is Side.ABOVE else look.why or _why(look.seen)
        return structs.replace(now, calm=None, why=why), Turn.NONE
    # Time in which nothing was seen is no time of calm.
    fresh = now.calm is None or look.t - now.last > GAP
    since = look.t if now.calm is None or fresh else now.calm
    now = structs.replace(now, calm=since, last=look.t)
    if look.t - since >= max(threshold.lasts, CALM) - 1e-3:
        return structs.replace(now, state=WatchState.CLEAR, passed=None, calm=None), Turn.FALL
    return now, Turn.NONE


def _why(seen: Estimate) -> str:
    if not seen.known:
        return "nothing is measured there"
    return "the error is larger than the distance to the threshold"


def resumed(*, held: bool) -> Standing:
    """Of a threshold whose alert was open (or, `held`, cleared by a person) before a restart."""
    return Standing(held=True) if held else Standing(WatchState.RAISED, why="")


def off(why: str) -> Standing:
    """Of a threshold that may not be watched."""
    return Standing(WatchState.OFF, why)
