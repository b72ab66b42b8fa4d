import datetime as dt
import re
import typing
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import msgspec
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from plainview.governance.assessment import (
    Aim,
    AssessedCamera,
    AssessedCapability,
    Assessment,
    Controller,
    Harm,
    Necessity,
    Processing,
    Window,
)
from plainview.governance.draft import demonstration
from plainview.governance.person import Role
from plainview.governance.render import fonts
from plainview.governance.render.html import assessment_article, assessment_html
from plainview.governance.render.outline import outline
from plainview.governance.render.pdf import TEMPLATE, assessment_data, assessment_pdf
from plainview.governance.render.typeset import typeset
from plainview.governance.words import LANGUAGES, Spoken, words
from plainview.schedule import DAYS

NOW = 1_780_000_000_000
MARKUP = (
    '#read("/etc/passwd")',
    '#panic("no")',
    "= Heading",
    "*bold* _under_ `raw` $x^2$ @ref <label> \\u{41} // comment /* x",
    '"); #panic("out of the string") //',
    "#{ while true {} }",
    "]#panic()[",
)


class Reader(HTMLParser):
    """Tags with their attributes, and the text, of a page."""

    def __init__(self, page: str) -> None:
        """Read `page`."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Tags close in order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.said.append(data)


@pytest.fixture
def assessment(city: Any) -> Assessment:  # noqa: ANN401 - the fixture of conftest.py
    """The city's assessment."""
    return typing.cast("Assessment", city.assessment)


def leaves(kind: Any, path: str = "") -> list[str]:  # noqa: ANN401 - any annotated type
    """The path of every field of an assessment."""
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    inner = [kind, *typing.get_args(kind)]
    struct = next((k for k in inner if isinstance(k, type) and issubclass(k, Struct)), None)
    if struct is None or path == "period.hours":
        return [path]
    return [
        leaf
        for field in msgspec.structs.fields(struct)
        for leaf in leaves(field.type, f"{path}.{field.name}" if path else field.name)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_of_an_assessment_has_its_label_in_every_language(
    language: str,
) -> None:
    """A question that was added to the assessment has words, or this fails."""
    spoken = words(language)
    paths = leaves(Assessment)
    assert len(paths) > 100
    assert [path for path in paths if not spoken.translated(f"field.{path}")] == []


def filled(kind: Any, path: str, taken: list[str]) -> Any:  # noqa: ANN401, PLR0911 - by type
    """A value of `kind` in which every text is another one, which is noted in `taken`."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return filled(typing.get_args(kind)[0], path, taken)
    if origin is typing.Literal:
        return typing.get_args(kind)[-1]
    if origin is dict:
        return {"en": _mark(path, taken)}
    if origin is tuple:
        return (filled(typing.get_args(kind)[0], path, taken),)
    if isinstance(kind, type) and issubclass(kind, Struct):
        values = {
            field.name: filled(field.type, f"{path}.{field.name}", taken)
            for field in msgspec.structs.fields(kind)
        }
        return kind(**{name: value for name, value in values.items() if value is not None})
    if kind is Role:
        return Role.CONTROLLER
    return _mark(path, taken) if kind is str else None


def _mark(path: str, taken: list[str]) -> str:
    taken.append(f"said-{path.strip('.').replace('.', '-').replace('_', '-')}")
    return taken[-1]


def test_everything_that_was_written_is_published() -> None:
    """Not one answer of an assessment is missing from its page."""
    taken: list[str] = []
    full: Assessment = filled(Assessment, "", taken)
    assert len(taken) > 90
    page = assessment_html(full, "en")
    absent = [text for text in taken if text not in page and "period-hours" not in text]
    assert absent == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_stands_alone_and_is_well_formed(assessment: Assessment, language: str) -> None:
    """No script, nothing fetched; one h1, a language, a title, landmarks; every link resolves."""
    page = assessment_html(assessment, language, t=NOW)
    reader = Reader(page)
    names = [name for name, _ in reader.tags]
    assert reader.open == []
    assert names.count("h1") == 1
    assert names.count("main") == 1
    assert "script" not in names
    assert "link" not in names
    assert "img" not in names
    assert reader.tags[0] == ("html", {"lang": language})
    ids = {attributes["id"] for _, attributes in reader.tags if "id" in attributes}
    targets = [a["href"] for name, a in reader.tags if name == "a"]
    assert targets
    assert all(str(target).removeprefix("#") in ids for target in targets)
    assert "@import" not in page
    assert "url(" not in page


def test_a_text_in_another_language_is_marked(assessment: Assessment) -> None:
    """Read aloud, English within a Chinese page is read as English."""
    article = assessment_article(assessment, "zh-Hant")
    assert "廣場人群安全" in article
    assert '<span lang="en">City of Sampleton</span>' in article


def test_it_is_said_first_that_the_answers_are_in_another_language(
    assessment: Assessment,
) -> None:
    """Who reads French is told before the contents; who reads the answers' own language is not."""
    french = assessment_html(assessment, "fr")
    said = "Réponses rédigées en\u00a0: English"
    assert french.index(said) < french.index("<nav")
    assert assessment_data(assessment, "fr")["written_in"] == said
    assert 'written-in"' not in assessment_html(assessment, "en")
    assert assessment_data(assessment, "en")["written_in"] == ""
    assert '<span lang="en">English</span>' in french


def test_spans_and_hours_are_in_the_readers_words(assessment: Assessment) -> None:
    """`30 d` is 30 jours, as on every other page; what is no span stands as it was written."""
    kept = structs.replace(
        assessment.retention, readings="24 h", minutes="30 d", footage="none", events="a while"
    )
    always = Window(DAYS, "00:00", "24:00")
    hours = structs.replace(assessment.period, hours=(always, Window(("fri",), "late", "")))
    told = {
        answer.key: [value.text for value in answer.values]
        for section in outline(
            structs.replace(assessment, retention=kept, period=hours), words("fr")
        )
        for answer in section.answers
    }
    assert told["retention.readings"] == ["1 jour"]
    assert told["retention.minutes"] == ["30 jours"]
    assert told["retention.footage"] == ["non conservé"]
    assert told["retention.events"] == ["a while"]
    assert told["period.hours"] == ["À toute heure", "vendredi\u00a0: de late à"]


def test_what_is_named_by_a_short_name_is_one_click_away(assessment: Assessment) -> None:
    """Which aim a capability serves is linked to it; a name that is nobody's is not."""
    served = AssessedCapability("count", aims=(assessment.aims[0].id, "nobodys"))
    article = assessment_article(structs.replace(assessment, capabilities=(served,)), "en")
    name = assessment.aims[0].id
    assert f'<a href="#aims--{name}"><span>{name}</span></a>' in article
    assert article.count(f'id="aims--{name}"') == 1
    assert "#aims--nobodys" not in article


def test_a_pack_is_told_by_its_title(assessment: Assessment) -> None:
    """What is called eu alone says nothing to who reads it in the street."""
    packs = structs.replace(assessment, packs=("eu", "no-such-pack"))
    told = next(a for a in outline(packs, words("de"))[0].answers if a.key == "packs")
    assert told.values == (("eu: European Union: GDPR and AI Act", "en"), ("no-such-pack", "en"))


def test_how_much_footage_may_be_opened_is_asked_of_release_alone(assessment: Assessment) -> None:
    """It stood unanswered with each other capability, as if something were missing."""
    both = (AssessedCapability("count"), AssessedCapability("release"))
    sections = outline(structs.replace(assessment, capabilities=both), words("en"))
    (items,) = (section.items for section in sections if section.key == "capabilities")
    assert ["capabilities.longest" in {answer.key for answer in item} for item in items] == [
        False,
        True,
    ]


def test_what_nobody_answered_is_shown_as_such(assessment: Assessment) -> None:
    """An empty field is not left out: its label is there, and that it was not answered."""
    article = assessment_article(assessment, "en")
    assert "Whether it weighs more on some" in article
    assert "Not answered." in article
    assert "All cameras of this assessment" in article


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_becomes_html(text: str) -> None:
    """Whatever is written, the page has the same tags, and the text reads as it was written."""
    hostile = Assessment(
        id="x",
        title={"en": text or "t"},
        controller=Controller(name=text),
        processing=Processing(description=f"<script>{text}</script>"),
    )
    plain = Assessment(
        id="x",
        title={"en": "t"},
        controller=Controller(name="n" if text else ""),
        processing=Processing(description="p"),
    )
    page = assessment_html(hostile, "en")
    assert [name for name, _ in Reader(page).tags] == [
        name for name, _ in Reader(assessment_html(plain, "en")).tags
    ]
    assert text in "".join(Reader(page).said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_demonstrations_cameras_see_is_in_the_readers_language(language: str) -> None:
    """As is its law: the program wrote them. What a city wrote stays in the city's language."""
    seen = AssessedCamera(id="one", site="plaza", fingerprint="0" * 64)
    made = demonstration((seen,), dt.date(2026, 11, 30))
    spoken = words(language)
    told = {
        answer.key: answer.values[0]
        for section in outline(made, spoken)
        for answer in (*section.answers, *(one for item in section.items for one in item))
    }
    for key, word in (
        ("cameras.sees", "sees"),
        ("cameras.private", "private"),
        ("legal.law", "law"),
    ):
        assert told[key] == Spoken(spoken.text(f"demonstration.{word}"), language)
    own = structs.replace(made, cameras=(structs.replace(made.cameras[0], sees="Our quay"),))
    section = next(one for one in outline(own, spoken) if one.key == "cameras")
    values = {answer.key: answer.values for answer in section.items[0]}
    assert values["cameras.sees"] == (Spoken("Our quay", "en"),)


def test_a_demonstration_is_marked_as_one(assessment: Assessment) -> None:
    """On the page and in the PDF's data, in the reader's language."""
    demonstration = structs.replace(assessment, simulated=True)
    assert "Demonstration: nobody in it exists." in assessment_html(demonstration, "en")
    assert "Demonstration: nobody in it exists." not in assessment_html(assessment, "en")
    assert assessment_data(demonstration, "en")["demonstration"]
    assert not assessment_data(assessment, "en")["demonstration"]


# --- PDF -----------------------------------------------------------------------------------------


def test_the_pdf_is_tagged_and_the_same_each_time(assessment: Assessment) -> None:
    """It claims PDF/UA, names its language, and depends on nothing but what it is given."""
    pdf = assessment_pdf(assessment, "en", t=NOW)
    assert pdf.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in pdf
    assert b"/Marked true" in pdf
    assert b"pdfuaid" in pdf
    assert b"/Lang(en)" in pdf
    assert assessment_pdf(assessment, "en", t=NOW) == pdf
    assert assessment_pdf(assessment, "en", t=NOW + 86_400_000) != pdf


def test_a_pdf_without_a_date_is_the_same_tomorrow(assessment: Assessment) -> None:
    """No clock is read."""
    assert assessment_pdf(assessment, "en") == assessment_pdf(assessment, "en")
    assert b"D:1970" in assessment_pdf(assessment, "en")


def hostile(text: str) -> Assessment:
    """An assessment that says `text` wherever a person may write."""
    return Assessment(
        id="x",
        title={"en": text},
        summary={"en": text},
        controller=Controller(name=text, website=text),
        aims=(Aim("a", {"en": text}, evidence=text),),
        cameras=(AssessedCamera("c", sees=text),),
        harms=(Harm("h", text=text),),
        necessity=Necessity(proportionality=text),
    )


@pytest.mark.parametrize("text", MARKUP)
def test_no_text_becomes_typst(text: str) -> None:
    """Markup and code stay what somebody wrote: the heading that Typst sees is that very text."""
    template = resources.files("plainview.governance.render") / "templates" / TEMPLATE
    data = assessment_data(hostile(text), "en")
    found = typst.query(
        template.read_bytes(),
        "heading.where(level: 1)",
        sys_inputs={"data": msgspec.json.encode(data).decode()},
    )
    (heading,) = msgspec.json.decode(found)
    assert heading["body"] == {"func": "text", "text": text}
    assert assessment_pdf(hostile(text), "en").startswith(b"%PDF")


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_any_text_can_be_printed(text: str) -> None:
    """Control characters, unknown letters, odd directions: a PDF comes out, tagged."""
    pdf = assessment_pdf(hostile(text), "en")
    assert b"/StructTreeRoot" in pdf


@pytest.mark.parametrize(("language", "narrow"), [("fr", True), ("zh-Hant", False)])
def test_an_apostrophe_is_as_wide_as_the_language_has_it(language: str, narrow: bool) -> None:  # noqa: FBT001 - a case
    """French "d'un" had a gap after it: the font with Chinese letters has its own signs."""
    if fonts.have_none():
        pytest.skip("no font with Traditional Chinese: build the console (make console)")
    data = assessment_data(Assessment(id="x", title={language: "d\u2019i"}), language)
    (page, *_) = typeset(TEMPLATE, data, form="svg")
    lines = re.findall(r"(?:<use [^>]*/>)+", page.decode())
    # The second line is the title, of 20 pt.
    letters = [float(x) for x in re.findall(r' x="([\d.]+)"', lines[1 if narrow else 2])]
    assert len(letters) == 3
    assert (letters[2] - letters[1] < 10) is narrow


def test_letters_that_no_font_has_are_not_claimed_to_be_accessible() -> None:
    """A box is shown in their place, and the PDF makes no claim that it does not keep."""
    assert b"pdfuaid" not in assessment_pdf(hostile("\x00"), "en")
    assert b"pdfuaid" in assessment_pdf(hostile("x"), "en")


def test_chinese_without_a_font_falls_back_visibly(
    assessment: Assessment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """English, with a sentence on the first page that says why; the page on the web is Chinese."""
    monkeypatch.setattr(fonts, "have_none", lambda: True)
    data = assessment_data(assessment, "zh-Hant")
    assert data["language"] == {"lang": "en"}
    assert "No font for this language" in data["fallback"]
    assert data["kind"] == "Privacy impact assessment"


def test_chinese_with_a_font_is_chinese(assessment: Assessment) -> None:
    """The font that the console's build brings has the letters."""
    if fonts.have_none():
        pytest.skip("no font with Traditional Chinese: build the console (make console)")
    pdf = assessment_pdf(assessment, "zh-Hant", t=NOW)
    assert b"/Lang(zh-HK)" in pdf
    assert b"pdfuaid" in pdf
    assert re.search(rb"NotoSans(TC|HK)|NotoSansCJK|SourceHanSans", pdf)


def test_the_outline_has_one_section_for_each_part(assessment: Assessment) -> None:
    """In the order of the document, the top first."""
    sections = outline(assessment, words("en"))
    assert [section.key for section in sections][:4] == [
        "document",
        "controller",
        "privacy_officer",
        "processors",
    ]
    assert all(section.heading.language == "en" for section in sections)
    by_key = {section.key: section for section in sections}
    assert by_key["legal"].answers[0].values[0].text == "A task in the public interest"
    assert by_key["capabilities"].items[0][0].values[0].text == "Counting people (count)"
    assert not by_key["authorisation"].answered
