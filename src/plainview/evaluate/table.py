"""Scores as tables: Markdown padded into columns, so that the terminal and docs/ show the same."""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from plainview.document.given import read_given
from plainview.errors import InputError
from plainview.evaluate.score import BANDS, Band, Score

ABSENT = "-"
MAX_PAGE = 16 << 20
"""Bytes of a page that gets tables."""


class Result(NamedTuple):
    """One clip's scores with what they are to be read beside."""

    scene: str
    source: str
    """real or rendered, and from what."""
    score: Score
    mae_budget: float | None = None
    """People; DESIGN.md section 7."""
    mae_aim: float | None = None
    density_budget: float | None = None
    """Share; DESIGN.md section 7."""
    density_aim: float | None = None


def number(value: float, digits: int = 2) -> str:
    """`value` with `digits` decimals; a dash for what is not known."""
    return ABSENT if not math.isfinite(value) else f"{value:.{digits}f}"


def percent(value: float) -> str:
    """`value` (a share) in per cent; a dash for what is not known."""
    return ABSENT if not math.isfinite(value) else f"{100 * value:.0f} %"


def beside(value: str, budget: str | None, aim: str | None) -> str:
    """`value` with its budget and aim in brackets, where there are any."""
    limits = [f"{name} {limit}" for name, limit in (("≤", budget), ("aim", aim)) if limit]
    return f"{value} ({', '.join(limits)})" if limits and value != ABSENT else value


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> str:
    """A Markdown table, padded: the first `words` columns to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = [
        "-" * width if k < words else "-" * (max(width, 2) - 1) + ":"
        for k, width in enumerate(widths)
    ]
    widths = [max(width, len(dashes)) for width, dashes in zip(widths, rule, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if k < words else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    return "\n".join(line(cells) for cells in (head, rule, *rows))


def _optional(value: float | None, show: str) -> str | None:
    return None if value is None else format(value, show)


def count_table(results: Sequence[Result]) -> str:
    """Count error by scene, people at one interval each, and how honest the 90 % interval is."""
    head = ("scene", "intervals", "true mean", "MAE", "bias", "RMSE", "truth inside", "width")
    rows = [
        (
            result.scene,
            str(result.score.counts.intervals),
            number(result.score.counts.truth),
            beside(
                number(result.score.counts.mae),
                _optional(result.mae_budget, ".2f"),
                _optional(result.mae_aim, ".2f"),
            ),
            f"{result.score.counts.bias:+.2f}",
            number(result.score.counts.rmse),
            beside(percent(result.score.counts.coverage), None, "90 %"),
            number(result.score.counts.width),
        )
        for result in results
    ]
    return table(head, rows)


def motion_table(results: Sequence[Result]) -> str:
    """Velocity error where people move, and crossings beside the truth, by scene."""
    head = ["scene", "cells", "found", "speed error", "speed bias", "direction", "crossings: line"]
    head += ["forward (true)", "backward (true)"]
    rows = []
    for scene, _, score, *_ in results:
        velocity = score.velocity
        shown = (
            scene,
            str(velocity.cells),
            percent(velocity.matched),
            f"{number(velocity.speed)} m/s",
            f"{number(velocity.speed_bias)} m/s",
            f"{number(velocity.direction, 0)}°",
        )
        for k, line in enumerate(score.crossings):
            rows.append(
                (
                    *(shown if k == 0 else ("", "", "", "", "", "")),
                    line.line,
                    f"{line.measured_forward:.1f} ({line.forward:.0f})",
                    f"{line.measured_backward:.1f} ({line.backward:.0f})",
                )
            )
        if not score.crossings:
            rows.append((*shown, ABSENT, ABSENT, ABSENT))
    return table(head, rows)


def _band_name(low: float, high: float) -> str:
    return f"{low:g} to {high:g}" if math.isfinite(high) else f"over {low:g}"


def _band_cell(band: Band) -> str:
    if not band.cells:
        return ABSENT
    error = number(band.error) if math.isnan(band.relative) else percent(band.relative)
    return f"{error} ({band.truth:.2f}→{band.measured:.2f})"


def density_table(results: Sequence[Result]) -> str:
    """Error of local density by true density (people/m²): error (mean true → mean measured).

    In the first band the error is absolute, in the others relative.
    """
    head = ("scene", *(_band_name(low, high) for low, high in pairwise(BANDS)), "0.5 to 5")
    rows = []
    for result in results:
        density = result.score.density
        budget = None if result.density_budget is None else percent(result.density_budget)
        aim = None if result.density_aim is None else percent(result.density_aim)
        overall = beside(percent(density.relative), budget, aim)
        rows.append((result.scene, *(_band_cell(band) for band in density.bands), overall))
    return table(head, rows)


def health_table(results: Sequence[Result]) -> str:
    """Whether true faults were flagged, and sound intervals were not, by scene."""
    head = ("scene", "faulty intervals", "flagged", "by the right name", "sound", "flagged falsely")
    rows = [(result.scene, *(str(n) for n in result.score.health)) for result in results]
    return table(head, rows)


def report(results: Sequence[Result]) -> str:
    """Every table, under its heading, with each scene's source."""
    named = [(result.scene, result.source) for result in results]
    sources = table(("scene", "source"), named, words=2)
    parts = (
        ("Scenes", sources),
        ("Count at one interval a second, people", count_table(results)),
        ("Velocity of moving people, and crossings", motion_table(results)),
        ("Local density, people/m²", density_table(results)),
        ("Health", health_table(results)),
    )
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in parts)


def replace_between(text: str, name: str, body: str) -> str:
    """`text` with `body` between its markers `<!-- NAME:begin -->` and `<!-- NAME:end -->`.

    Raises InputError if the markers are not there once each, in order.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed) or begin in rest or end in after:
        raise InputError(
            f"the page has no single place marked {begin} … {end}",
            where=name,
            mend="Put the two markers on lines of their own",
        )
    return f"{before}{begin}\n\n{body.strip()}\n\n{end}{after}"


def has_places(path: Path | None, *names: str) -> None:
    """Raises InputError unless `path` is None or a page with markers for each of `names`.

    To be asked before the hours that it takes to know what is written there.
    """
    if path is not None:
        text = _page(path)
        for name in names:
            replace_between(text, name, "")


def write_between(path: Path, name: str, body: str) -> None:
    """Put `body` between the markers called `name` in the file at `path`.

    Raises InputError if the file cannot be read or written, or has no such markers.
    """
    text = replace_between(_page(path), name, body)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"the page cannot be written ({error.strerror})", where=str(path), mend="See --write"
        ) from error


def _page(path: Path) -> str:
    try:
        page = read_given(path, MAX_PAGE + 1)
        text = page.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InputError(
            f"the page cannot be read ({reason})", where=str(path), mend="Check the path"
        ) from error
    if len(page) > MAX_PAGE:
        raise InputError("the page is too large", where=str(path), mend="Check the path")
    return text


def json_text(value: object) -> str:
    """`value`, named tuples within it as objects, as JSON; null for what is no number."""

    def plain(part: object) -> object:
        if isinstance(part, tuple) and hasattr(part, "_asdict"):
            return {name: plain(inner) for name, inner in part._asdict().items()}
        if isinstance(part, dict):
            return {name: plain(inner) for name, inner in part.items()}
        if isinstance(part, tuple | list):
            return [plain(inner) for inner in part]
        return None if isinstance(part, float) and not math.isfinite(part) else part

    return json.dumps(plain(value), indent=1, ensure_ascii=False)
