"""How false alerts grow with cameras and the list, as an SVG that needs no script and no font."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from plainview.civic.proposal.formulas import Estimate
from plainview.civic.proposal.outcome import assess
from plainview.civic.proposal.scenario import MOST_CAMERAS, MOST_LISTED, Scenario
from plainview.civic.proposal.words import number, raised
from plainview.governance.words import Words

WIDTH: Final = 400
HEIGHT: Final = 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, 12.0, 14.0, 46.0
_COLOURS: Final = ("#0b6a80", "#a3161f", "#7a4d00")
_DASHES: Final = ("none", "7 4", "2 3")


class Line(NamedTuple):
    """False alerts a day by cameras, for one list."""

    label: str
    points: tuple[tuple[float, Estimate], ...]
    proposed: bool


class _Scale(NamedTuple):
    """Powers of ten from `low` to `high` onto drawing units; both axes are logarithmic."""

    low: int
    high: int
    start: float
    end: float

    def __call__(self, value: float) -> float:
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + min(max(part, 0.0), 1.0) * (self.end - self.start), 1)

    @property
    def ticks(self) -> tuple[float, ...]:
        step = max(1, math.ceil((self.high - self.low) / 6))
        return tuple(10.0**power for power in range(self.low, self.high + 1, step))


def lines(scenario: Scenario, words: Words) -> tuple[Line, ...]:
    """What is drawn: the proposed list; and one ten times longer and shorter, where it is known."""
    cameras = sorted(
        {min(max(round(scenario.cameras * by), 1), MOST_CAMERAS) for by in (0.1, 1, 10)}
    )
    size = scenario.list_size
    sizes = [None] if size is None else _sizes(size)
    found = []
    for one in sizes:
        points = tuple(
            (float(many), assess(scenario._replace(cameras=many, list_size=one)).false_alerts)
            for many in cameras
        )
        label = (
            words.text("proposal.chart.list-unknown")
            if one is None
            else words.text("proposal.chart.list", number=words.number(one))
        )
        found.append(Line(label, points, proposed=one == size))
    return tuple(found)


def _sizes(size: int) -> list[int]:
    """The proposed size first, then ten times more and ten times less."""
    return list(dict.fromkeys((size, min(size * 10, MOST_LISTED), max(size // 10, 1))))


def chart(scenario: Scenario, words: Words) -> str:
    """The chart as SVG; empty where all would be zero. Colours follow the text around it."""
    drawn = lines(scenario, words)
    heights = [
        value for line in drawn for _, one in line.points for value in (one.value, *one.ends)
    ]
    heights = [value for value in heights if value > 0]
    if not heights:
        return ""
    widths = [many for many, _ in drawn[0].points]
    across = _scale(widths, _LEFT, WIDTH - _RIGHT)
    up = _scale(heights, HEIGHT - _BOTTOM, _TOP)
    title = escape(words.text("proposal.chart.title"))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{title}" font-family="sans-serif" font-size="12.5" '
        'fill="currentColor">'
    )
    parts = [head, *_axes(across, up, words)]
    for k, line in enumerate(drawn):
        parts += _line(line, across, up, k)
    parts += _legend(drawn)
    parts += _proposed(scenario, drawn[0], across, up)
    return "".join([*parts, "</svg>"])


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    low = math.floor(math.log10(min(values)) + 1e-9)
    high = math.ceil(math.log10(max(values)) - 1e-9)
    return _Scale(low, max(high, low + 1), start, end)


def _tick(value: float, words: Words) -> str:
    """A power of ten; beyond a million as a power, which is short enough for the margin."""
    if 1e-3 <= value <= 1e6:
        return number(value, words)
    return f"10{raised(round(math.log10(value)))}"


def _axes(across: _Scale, up: _Scale, words: Words) -> list[str]:
    parts = []
    for tick in up.ticks:
        y = up(tick)
        parts.append(
            f'<path d="M{_LEFT} {y}H{WIDTH - _RIGHT}" stroke="currentColor" stroke-opacity=".2"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{_tick(tick, words)}</text>'
        )
    for tick in across.ticks:
        x = across(tick)
        anchor = "end" if x > WIDTH - 40 else "middle"
        parts.append(
            f'<path d="M{x} {HEIGHT - _BOTTOM}v5" stroke="currentColor"/>'
            f'<text x="{x}" y="{HEIGHT - _BOTTOM + 17}" text-anchor="{anchor}">'
            f"{_tick(tick, words)}</text>"
        )
    label = escape(words.text("proposal.column.cameras"))
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(
        f'<path d="M{_LEFT} {_TOP}V{HEIGHT - _BOTTOM}H{WIDTH - _RIGHT}" fill="none" '
        'stroke="currentColor"/>'
        f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{label}</text>'
    )
    return parts


def _line(line: Line, across: _Scale, up: _Scale, k: int) -> list[str]:
    """The line of one list with the band of its interval; what is zero has no place on it."""
    parts = []
    band = [(many, one.low, one.high) for many, one in line.points if one.low is not None]
    if band and line.proposed:
        top = [f"{across(many)},{up(high)}" for many, _, high in band if high]
        least = 10.0**up.low
        foot = [f"{across(many)},{up(max(low or 0.0, least))}" for many, low, _ in reversed(band)]
        parts.append(
            f'<polygon class="band" points="{" ".join([*top, *foot])}" fill="{_COLOURS[k]}" '
            'fill-opacity=".18"/>'
        )
    points = " ".join(f"{across(many)},{up(one.value)}" for many, one in line.points if one.value)
    parts.append(
        f'<polyline class="line line{k}" points="{points}" fill="none" stroke="{_COLOURS[k]}" '
        f'stroke-width="2.5" stroke-dasharray="{_DASHES[k]}"/>'
    )
    return parts


def _legend(drawn: Sequence[Line]) -> list[str]:
    parts = []
    for k, line in enumerate(drawn):
        y = _TOP + 10 + 16 * k
        parts.append(
            f'<path class="line line{k}" d="M{_LEFT + 10} {y}h26" fill="none" '
            f'stroke="{_COLOURS[k]}" stroke-width="2.5" stroke-dasharray="{_DASHES[k]}"/>'
            f'<text x="{_LEFT + 42}" y="{y + 4}">{escape(line.label)}</text>'
        )
    return parts


def _proposed(scenario: Scenario, line: Line, across: _Scale, up: _Scale) -> list[str]:
    """A dot at what is proposed."""
    for many, one in line.points:
        if many == scenario.cameras and one.value > 0:
            x, y = across(many), up(one.value)
            return [f'<circle class="dot" cx="{x}" cy="{y}" r="5" fill="{_COLOURS[0]}"/>']
    return []
