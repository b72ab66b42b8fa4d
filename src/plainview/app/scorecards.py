"""Which of a city's events are validated: the cameras' scorecards, read where they are named."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from plainview import __version__
from plainview.config import CameraConfig, CityConfig
from plainview.errors import InputError
from plainview.governance.register import Scorecard as RegisterScorecard
from plainview.governance.scorecard import (
    Judgement,
    KindCard,
    Scorecard,
    judgement,
    read_scorecard,
)
from plainview.governance.words import LANGUAGES, SOURCE, Words
from plainview.record import EventKind, EventStanding

_log = structlog.get_logger(__name__)
_Stamp = tuple[int, int]
_TOLD = 0.05
"""Hours from which it is told that they were left out: less would be told as none."""


class Scorecards:
    """Owns the cards last read, each until its file changes. Thread-safe: it only caches."""

    def __init__(self, city: Callable[[], CityConfig]) -> None:
        """Of the cameras as `city` is configured now."""
        self._city = city
        self._known: dict[str, tuple[_Stamp, Scorecard | None, str]] = {}

    def standing_of(self, camera: str, kind: EventKind) -> EventStanding:
        """What `camera`'s events of `kind` are good for. EXPERIMENTAL for a camera that is none."""
        return self.judgement(camera, kind).standing

    def judgement(self, camera: str, kind: EventKind) -> Judgement:
        """The same with its reason."""
        one = next((one for one in self._city().cameras() if one.id == camera), None)
        if one is None:
            return Judgement(EventStanding.EXPERIMENTAL, "there is no such camera")
        return self.of(one, kind)

    def of(self, camera: CameraConfig, kind: EventKind) -> Judgement:
        """What the events of `kind` of `camera` are good for, and why."""
        if kind in camera.events.off:
            return Judgement(EventStanding.OFF, "it is switched off in the camera's file")
        card, trouble = self._card(camera.events.scorecard)
        if trouble:
            return Judgement(EventStanding.EXPERIMENTAL, trouble)
        return judgement(card, camera=camera.id, view=camera.view, kind=kind, version=__version__)

    def card(self, camera: CameraConfig) -> Scorecard | None:
        """The card that the camera's file names; None where there is none that can be read."""
        return self._card(camera.events.scorecard)[0]

    def _card(self, path: str | None) -> tuple[Scorecard | None, str]:
        """The card at `path`, or why it cannot be read."""
        if path is None:
            return None, ""
        try:
            stat = Path(path).stat()
        except OSError as error:
            return None, f"its scorecard cannot be read ({error.strerror})"
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            card, trouble = None, ""
            try:
                card = read_scorecard(Path(path))
            except InputError as error:
                trouble = error.what
                _log.warning("a scorecard cannot be used", why=error.line())
            known = self._known[path] = (stamp, card, trouble)
        return known[1], known[2]


def public_cards(cards: Scorecards, camera: CameraConfig) -> Iterator[RegisterScorecard]:
    """What the public is told of `camera`'s events: of each kind on its card, and of those off.

    In every language of the portal; why one is experimental stands behind the English only.
    """
    card = cards.card(camera)
    for kind in EventKind:
        on_it = card.of(kind) if card else None
        if on_it is not None or kind in camera.events.off:
            found = cards.of(camera, kind)
            texts = {language: _told(Words(language), found, card, on_it) for language in LANGUAGES}
            yield RegisterScorecard(f"events:{kind}", texts)


def _told(words: Words, found: Judgement, card: Scorecard | None, on_it: KindCard | None) -> str:
    text = words.text(f"card.{found.standing.value}")
    if card is not None and on_it is not None:
        rate = on_it.false_per_day
        none = words.text("unknown")
        text += " " + words.text(
            "card.numbers",
            false=none if rate.value is None else words.number(rate.value, 1),
            low=words.number(rate.low, 1),
            high=none if rate.high is None else words.number(rate.high, 1),
            hits=words.number(on_it.hits),
            events=words.number(on_it.events),
            hours=words.number(card.hours),
            day=words.day(dt.date.fromisoformat(card.made)),
        )
        if card.left_out >= _TOLD:
            text += " " + words.text("card.left-out", hours=words.number(card.left_out, 1))
        if on_it.doubted:
            text += " " + words.text(
                "card.in-doubt",
                events=words.number(on_it.doubted),
                hits=words.number(on_it.doubted_hits),
            )
    doubted = found.standing is EventStanding.EXPERIMENTAL
    return f"{text} Why: {found.why}." if doubted and words.language == SOURCE else text
