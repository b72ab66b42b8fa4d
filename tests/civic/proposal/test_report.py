"""The report: the boundary on each output, four languages, nothing of a person's read as markup."""

import re
from html import unescape
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from plainview.civic.proposal.chart import chart
from plainview.civic.proposal.data import as_data
from plainview.civic.proposal.formulas import Estimate
from plainview.civic.proposal.outcome import assess
from plainview.civic.proposal.reading import read_scenario
from plainview.civic.proposal.render import as_text, proposal_html, proposal_pdf
from plainview.civic.proposal.report import report
from plainview.civic.proposal.scenario import MOST_CAMERAS, MOST_LISTED, Scenario
from plainview.civic.proposal.words import in_plain_words, number, percent, ranged, rounded
from plainview.document import Document
from plainview.governance.words import LANGUAGES, words

HOSTILE = '<script>alert("1")</script> #let x = $1$'
ENGLISH = words("en")


def example(name: str) -> Scenario:
    """One of the examples that are shipped."""
    folder = resources.files("plainview.civic.proposal") / "examples"
    return read_scenario(Document(Path(name), (folder / f"{name}.toml").read_text("utf-8")))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["npl", "met", "groups"])
def test_it_is_told_in_every_language(name: str, language: str) -> None:
    """Nothing is left untold or untranslated; each output says that Plainview recognises nobody."""
    scheme, spoken = example(name), words(language)
    boundary = spoken.text("proposal.boundary")
    html = unescape(proposal_html(scheme, language))
    text = "\n".join(as_text(report(scheme, spoken), spoken))
    assert html.count(boundary) == 2
    assert "".join(boundary.split()) in "".join(text.split())
    assert as_data(scheme, spoken)["about"] == boundary
    assert not re.search(r"proposal\.[a-z]|[{}]\w|None|nan\b", html.split("</style>")[1] + text)
    assert "<script" not in html
    assert ET.fromstring(chart(scheme, spoken)).tag.endswith("svg")  # noqa: S314 - our own


def test_the_paragraph_says_what_the_issue_asks() -> None:
    """False alerts, chance to be right, stops, missed people, hours, groups and the limit."""
    assert "About 954 (457 to 1,754) times a day" in report(example("met"), ENGLISH).plain
    told = report(example("npl"), ENGLISH).plain
    for part in ("300,000,000 faces", "50,000 times a day", "5.07%", "10,900,000 times a year"):
        assert part in told
    for part in ("330 times a day", "2,560,000 hours", "10,900 times less often"):
        assert part in told
    assert "6 times as often in the group “Group C”" in report(example("groups"), ENGLISH).plain


def test_what_cannot_be_said_says_why() -> None:
    """Of a list of unknown size: no rate per comparison, no other length, no chance to be right."""
    told = report(example("met"), ENGLISH)
    rows = {row[0]: row[1] for row in told.result.rows}
    assert rows["False-match rate per comparison"].endswith("the size of the list is not known")
    assert rows["Chance that an alert is right"].startswith("cannot be said")
    assert [table.heading for table in told.tables] == ["With more or fewer cameras"]
    assert "that same list only" in " ".join(told.care)
    assert told.source is not None
    assert told.source.right == "99.5% (99.1% to 99.8%)"


def test_a_pdf_is_tagged_and_the_same_each_time() -> None:
    """In English and Chinese; what a person wrote is text in it, as it is in HTML."""
    scheme = example("groups")._replace(name=HOSTILE)
    pdf = proposal_pdf(scheme, "en")
    assert pdf.startswith(b"%PDF-")
    assert pdf == proposal_pdf(scheme, "en")
    assert proposal_pdf(scheme, "zh-Hant").startswith(b"%PDF-")
    assert "<script" not in proposal_html(scheme, "en")


def test_data_hold_every_number_unrounded() -> None:
    """With its ends, null where its source gives none; the limit and the growth beside it."""
    data = as_data(example("npl"), ENGLISH)
    assert data["false_alerts_per_day"] == {
        "value": pytest.approx(49_999.5),
        "low": None,
        "high": None,
    }
    assert data["limit"]["false_match_rate_needed"] == pytest.approx(1.522e-12, rel=1e-3)
    assert len(data["growth"]["cameras"]) == 7
    assert data["source"]["links"]
    met = as_data(example("met"), ENGLISH)
    assert met["false_alerts_per_day"]["low"] == pytest.approx(457.4, abs=0.1)
    assert met["chance_alert_is_right"] is None
    assert len(as_data(example("groups"), ENGLISH)["groups"]) == 3


def test_the_largest_and_the_smallest_scheme_can_be_told() -> None:
    """No number that is allowed breaks a text or a drawing."""
    for cameras, faces, size in ((1, 1e-3, 1), (MOST_CAMERAS, 1e7, MOST_LISTED)):
        scheme = example("npl")._replace(
            cameras=cameras, faces_per_camera=faces, list_size=size, prevalence=None
        )
        assert in_plain_words(scheme, assess(scheme), ENGLISH)
        assert "nan" not in chart(scheme, ENGLISH)
        assert report(scheme, ENGLISH).tables


def test_numbers_are_rounded_without_losing_whole_people() -> None:
    """Three figures; whole numbers below 10,000 keep theirs; short of all is not all."""
    assert [rounded(x) for x in (1753.9, 953.8, 0.01234, 123_456.0)] == [1754, 954, 0.0123, 123_000]
    assert number(1.6668e-8, ENGLISH) == "1.67 \u00d7 10⁻⁸"
    assert percent(0.99999, ENGLISH) == "99.99%"
    assert percent(1.0, ENGLISH) == "100%"
    assert ranged(Estimate(954.2, 457.1, 1753.0), ENGLISH) == "954 (457 to 1,753)"
    assert ranged(Estimate(0.0507), words("de"), share=True) == "5,07\u00a0%"
