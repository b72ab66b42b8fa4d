import math
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.errors import InputError
from plainview.evaluate.measured import Measured
from plainview.evaluate.score import score
from plainview.evaluate.table import (
    MAX_PAGE,
    Result,
    beside,
    number,
    percent,
    replace_between,
    report,
    table,
    write_between,
)
from plainview.evaluate.truth import Truth
from plainview.geometry import View


def test_columns_line_up() -> None:
    """Every line of a table is as long as the others, so that it can be read unrendered."""
    lines = table(("scene", "n"), [("plaza", "1"), ("gate, at night", "12345")]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1].startswith("| ---")
    assert lines[1].endswith(": |")


def test_what_is_not_known_is_a_dash() -> None:
    """NaN is never shown as a number, nor given a budget."""
    assert number(math.nan) == percent(math.nan) == "-"
    assert beside("-", "0.60", "0.40") == "-"
    assert beside("0.50", "0.60", "0.40") == "0.50 (≤ 0.60, aim 0.40)"


def test_the_report_shows_scores_beside_their_budgets(
    view: View, walking: Callable[..., Truth], perfect: Callable[[Truth, int], Measured]
) -> None:
    """A scene's numbers, its budget and its crossings all stand in the report."""
    truth = walking([(12, 5, -1.0, 0.0)], 4, 5.0)
    result = score(perfect(truth, 4), truth, view)
    text = report([Result("plaza", "rendered", result, 0.6, 0.4, 0.15, 0.08)])
    assert "0.00 (≤ 0.60, aim 0.40)" in text
    assert "100 % (aim 90 %)" in text
    assert "1.0 (1)" in text
    assert "| plaza | rendered |" in text


def test_only_what_is_between_the_markers_changes(tmp_path: Path) -> None:
    """Text around the markers is kept byte for byte, and writing twice is writing once."""
    path = tmp_path / "page.md"
    path.write_text("head\n<!-- a:begin -->\nold\n<!-- a:end -->\ntail\n")
    write_between(path, "a", "new\n")
    once = path.read_text()
    write_between(path, "a", "new\n")
    assert once == path.read_text()
    assert once == "head\n<!-- a:begin -->\n\nnew\n\n<!-- a:end -->\ntail\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- a:begin -->",
        "<!-- a:end --><!-- a:begin -->",
        "<!-- a:begin --><!-- a:begin --><!-- a:end -->",
    ],
)
def test_a_page_without_its_markers_is_refused(text: str) -> None:
    """No guess is made where a table belongs."""
    with pytest.raises(InputError, match="no single place"):
        replace_between(text, "a", "new")


def test_a_page_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(InputError, match=r"page\.md"):
        write_between(tmp_path / "page.md", "a", "new")


def test_a_page_larger_than_any_is_left_alone(tmp_path: Path) -> None:
    """It is not read in part, and nothing is written to it."""
    page = tmp_path / "page.md"
    with page.open("wb") as file:
        file.truncate(MAX_PAGE + 1)
    with pytest.raises(InputError, match="too large"):
        write_between(page, "a", "new")
    assert page.stat().st_size == MAX_PAGE + 1
