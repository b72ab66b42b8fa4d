"""The page about recognition schemes that others propose: published figures, and a visitor's own.

Plainview recognises nobody; this is arithmetic. What a visitor types is in the address of the page
that answers, and nowhere else.
"""

import functools
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from markupsafe import Markup

from plainview.civic.proposal.figures import preset_rates, usable
from plainview.civic.proposal.formulas import Estimate
from plainview.civic.proposal.outcome import assess
from plainview.civic.proposal.presets import Preset, presets
from plainview.civic.proposal.report import Report, Source, report, source
from plainview.civic.proposal.scenario import (
    MOST_CAMERAS,
    MOST_FACES,
    MOST_LISTED,
    Group,
    Limit,
    Rates,
    Scenario,
    carried,
)
from plainview.civic.proposal.words import number, one_in, ranged
from plainview.governance.words import Words, words

CAMERAS: Final = 60_000
FACES: Final = 5_000.0
"""What the published figures are applied to, and what the form begins with."""
OWN: Final = "own"
MOST_DIGITS: Final = 30

_NUMBER: Final = re.compile(r"-?(\d+\.?\d*|\.\d+)(e-?\d{1,2})?", re.ASCII | re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_POINTS: Final = re.compile(r"-?\d{1,3}(\.\d{3})+", re.ASCII)


class _Kind(NamedTuple):
    """What may stand in one field."""

    low: float
    high: float
    begin: str
    whole: bool = False
    needed: bool = False


_KINDS: Final = {
    "cameras": _Kind(1, MOST_CAMERAS, str(CAMERAS), whole=True, needed=True),
    "faces": _Kind(1, MOST_FACES, f"{FACES:.0f}", needed=True),
    "list": _Kind(1, MOST_LISTED, "10000", whole=True),
    "prevalence": _Kind(0, 1_000_000, "10"),
    "stops": _Kind(0, 100, "60"),
    "minutes": _Kind(0, 1440, "2"),
    "limit": _Kind(0.001, 1e12, "1000"),
    "one_in": _Kind(1, 1e15, ""),
    "measured": _Kind(1, MOST_LISTED, "", whole=True),
    "noticed": _Kind(0, 100, ""),
}
FIELDS: Final = (*_KINDS, "point")
"""Names in the page's address."""


class Field(NamedTuple):
    """One field of the form as it is shown."""

    name: str
    value: str
    """As it was typed."""
    wrong: str
    """What is wrong with it, in one line; else empty."""
    needed: bool


class Published(NamedTuple):
    """One set of published figures, and what it would mean."""

    name: str
    source: Source
    rate: str
    false_alerts: str
    """A day, on `CAMERAS`; empty where it cannot be carried over."""
    right: str
    groups: tuple[tuple[str, str], ...]
    """(key of the group's name, how often it was wrongly found)."""


def recognition(query: Mapping[str, str], spoken: Words) -> dict[str, Any]:
    """What the page's template is given for `query`, in the language of `spoken`."""
    asked = any(name in query for name in FIELDS)
    form = _Form(query, spoken, asked=asked)
    scenario = form.scenario() if asked else None
    told = report(scenario, spoken) if scenario is not None else None
    return {
        "typed": asked,
        "fields": form.shown(),
        "points": form.points(),
        "told": told,
        "chart": _drawing(told),
        "published": _published(spoken.language),
        "cameras_each": (spoken.number(CAMERAS), spoken.number(FACES)),
    }


class _Form:
    """A visitor's numbers while one page is made: as typed, as read, and what is wrong."""

    def __init__(self, query: Mapping[str, str], spoken: Words, *, asked: bool) -> None:
        """Read `query`; the form begins with numbers of its own where nothing was `asked`."""
        self._words = spoken
        self._typed = {
            name: query.get(name, "") if asked else kind.begin for name, kind in _KINDS.items()
        }
        self._point = query.get("point", "") if asked else usable()[0]
        self._wrong: dict[str, str] = {}
        self._read: dict[str, float] = {}
        for name in _KINDS:
            self._take(name)
        if asked:
            self._together()

    def shown(self) -> dict[str, Field]:
        """Every field by its name."""
        fields = {
            name: Field(name, self._typed[name], self._wrong.get(name, ""), kind.needed)
            for name, kind in _KINDS.items()
        }
        wrong = self._wrong.get("point", "")
        return {**fields, "point": Field("point", self._point, wrong, needed=True)}

    def points(self) -> list[tuple[str, str, bool]]:
        """(value, label, chosen) of what may be chosen as the rate."""
        choices = [(name, self._words.text(f"proposal.preset.{name}")) for name in usable()]
        choices.append((OWN, self._words.text("proposal.field.own")))
        return [(value, label, value == self._point) for value, label in choices]

    def scenario(self) -> Scenario | None:
        """The scheme that was typed; None where something is wrong."""
        if self._wrong:
            return None
        read = self._read
        limit = read.get("limit")
        size = read.get("list")
        return Scenario(
            name=self._words.text("proposal.page.form"),
            cameras=int(read["cameras"]),
            faces_per_camera=read["faces"],
            groups=(Group("", 1.0, self._rates()),),
            list_size=None if size is None else int(size),
            prevalence=self._share("prevalence", 1_000_000),
            stops_per_alert=self._share("stops", 100),
            minutes_per_alert=read.get("minutes"),
            limit=None if limit is None else Limit(wrong_stops_per_year=limit),
            preset="" if self._point == OWN else self._point,
        )

    def _share(self, name: str, whole: float) -> float | None:
        value = self._read.get(name)
        return None if value is None else value / whole

    def _rates(self) -> Rates:
        noticed = self._share("noticed", 100)
        true = None if noticed is None else Estimate(noticed)
        if self._point == OWN:
            rate = Estimate(1 / self._read["one_in"])
            return Rates(carried(rate, int(self._read["measured"])), true=true)
        rates = preset_rates(presets()[self._point])
        return rates if true is None else rates._replace(true=true)

    def _take(self, name: str) -> None:
        """Read one field, or say what is wrong with it."""
        kind, typed = _KINDS[name], self._typed[name].strip()
        if not typed:
            if kind.needed:
                self._refuse(name, "missing")
            return
        value = read_number(typed, whole=kind.whole)
        if value is None:
            self._refuse(name, "number")
        elif not kind.low <= value <= kind.high:
            ends = {"low": kind.low, "high": kind.high}
            shown = {key: number(end, self._words) for key, end in ends.items()}
            self._refuse(name, "range", **shown)
        elif kind.whole and not value.is_integer():
            self._refuse(name, "whole")
        else:
            self._read[name] = value

    def _together(self) -> None:
        """Say what is wrong with fields beside each other, each where it can be mended."""
        if self._point not in {*usable(), OWN}:
            self._refuse("point", "point")
            return
        own = self._point == OWN
        if own:
            self._need("one_in", "missing")
            self._need("measured", "measured")
        if own or presets()[self._point].measured_list_size is not None:
            self._need("list", "list-missing")
        elif "list" in self._read:
            self._refuse("list", "list-unknown")
        if "limit" in self._read and not self._read.get("stops") and "stops" not in self._wrong:
            self._refuse("limit", "limit")

    def _need(self, name: str, why: str) -> None:
        if not self._typed[name].strip():
            self._refuse(name, why)

    def _refuse(self, name: str, why: str, **values: str) -> None:
        self._wrong.setdefault(name, self._words.text(f"proposal.wrong.{why}", **values))


def read_number(typed: str, *, whole: bool = False) -> float | None:
    """The number that somebody typed; None where it is none.

    Spaces and commas may group thousands, and dots where the number is `whole`; otherwise one
    comma is a decimal comma.
    """
    text = re.sub(r"[\s'\u2019_]", "", typed)
    if len(text) > MOST_DIGITS:
        return None
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif whole and _POINTS.fullmatch(text):
        text = text.replace(".", "")
    elif "." not in text:
        text = text.replace(",", ".", 1)
    return float(text) if _NUMBER.fullmatch(text) else None


def _drawing(told: Report | None) -> Markup:
    # Our own drawing: the texts in it are escaped where it is drawn.
    return Markup(told.chart if told is not None else "")  # noqa: S704


@functools.cache
def _published(language: str) -> tuple[Published, ...]:
    """Every set of published figures. The same for everybody, so made once for each language."""
    spoken = words(language)
    return tuple(_one(name, preset, spoken) for name, preset in presets().items())


def _one(name: str, preset: Preset, spoken: Words) -> Published:
    false = rate = ""
    if name in usable():
        rates = preset_rates(preset)
        scheme = Scenario(
            name="",
            cameras=CAMERAS,
            faces_per_camera=FACES,
            groups=(Group("", 1.0, rates),),
            list_size=preset.measured_list_size,
        )
        outcome = assess(scheme)
        false, rate = ranged(outcome.false_alerts, spoken), one_in(outcome.per_face, spoken)
    return Published(
        name=name,
        source=source(name, spoken),
        rate=rate,
        false_alerts=false,
        right="" if preset.right is None else ranged(preset.right, spoken, share=True),
        groups=tuple(
            (group.name, one_in(Estimate(group.false_positive_rate), spoken))
            for group in preset.groups
        ),
    )
