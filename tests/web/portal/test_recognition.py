"""The page about recognition schemes that others propose: read, and filled in well or wrongly."""

import re
from urllib.parse import urlencode, urlsplit

import pytest
from litestar.testing import TestClient
from tests.web.portal.reading import PageReader

from plainview.civic.proposal.presets import presets
from plainview.governance.words import LANGUAGES, words
from plainview.web.api import Application
from plainview.web.portal.recognition import read_number

Client = TestClient[Application]
ASKED = {
    "cameras": "60,000",
    "faces": "5 000",
    "list": "10.000",
    "point": "npl-2023-10000",
    "prevalence": "10",
    "stops": "60",
    "minutes": "2",
    "limit": "1000",
    "one_in": "",
    "measured": "",
    "noticed": "",
}


def plain(text: str) -> str:
    """`text` with every space an ordinary one, as the reader of pages gives it."""
    return " ".join(text.split())


def page(client: Client, language: str = "en", **changed: str) -> PageReader:
    """The page as it answers ASKED, with what is changed."""
    query = urlencode({**ASKED, **changed})
    answer = client.get(f"/portal/{language}/recognition?{query}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    read = PageReader(answer.text)
    assert read.faults == []
    return read


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_was_published_and_what_it_would_mean(client: Client, language: str) -> None:
    """Five sources, each with its caveat; those that cannot be carried over say so."""
    read = PageReader(client.get(f"/portal/{language}/recognition").text)
    spoken = words(language)
    assert read.faults == []
    assert spoken.text("proposal.boundary") in read.text
    assert spoken.text("proposal.page.nothing-kept") in read.text
    assert read.text.count(spoken.text("proposal.page.no-scale")) >= 2
    for figure in ("954", "457", spoken.number(1754), spoken.number(50_000)):
        assert plain(figure) in read.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_link_to_a_source_says_where_it_leads(client: Client, language: str) -> None:
    """By whose page it is, and of what; no two that lead to different pages are called the same."""
    html = client.get(f"/portal/{language}/recognition").text
    found = re.findall(r'<a href="(https://[^"]+)" rel="noreferrer">(.*?)</a>', html, re.DOTALL)
    assert len(found) == sum(len(one.links) for one in presets().values())
    called: dict[str, str] = {}
    for address, inside in found:
        name = " ".join(re.sub(r"<[^>]*>", "", inside).split())
        assert (urlsplit(address).hostname or "").removeprefix("www.") in name
        assert ("PDF" in name) == address.endswith(".pdf")
        assert called.setdefault(name, address) == address


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_visitors_numbers_are_worked_out(client: Client, language: str) -> None:
    """Thousands in any form; the answer in plain words, and kept in the other languages' links."""
    read = page(client, language)
    spoken = words(language)
    hours = spoken.text("proposal.plain.hours", number=spoken.number(641_000))
    assert plain(hours) in read.text
    assert plain(spoken.number(10_900_000)) in read.text
    others = {link for link in read.links if "/recognition?" in link}
    assert len(others) == len(LANGUAGES)
    assert all("cameras=60%2C000" in link for link in others)


def test_figures_of_ones_own(client: Client) -> None:
    """One in 6,000 at 10,000 people is what the test found, typed by hand."""
    read = page(client, point="own", one_in="6000", measured="10000", noticed="89")
    assert "10,900,000" in read.text
    assert "330" in read.text


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("cameras", "", "missing"),
        ("cameras", "lots", "number"),
        ("cameras", "1.5", "whole"),
        ("faces", "-3", "range"),
        ("faces", "nan", "number"),
        ("stops", "600", "range"),
        ("prevalence", "1e99", "range"),
        ("list", "", "list-missing"),
        ("point", "pnd-2025", "point"),
    ],
)
def test_a_bad_number_is_told_beside_its_field(
    client: Client, field: str, typed: str, told: str
) -> None:
    """One line, tied to the field; what was typed is still there; no answer is shown."""
    read = page(client, **{field: typed})
    key = f"proposal.wrong.{told}"
    start = words("en").text(key, low="\x00", high="").split("\x00")[0].strip()
    assert start in read.text
    tags = [given for _, given in read.tags if given.get("id") == field]
    assert tags[0]["aria-describedby"] == f"{field}-wrong"
    assert f"{field}-wrong" in read.ids
    if field != "point":
        assert tags[0]["value"] == typed
    assert words("en").text("proposal.heading.result") not in read.text


def test_fields_that_contradict_each_other_are_told(client: Client) -> None:
    """A list where none is known, a limit without stops, own figures without their list."""
    known = page(client, point="met-2025")
    assert words("en").text("proposal.wrong.list-unknown") in known.text
    assert words("en").text("proposal.wrong.limit") in page(client, stops="").text
    own = page(client, point="own", one_in="6000")
    assert words("en").text("proposal.wrong.measured") in own.text
    met = page(client, point="met-2025", list="")
    assert "954 (457 to 1,754) times a day" in met.text


def test_hostile_words_are_only_words(client: Client) -> None:
    """What was typed comes back as text, cut to what a field may hold."""
    typed = '"><script>alert(1)</script>'
    answer = client.get(f"/portal/en/recognition?{urlencode({**ASKED, 'cameras': typed})}")
    assert "<script" not in answer.text


def test_numbers_as_people_write_them() -> None:
    """Thousands by comma, space or dot; a decimal comma; nothing else."""
    for typed in ("60000", "60,000", "60 000", "60.000", "6e4", "60\u202f000", "60'000"):
        assert read_number(typed, whole=True) == 60_000
    assert read_number("1,5") == read_number("1.5") == 1.5
    assert read_number("60.000") == 60
    for typed in ("", "x", "1,2,3", "0x10", "inf", "nan", "--1", "1" * 31, "\u0661"):
        assert read_number(typed) is None
