"""A report as text, as one HTML file and as a tagged PDF, to be attached to an assessment."""

import textwrap
from collections.abc import Iterator
from typing import Any, Final

from markupsafe import Markup

from plainview.civic.proposal.report import Report, Source, Table, report
from plainview.civic.proposal.scenario import Scenario
from plainview.governance.render.fonts import can_print, families
from plainview.governance.render.html import environment
from plainview.governance.render.typeset import breakable, typeset, typst_language
from plainview.governance.words import SOURCE, Words, words

_WIDTH: Final = 100
_COLUMN: Final = 22


def as_text(told: Report, spoken: Words) -> Iterator[str]:
    """`told` as lines for a terminal."""
    yield f"{told.kind}: {told.name}"
    yield from textwrap.wrap(told.boundary, _WIDTH)
    yield ""
    yield from textwrap.wrap(told.plain, _WIDTH)
    for table in (told.result, *told.tables, told.given):
        yield ""
        yield table.heading
        yield from _rows(table)
    yield ""
    yield spoken.text("proposal.heading.care")
    for line in told.care:
        yield from textwrap.wrap(line, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
    if told.source is not None:
        yield ""
        yield spoken.text("proposal.heading.source")
        for line in (told.source.title, *_about(told.source, spoken), *told.source.links):
            yield from textwrap.wrap(
                line,
                _WIDTH,
                initial_indent="  ",
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )


def _about(source: Source, spoken: Words) -> Iterator[str]:
    yield source.citation
    yield source.caveat
    if source.right:
        yield f"{spoken.text('proposal.page.there')}: {source.right}"


def _rows(table: Table) -> Iterator[str]:
    """A table in columns; a pair of label and value as one line."""
    if not table.columns:
        wide = max(len(label) for label, _ in table.rows)
        yield from (f"  {label:<{wide}}  {value}" for label, value in table.rows)
        return
    everything = (table.columns, *table.rows)
    wides = [
        min(max(len(row[k]) for row in everything), _COLUMN) for k in range(len(table.columns))
    ]
    for row in everything:
        cells = [textwrap.wrap(cell, wide) for cell, wide in zip(row, wides, strict=True)]
        for k in range(max(len(cell) for cell in cells)):
            line = (
                f"{cell[k] if k < len(cell) else '':<{wide}}"
                for cell, wide in zip(cells, wides, strict=True)
            )
            yield f"  {'  '.join(line)}".rstrip()


def proposal_html(scenario: Scenario, language: str) -> str:
    """The report on `scenario` as one HTML file: no script, no other file. Every text is escaped.

    `language` is one of `words.LANGUAGES` (KeyError otherwise).
    """
    spoken = words(language)
    told = report(scenario, spoken)
    # The chart is our own drawing; the texts in it are escaped where it is drawn.
    drawing = Markup(told.chart)  # noqa: S704
    return (
        environment("plainview.civic.proposal")
        .get_template("proposal.html")
        .render(w=spoken, it=told, chart=drawing)
    )


def proposal_pdf(scenario: Scenario, language: str) -> bytes:
    """The same as a PDF of A4 pages; in English where no font here has the letters of `language`.

    The same scenario gives the same bytes. Raises KeyError, PlainviewError.
    """
    spoken = words(language if can_print(language) else SOURCE)
    told = report(scenario, spoken)
    data: dict[str, Any] = {
        "language": typst_language(spoken.language),
        "families": _families(spoken.language),
        "kind": told.kind,
        "name": breakable(told.name),
        "boundary": told.boundary,
        "plain": breakable(told.plain),
        "headings": {
            key: spoken.text(f"proposal.heading.{key}") for key in ("plain", "care", "source")
        },
        "result": _data(told.result),
        "tables": [_data(table) for table in told.tables],
        "given": _data(told.given),
        "care": told.care,
        "source": [] if told.source is None else _source(told.source, spoken),
        "chart": told.chart.replace("currentColor", "#14181f"),
        "chart_title": told.chart_title,
    }
    (pdf,) = typeset("proposal.typ", data, package=__package__)
    return pdf


def _families(language: str) -> list[str]:
    """Latin letters first, but for Chinese: its fonts set quotation marks a whole cell wide."""
    found = families([language])
    return found if language == "zh-Hant" else [*found[1:], *found[:1]]


def _data(table: Table) -> dict[str, Any]:
    rows = [[breakable(cell) for cell in row] for row in table.rows]
    return {"heading": table.heading, "columns": table.columns, "rows": rows}


def _source(source: Source, spoken: Words) -> list[str]:
    return [breakable(line) for line in (source.title, *_about(source, spoken), *source.links)]
