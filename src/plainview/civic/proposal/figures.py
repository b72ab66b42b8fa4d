"""The figures of one operating point, as people write them -> its rates. Nonsense is refused."""

from typing import Annotated, Final, NamedTuple, NoReturn

import msgspec

from plainview.civic.proposal.formulas import Estimate, counted, propagate
from plainview.civic.proposal.presets import Preset, presets, why_not
from plainview.civic.proposal.scenario import MOST_LISTED, Rates, carried
from plainview.document import Document, KeyPath, nearest
from plainview.errors import ConfigError

Count = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
ListSize = Annotated[int, msgspec.Meta(ge=1, le=MOST_LISTED)]
Interval = tuple[float, float]

LEAST_RATE: Final = 1e-15
"""Smaller than any number of comparisons that was ever made can show."""
UNKNOWN: Final = "unknown"
_FALSE: Final = ("false_match_rate", "false_positive_rate", "false_alerts")


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a test or a deployment found. Rates are shares, 0 to 1."""

    false_match_rate: float | None = None
    """Of single comparisons."""
    false_match_rate_interval: Interval | None = None
    false_positive_rate: float | None = None
    """Of faces of people not listed, at `measured_list_size`."""
    false_positive_rate_interval: Interval | None = None
    measured_list_size: ListSize | str | None = None
    """"unknown": nobody published it."""
    faces: Count | None = None
    """Counted: faces seen, false alerts, and alerts in all."""
    false_alerts: Count | None = None
    alerts: Count | None = None
    true_positive_rate: float | None = None
    true_positive_rate_interval: Interval | None = None
    listed_passed: Count | None = None
    """Counted: times that somebody listed passed, and was noticed."""
    listed_noticed: Count | None = None


class Place(NamedTuple):
    """Where in which file."""

    document: Document
    path: KeyPath

    def at(self, *steps: str | int) -> "Place":
        """Further in."""
        return Place(self.document, (*self.path, *steps))


def refuse(what: str, place: Place, mend: str) -> NoReturn:
    """Raise ConfigError: one line."""
    raise ConfigError(what, where=place.document.where(place.path), mend=mend)


def share_of(value: float | None, place: Place) -> float | None:
    """`value` if it is a share or missing; ConfigError otherwise."""
    if value is not None and not 0 <= value <= 1:
        mend = "Write 89 % as 0.89" if 1 < value <= 100 else "A share is from 0 to 1"
        refuse(f"{value:g} is not between 0 and 1", place, mend)
    return value


def size_of(value: int | str | None, place: Place) -> int | None:
    """A list's size; None where it is missing or "unknown". ConfigError for any other word."""
    if isinstance(value, str) and value != UNKNOWN:
        refuse(f"{value!r} is no size of a list", place, 'Write a whole number, or "unknown"')
    return value if isinstance(value, int) else None


def errs(figures: Figures) -> bool:
    """Whether `figures` say how often the system wrongly finds somebody."""
    return any(getattr(figures, key) is not None for key in _FALSE)


def point_of(
    figures: Figures,
    preset: str | None,
    place: Place,
    *,
    instead: Rates | None = None,
    times: float | None = None,
    needed: bool = True,
) -> Rates:
    """The rates of `figures`, or of the preset of that name.

    `instead` are what a group has where it gives none of its own; `times` multiplies them. Unless
    they are `needed`, the rates of false alerts may be missing. Raises ConfigError.
    """
    given = [key for key in _FALSE if getattr(figures, key) is not None]
    if preset is not None:
        given.append("preset")
        instead = _preset(preset, place.at("preset"))
    if times is not None:
        given.append("times")
    if len(given) > 1:
        refuse(
            f"{' and '.join(given)} say the same thing twice",
            place,
            f"Give one of {', '.join((*_FALSE, 'preset' if preset else 'times'))}",
        )
    _no_stray(figures, place)
    true = _true(figures, place) or (instead.true if instead else None)
    if set(given) & set(_FALSE):
        return _false(figures, place)._replace(true=true)
    if instead is None and not needed:
        return Rates(true=true)
    if instead is None or instead.none:
        refuse(
            "the rate of false alerts is missing",
            place,
            "In [operating_point], give a preset, false_match_rate, false_positive_rate with "
            "measured_list_size, or false_alerts with faces",
        )
    if times is not None:
        instead = _multiplied(instead, times, place.at("times"))
    return instead._replace(true=true)


def usable() -> tuple[str, ...]:
    """Names of the published figures that say something about faces that pass a camera."""
    return tuple(name for name, preset in presets().items() if not why_not(name, preset))


def preset_rates(preset: Preset) -> Rates:
    """The rates of published figures, one of `usable`."""
    true = None if preset.true_positive_rate is None else Estimate(preset.true_positive_rate)
    rate, size = preset.per_face, preset.measured_list_size
    if rate is None or size is None:
        return Rates(per_face=rate, true=true)
    return Rates(per_comparison=carried(rate, size), true=true)


def _preset(name: str, place: Place) -> Rates:
    known = presets()
    if name not in known:
        guess = nearest(name, known)
        mend = f"Did you mean {guess!r}?" if guess else f"There are {', '.join(known)}"
        refuse(f"there are no published figures {name!r}", place, mend)
    if name not in usable():
        mend = f"Those that can be used are {', '.join(usable())}"
        refuse(why_not(name, known[name]), place, mend)
    return preset_rates(known[name])


def _no_stray(figures: Figures, place: Place) -> None:
    """Refuse what says something only beside another key that is not there."""
    for key, needs in (
        ("false_match_rate_interval", "false_match_rate"),
        ("false_positive_rate_interval", "false_positive_rate"),
        ("true_positive_rate_interval", "true_positive_rate"),
        ("faces", "false_alerts"),
        ("alerts", "false_alerts"),
        ("false_alerts", "faces"),
        ("listed_noticed", "listed_passed"),
        ("listed_passed", "listed_noticed"),
    ):
        if getattr(figures, key) is not None and getattr(figures, needs) is None:
            refuse(f"{key} is there without {needs}", place.at(key), f"Give {needs} as well")
    if figures.measured_list_size is not None and figures.false_match_rate is not None:
        refuse(
            "a false_match_rate is of single comparisons: no list size belongs to it",
            place.at("measured_list_size"),
            "Leave it out, or call the rate false_positive_rate",
        )


def _false(figures: Figures, place: Place) -> Rates:
    if figures.false_match_rate is not None:
        return Rates(per_comparison=_rate(figures, "false_match_rate", place))
    if figures.false_positive_rate is not None:
        rate = _rate(figures, "false_positive_rate", place)
    else:
        rate = _counted(figures, place)
    size = figures.measured_list_size
    if size is None:
        refuse(
            "the size of the list at which the rate was measured is missing",
            place.at("measured_list_size"),
            'Give measured_list_size; "unknown" if nobody published it, and then it is good for '
            "that list only",
        )
    known = size_of(size, place.at("measured_list_size"))
    if known is None:
        return Rates(per_face=rate)
    return Rates(per_comparison=carried(rate, known))


def _counted(figures: Figures, place: Place) -> Estimate:
    """False alerts per face of somebody not listed: those of true alerts are taken out."""
    false, faces = figures.false_alerts or 0, figures.faces or 0
    alerts = false if figures.alerts is None else figures.alerts
    if not false <= alerts <= faces or not faces:
        refuse(
            f"{false:,} false alerts of {alerts:,} do not fit in {faces:,} faces",
            place.at("false_alerts"),
            "False alerts are some of the alerts, and alerts some of the faces",
        )
    unlisted = faces - (alerts - false)
    return counted(false, unlisted) if unlisted else Estimate(0.0, 0.0, 1.0)


def _true(figures: Figures, place: Place) -> Estimate | None:
    if figures.listed_passed is not None and figures.listed_noticed is not None:
        if figures.true_positive_rate is not None:
            refuse(
                "true_positive_rate and listed_noticed say the same thing twice",
                place,
                "Give one of them",
            )
        if not 0 <= figures.listed_noticed <= figures.listed_passed or not figures.listed_passed:
            refuse(
                f"{figures.listed_noticed:,} of {figures.listed_passed:,} cannot have been noticed",
                place.at("listed_noticed"),
                "Give how often somebody listed passed, and how often one was noticed",
            )
        return counted(figures.listed_noticed, figures.listed_passed)
    if figures.true_positive_rate is None:
        return None
    return _rate(figures, "true_positive_rate", place, zero=True)


def _rate(figures: Figures, key: str, place: Place, *, zero: bool = False) -> Estimate:
    """The rate `key` with its interval, if that was given."""
    value: float = getattr(figures, key)
    share_of(value, place.at(key))
    if value < LEAST_RATE and not zero:
        refuse(
            f"no test can show a rate of {value:g}",
            place.at(key),
            "Give what was counted: false_alerts = 0 and the number of faces",
        )
    interval: Interval | None = getattr(figures, f"{key}_interval")
    if interval is None:
        return Estimate(value)
    low, high = interval
    if not 0 <= low <= value <= high <= 1:
        refuse(
            f"the interval {low:g} to {high:g} does not hold {value:g}, or is not within 0 to 1",
            place.at(f"{key}_interval"),
            "Write its low end, then its high end",
        )
    return Estimate(value, low, high)


def _multiplied(rates: Rates, times: float, place: Place) -> Rates:
    def by(rate: Estimate | None) -> Estimate | None:
        if rate is None:
            return None
        if rate.value * times > 1:
            refuse(
                f"{times:g} times the rate is {rate.value * times:g}, more than every face",
                place,
                "A rate is at most 1",
            )
        return propagate(lambda value: min(value * times, 1.0), rate)

    return Rates(by(rates.per_comparison), by(rates.per_face), rates.true)
