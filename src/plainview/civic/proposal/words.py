"""The outcome in plain words and readable numbers, in each language of the catalogue."""

import math
from typing import Final

from babel import numbers

from plainview.civic.proposal.formulas import Estimate
from plainview.civic.proposal.outcome import GroupOutcome, Outcome
from plainview.civic.proposal.scenario import Scenario
from plainview.governance.words import Words

_DIGITS: Final = 3
_SMALLEST: Final = 1e-4
_LARGEST: Final = 1e15
"""Beyond these a number is written with its power of ten."""
_TIMES: Final = "\u00d7"
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def rounded(value: float) -> float:
    """`value` to three significant figures; whole numbers below 10,000 keep all of theirs."""
    if value == 0 or not math.isfinite(value):
        return value
    digits = _DIGITS - 1 - math.floor(math.log10(abs(value)))
    return round(value, max(digits, 0) if abs(value) < 10_000 else digits)


def number(value: float, words: Words) -> str:
    """`value` as people write it: 954; 50,000; 0.012; or with a power of ten."""
    if 0 < abs(value) < _SMALLEST or abs(value) >= _LARGEST:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{words.number(float(mantissa), 2)} {_TIMES} 10{raised(int(power))}"
    return words.number(rounded(value), 6)


def raised(power: int) -> str:
    """`power` in raised digits."""
    return str(power).translate(_RAISED)


def percent(share: float, words: Words) -> str:
    """A share as a percentage of three figures; what is short of all is never called all."""
    shown = rounded(share)
    if shown >= 1 > share:
        shown = 0.9999
    if 0 < shown < _SMALLEST**2:
        return f"{number(100 * shown, words)}%"
    return numbers.format_percent(shown, locale=words.locale, decimal_quantization=False)


def ranged(one: Estimate, words: Words, *, share: bool = False) -> str:
    """An estimate with its interval in brackets, if it has one."""
    form = percent if share else number
    value = form(one.value, words)
    if one.low is None or one.high is None:
        return value
    ends = {"low": form(one.low, words), "high": form(one.high, words)}
    return words.text("proposal.interval", value=value, **ends)


def one_in(rate: Estimate, words: Words) -> str:
    """A rate, and the faces or comparisons to one error."""
    text = ranged(rate, words)
    if rate.value <= 0:
        return text
    return words.text("proposal.one-in", rate=text, number=number(1 / rate.value, words))


def in_plain_words(scenario: Scenario, outcome: Outcome, words: Words) -> str:
    """One paragraph for people who read no tables; it says only what can be said."""
    sentences = [_faces(scenario, words)]

    def add(key: str, one: Estimate | None, *, share: bool = False) -> None:
        if one is not None:
            name = "share" if share else "number"
            text = ranged(one, words, share=share)
            sentences.append(words.text(f"proposal.plain.{key}", **{name: text}))

    add("false", outcome.false_alerts)
    add("right", outcome.right, share=True)
    add("stops", outcome.wrong_stops)
    add("missed", outcome.missed)
    add("hours", outcome.hours)
    sentences += _groups(outcome.groups, words)
    if outcome.needed is not None:
        times = outcome.needed.times
        key = "kept" if times <= 1 else "needed"
        values = {} if times <= 1 else {"times": number(times, words)}
        sentences.append(words.text(f"proposal.plain.{key}", **values))
    return ("" if words.language == "zh-Hant" else " ").join(sentences)


def _faces(scenario: Scenario, words: Words) -> str:
    values = {
        "name": scenario.name,
        "faces": number(scenario.faces, words),
        "cameras": words.number(scenario.cameras),
        "each": number(scenario.faces_per_camera, words),
    }
    if scenario.list_size is None:
        return words.text("proposal.plain.faces-unknown", **values)
    return words.text("proposal.plain.faces", list=words.number(scenario.list_size), **values)


def _groups(groups: tuple[GroupOutcome, ...], words: Words) -> list[str]:
    """How unlike the groups fare, where they do."""
    if len(groups) < 2:
        return []
    worst = max(groups, key=lambda group: group.rate.value)
    best = min(groups, key=lambda group: group.rate.value)
    if best.rate.value <= 0 or worst.rate.value / best.rate.value < 1.05:
        return []
    times = number(worst.rate.value / best.rate.value, words)
    return [words.text("proposal.plain.groups", worst=worst.name, best=best.name, times=times)]
