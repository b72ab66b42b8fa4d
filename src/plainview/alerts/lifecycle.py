"""An alert and its life: raised, acknowledged, escalated, cleared, each step with who and why.

Pure functions from one alert to the next. An alert is about a place and a number, or about a place
and an event; never about a person in the scene. The people in its history are those who are
responsible for the place.
"""

import enum
import math
from typing import Final

import msgspec
from msgspec import Struct, structs

from plainview.alerts import names
from plainview.alerts.kinds import KINDS, OF_NO_PLACE, AlertKind
from plainview.alerts.thresholds import ABOUT, CHECK, Level, Quantity, Threshold
from plainview.crowd.field import Estimate
from plainview.errors import UNDECODED, InputError, StoreError
from plainview.geometry import Point
from plainview.ledger.entry import legible
from plainview.store import KeptAlert

SELF: Final = "Plainview"
"""Who did what the program did by itself."""
MOST_STEPS: Final = 200
"""Steps that one alert remembers: the first, and the newest of the others."""
MOST_WHY: Final = 500
GO_AND_LOOK: Final = "No camera sees the place now: send somebody to look"


class State(enum.StrEnum):
    """Where an alert stands."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    CLEARED = "cleared"


class Step(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What happened to an alert."""

    at: float
    """UTC seconds."""
    state: State
    who: str
    why: str


class Sighting(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One event of one camera that an alert is made of."""

    event: str
    """Its id in the store."""
    camera: str
    since: float
    """UTC seconds by the camera's clock."""
    until: float | None
    """None: it has not ended, as far as is known."""
    at: Point
    """Ground metres of the site."""
    confidence: float
    """0 to 1."""


class Unseen(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """That nobody sees any more what an alert is about, and nobody has seen it end."""

    since: float
    """UTC seconds."""
    clock: str
    """The same by the site's clock, for people."""


def _figures(value: float) -> str:
    """Three figures, with a true minus sign."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


class Alert(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Something that people must look at."""

    id: str
    site: str
    """Whose people are told, and by whose clock; the site that it is about is `place`."""
    zone: str | None
    kind: AlertKind
    quantity: Quantity | None
    """What was measured; None where it is about events or a route."""
    level: Level
    """The highest that it reached."""
    state: State
    raised_at: float
    updated_at: float
    cleared_at: float | None
    value: float | None
    low: float | None
    high: float | None
    peak: float | None
    threshold: float | None
    """None where it is about events, as are value and peak."""
    source: str
    at: Point | None
    """Ground metres, where it is worst, or where it was seen first."""
    history: tuple[Step, ...]
    sightings: tuple[Sighting, ...] = ()
    """The events that it is about; none where it is about a number."""
    more: int = 0
    """Events beyond those that `sightings` has room for."""
    unseen: Unseen | None = None
    route: str = ""
    """The name of the route that does not work; empty where it is about anything else."""

    @property
    def open(self) -> bool:
        """Whether it is not over."""
        return self.state is not State.CLEARED

    @property
    def place(self) -> str | None:
        """The site that it is about; None for what is of no place: a route, late deletion."""
        return None if self.kind in OF_NO_PLACE else self.site

    @property
    def about(self) -> str:
        """The quantity, the kind where it is about events, or the name of the route."""
        if self.route:
            return self.route
        return self.kind.value if self.quantity is None else self.quantity.value

    @property
    def key(self) -> tuple[str, str | None, str]:
        """Site, zone and quantity: at most one alert of each is open. One about events has its own.

        Two things that were left in one zone are two alerts.
        """
        return self.site, self.zone, self.id if self.quantity is None else self.quantity.value

    @property
    def cameras(self) -> tuple[str, ...]:
        """The cameras that saw its events, the first one first."""
        return tuple(dict.fromkeys(one.camera for one in self.sightings))

    @property
    def confidence(self) -> float | None:
        """Of the surest of its events, 0 to 1; None where it is about a number."""
        return max((one.confidence for one in self.sightings), default=None)

    @property
    def message(self) -> str:
        """One plain sentence."""
        if self.route:
            return self._stuck()
        if self.kind is AlertKind.DELETION:
            return self._kept()
        if self.quantity is None:
            return self._seen()
        where = f"zone {self.zone}" if self.zone is not None else "the site"
        about = ABOUT[self.quantity]
        side = "below" if about.falls else "from"  # as the console's words.ts says it
        number = "not known" if self.value is None else f"{_figures(self.value)} {about.unit}"
        text = f"{names.QUANTITIES[self.quantity]} in {where} is {number}"
        if self.state is State.CLEARED:
            return f"Over: {text}."
        limit = (
            "" if self.threshold is None else f"; {self.level} {side} {_figures(self.threshold)}"
        )
        return f"{text[0].upper()}{text[1:]}{self._before(falls=about.falls)}{limit}."

    def _before(self, *, falls: bool) -> str:
        """What it came to, where it is back within its threshold and open still."""
        if self.value is None or self.peak is None or self.threshold is None:
            return ""
        within = self.value > self.threshold if falls else self.value < self.threshold
        return (
            f", {_figures(self.peak)} at its {'lowest' if falls else 'highest'}" if within else ""
        )

    def _seen(self) -> str:
        name = names.KINDS[self.kind]
        where = f"in zone {self.zone}" if self.zone is not None else "at this site"
        several = f", seen by {len(self.cameras)} cameras" if len(self.cameras) > 1 else ""
        sure = "" if self.confidence is None else f" ({100 * self.confidence:.0f} % sure)"
        more = f"; {self.more} more like it" if self.more else ""
        gone = "" if self.unseen is None else f"; not seen since {self.unseen.clock}"
        text = f"{name} {where}{several}{sure}{more}{gone}"
        if self.state is State.CLEARED and self.unseen is not None and self.history[-1].who == SELF:
            return f"Cleared, though nobody saw it end: {text[0].lower()}{text[1:]}."
        if self.state is State.CLEARED:
            return f"Over: {text[0].lower()}{text[1:]}."
        return f"{text}; {self.level}."

    def _stuck(self) -> str:
        if self.state is not State.CLEARED:
            return f"Alerts do not arrive by the route {self.route}: {self.history[0].why}."
        if self.history[-1].who == SELF:
            return f"Over: {self.history[-1].why} (route {self.route})."
        return f"Over, by {self.history[-1].who}'s word: the route {self.route} did not work."

    def _kept(self) -> str:
        if self.state is not State.CLEARED:
            return f"{names.KINDS[self.kind]}: {self.history[0].why}."
        if self.history[-1].who == SELF:
            return f"Over: {self.history[-1].why}."
        return f"Over, by {self.history[-1].who}'s word: footage was kept too long."

    @property
    def check(self) -> tuple[str, ...]:
        """What to check, in plain words."""
        told = KINDS[self.kind].check if self.quantity is None else CHECK[self.quantity]
        return told if self.unseen is None else (GO_AND_LOOK, *told)


def raised(
    *, name: str, site: str, threshold: Threshold, now: float, seen: Estimate, at: Point | None
) -> Alert:
    """A new alert: `threshold` was passed for as long as it asks."""
    side = "below" if threshold.about.falls else "above"
    why = f"{side} {threshold.limit:g} {threshold.about.unit} for {threshold.lasts:g} s"
    return Alert(
        id=name,
        site=site,
        zone=threshold.zone,
        kind=AlertKind(threshold.about.kind.value),
        quantity=threshold.quantity,
        level=threshold.level,
        state=State.RAISED,
        raised_at=now,
        updated_at=now,
        cleared_at=None,
        value=_number(seen.value),
        low=_number(seen.low),
        high=_number(seen.high),
        peak=seen.value,
        threshold=threshold.limit,
        source=threshold.source,
        at=at,
        history=(Step(now, State.RAISED, SELF, why),),
    )


def stuck(name: str, site: str, route: str, now: float, why: str) -> Alert:
    """A new alert: nothing arrives by `route`, which tells of `site`."""
    bare = numberless(
        name,
        site,
        AlertKind.ROUTE,
        now,
        source="See the page Deliveries",
        why=reason(why[:MOST_WHY]),
    )
    return structs.replace(bare, route=route)


def numberless(
    name: str, site: str, kind: AlertKind, now: float, *, source: str, why: str
) -> Alert:
    """A new alert that is about no quantity, of the whole site."""
    return Alert(
        id=name,
        site=site,
        zone=None,
        kind=kind,
        quantity=None,
        level=KINDS[kind].level,
        state=State.RAISED,
        raised_at=now,
        updated_at=now,
        cleared_at=None,
        value=None,
        low=None,
        high=None,
        peak=None,
        threshold=None,
        source=source,
        at=None,
        history=(Step(now, State.RAISED, SELF, why),),
    )


def out_of_sight(alert: Alert, now: float, unseen: Unseen, why: str) -> Alert:
    """Nobody sees any more what it is about. Raises InputError where it is over."""
    text = f"not seen since {unseen.clock}: {why}"
    done = _step(_still_open(alert), alert.state, now, SELF, text[:MOST_WHY])
    return structs.replace(done, unseen=unseen)


def in_sight(alert: Alert, now: float) -> Alert:
    """What it is about is seen again. Raises InputError where it is over."""
    done = _step(_still_open(alert), alert.state, now, SELF, "it is seen again")
    return structs.replace(done, unseen=None)


def looked(alert: Alert, now: float, seen: Estimate, at: Point | None) -> Alert:
    """`alert` with the newest number; `seen` unknown: no number now, and the last peak."""
    if not seen.known:
        return structs.replace(alert, updated_at=now, value=None, low=None, high=None)
    falls = alert.quantity is not None and ABOUT[alert.quantity].falls
    peaks = (seen.value,) if alert.peak is None else (alert.peak, seen.value)
    peak = min(peaks) if falls else max(peaks)
    return structs.replace(
        alert,
        updated_at=now,
        value=_number(seen.value),
        low=_number(seen.low),
        high=_number(seen.high),
        peak=peak,
        at=alert.at if at is None else at,
    )


def _number(value: float) -> float | None:
    """`value` where it is a number: a time to reach what is never reached is none."""
    return value if math.isfinite(value) else None


def risen(alert: Alert, threshold: Threshold, now: float) -> Alert:
    """`alert` passed a threshold again, or a higher one: it must be looked at anew."""
    higher = threshold.level is Level.ALARM or alert.level is Level.WARNING
    if higher:
        alert = structs.replace(
            alert, level=threshold.level, threshold=threshold.limit, source=threshold.source
        )
    state = State.ESCALATED if alert.state is State.ESCALATED else State.RAISED
    return _step(alert, state, now, SELF, f"{threshold.level} threshold passed")


def acknowledged(alert: Alert, now: float, who: str, why: str) -> Alert:
    """Somebody looks at it. Raises InputError where it is over."""
    return _step(_still_open(alert), State.ACKNOWLEDGED, now, who, reason(why))


def escalated(alert: Alert, now: float, who: str, why: str) -> Alert:
    """It goes to those above. Raises InputError where it is over."""
    return _step(_still_open(alert), State.ESCALATED, now, who, reason(why))


def cleared(alert: Alert, now: float, who: str, why: str) -> Alert:
    """It is over. Raises InputError where it was already."""
    done = _step(_still_open(alert), State.CLEARED, now, who, reason(why))
    return structs.replace(done, cleared_at=done.updated_at)


def since(alert: Alert) -> float:
    """UTC seconds since when it is in its state: what is noticed meanwhile is a step of its own."""
    at = alert.history[-1].at
    for step in reversed(alert.history):
        if step.state is not alert.state:
            break
        at = step.at
    return at


def reason(why: str) -> str:
    """`why` on one line, as any page can show it.

    Raises InputError where nothing that can be seen, or too much, is said.
    """
    said = legible(why)
    if not 1 <= len(said) <= MOST_WHY:
        raise InputError(
            f"a reason has 1 to {MOST_WHY} signs, this one {len(said)}",
            where="why",
            mend="Say in a few words why",
        )
    return said


def _still_open(alert: Alert) -> Alert:
    if not alert.open:
        last = alert.history[-1]
        raise InputError(
            f"this alert is over: cleared by {last.who}", where=alert.id, mend="Load the page again"
        )
    return alert


def _step(alert: Alert, state: State, now: float, who: str, why: str) -> Alert:
    # A clock that was set back must not turn the order of what happened.
    at = max(now, alert.history[-1].at)
    steps = (*alert.history, Step(at, state, who, why))
    if len(steps) > MOST_STEPS:
        steps = (steps[0], *steps[-(MOST_STEPS - 1) :])
    return structs.replace(alert, state=state, updated_at=at, history=steps)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Alert)


def packed(alert: Alert) -> KeptAlert:
    """`alert` as the store keeps it."""
    changed = round(alert.history[-1].at * 1000)
    return KeptAlert(
        alert.id,
        alert.site,
        changed,
        alert.open,
        _encoder.encode(alert),
        alert.kind,
        round(alert.raised_at * 1000),
        alert.zone,
        alert.at,
        "\n".join(step.why for step in alert.history if step.who != SELF),
        alert.state.value,
    )


def unpacked(kept: KeptAlert) -> Alert:
    """The alert that was kept. Raises StoreError where it cannot be read."""
    try:
        return _decoder.decode(kept.data)
    except UNDECODED as error:
        raise StoreError(
            f"a kept alert cannot be read ({error})",
            where=f"alert {kept.id}",
            mend="It was written by another version: go on with that one",
        ) from error
