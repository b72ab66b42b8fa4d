import ast
import datetime as dt
import re
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.governance.capability import CAPABILITIES
from plainview.governance.register import STATES
from plainview.governance.words import LANGUAGES, Catalogue, Words, best, load, words
from plainview.ledger.entry import EntryKind
from plainview.record import Health
from plainview.schedule import DAYS, Hours

SOURCES = Path(__file__).parents[2] / "src/plainview"
HEALTHY = "good"


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_word(language: str) -> None:
    """None is missing, and no text is empty."""
    assert words(language).complete
    assert all(all(forms) for forms in load(language).texts.values())


def test_no_chinese_text_was_left_as_it_was_in_english() -> None:
    """What has letters beside its values was written anew, but for the names of languages."""
    source = load("en").texts
    left = {
        key
        for key, forms in load("zh-Hant").texts.items()
        if forms[-1] == source[key][-1] and not key.startswith("language.")
    }
    assert {key for key in left if re.sub(r"\{\w+\}|[^A-Za-z]", "", source[key][-1])} == set()


@pytest.mark.parametrize(
    ("language", "unwanted"),
    [
        ("fr", r"gardien|dépositaire|enjournal"),
        ("de", r"Verwahrer|Verzeichnis|(?<!Folgen)(?<!folgen)[Aa]bschätzung"),
        ("zh-Hant", r"您|裡|保管人|帳本|個鏡頭"),
    ],
)
def test_one_thing_has_one_word_in_each_language(language: str, unwanted: str) -> None:
    """Custodian, assessment, ledger, and how the reader is addressed: as on the other pages."""
    found = {
        form
        for forms in load(language).texts.values()
        for form in forms
        if re.search(unwanted, form)
    }
    assert found == set()


def test_no_line_of_french_begins_with_a_sign_or_within_a_number() -> None:
    """Its colons stand after a space at which no line breaks, and so do a number's thousands."""
    french = words("fr")
    assert not [form for forms in load("fr").texts.values() for form in forms if " :" in form]
    assert french.text("assessment.written-in", language="x") == "Réponses rédigées en\u00a0: x"
    assert "1\u202f187" in french.text("exposure.seen", value="15", whole=french.number(1187))
    assert [words(one).sign(":") for one in LANGUAGES] == [": ", "\uff1a", "\u00a0: ", ": "]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_has_a_word_that_the_source_lacks(language: str) -> None:
    """A key that only a translation has is a misspelling."""
    assert set(load(language).texts) <= set(load("en").texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_match_the_source(language: str) -> None:
    """Each translation takes the same values, by plain names: no attribute, no index, no format."""
    for key, forms in load(language).texts.items():
        for form in forms:
            names = placeholders(form)
            assert names == placeholders(load("en").texts[key][-1]), key
            assert all(name.isidentifier() for name in names), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_as_many_as_the_language_has(language: str) -> None:
    """Every number has a form, and the form names the number."""
    for count in (0, 1, 2, 5, 100):
        assert str(count) in words(language).text("cameras.count", count=count)
    assert words("en").text("cameras.count", count=1) == "1 camera"
    assert words("en").text("cameras.count", count=2) == "2 cameras"
    assert words("fr").text("cameras.count", count=0) == "0 caméra"


def test_every_word_that_the_code_names_exists() -> None:
    """Every literal key that is asked for, in any module, is in the catalogue."""
    asked = set()
    for path in SOURCES.rglob("*.py"):
        source = path.read_text()
        if not re.search(r"\.\s*(spoken|text)\b", source):
            continue  # to parse all of them takes seconds
        for node in ast.walk(ast.parse(source)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"spoken", "text"}
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
                and re.fullmatch(r"[a-z_-]+(\.[a-zA-Z_:-]+)+|yes|no|simulated", node.args[0].value)
            ):
                asked.add(node.args[0].value)
    assert "hours.always" in asked
    assert asked <= set(load("en").texts)


def test_everything_that_has_a_name_has_a_public_word() -> None:
    """States, capabilities, health, weekdays and kinds of entry can all be said."""
    keys = [
        *(f"state.{state}{end}" for state in STATES for end in ("", ".explain")),
        *(f"capability.{name}{end}" for name in CAPABILITIES for end in ("", ".explain")),
        *(f"health.{health.value}" for health in Health),
        *(f"change.{kind.value}" for kind in EntryKind),
        *(f"day.{day}" for day in DAYS),
        f"health.{HEALTHY}",
    ]
    for language in LANGUAGES:
        assert [key for key in keys if not words(language).translated(key)] == []


def lacking(language: str, key: str) -> Words:
    """The words of `language` as if `key` had not been translated yet."""

    def read(name: str) -> Catalogue:
        whole = load(name)
        if name != language:
            return whole
        return Catalogue({k: v for k, v in whole.texts.items() if k != key}, whole.plural)

    return Words(language, read)


def test_what_a_language_lacks_is_english_and_says_so() -> None:
    """The fallback is visible to a page, which marks it with its own language."""
    german = lacking("de", "field.legal.basis")
    assert not german.complete
    assert not german.translated("field.legal.basis")
    assert german.has("field.legal.basis")
    assert german.spoken("field.legal.basis") == ("Basis", "en")
    assert german.spoken("yes") == ("ja", "de")
    with pytest.raises(KeyError, match="no such key"):
        german.text("no such key")
    with pytest.raises(KeyError):
        words("tlh")


def test_the_readers_own_language_is_chosen_where_somebody_wrote_it() -> None:
    """Then English, then whatever there is; the language is told each time."""
    chinese = words("zh-Hant")
    assert chinese.said({"en": "a", "zh-Hant": "b"}) == ("b", "zh-Hant")
    assert chinese.said({"en": "a", "zh-hant": "b"}) == ("b", "zh-hant")
    assert chinese.said({"fr": "c", "en": "a"}) == ("a", "en")
    assert chinese.said({"fr": "c"}) == ("c", "fr")
    assert chinese.said({"zh-Hant": "", "fr": "c"}) == ("c", "fr")
    assert chinese.said({}) == ("", "en")
    french = words("fr")
    # As in French texts of the program, no line is broken before such a sign.
    assert (
        french.said({"fr": "« Une place » : simulée"})[0]
        == "«\u00a0Une place\u00a0»\u00a0: simulée"
    )
    assert french.said({"en": "a : b"}) == ("a : b", "en")


@settings(deadline=None)
@given(st.text())
def test_what_is_put_into_a_text_is_never_a_template(value: str) -> None:
    """A name with braces in it comes out as it went in."""
    said = words("en").text("notice.camera", name=value)
    assert said.split() == f"Camera {value}".split()
    assert not re.search(r"[^\S \u00a0\u2007\u202f]", said)


def test_numbers_and_spans_are_written_as_the_language_writes_them() -> None:
    """Thousands, decimals, percent, days and hours; a share short of all is never 100 %."""
    english, chinese, french = words("en"), words("zh-Hant"), words("fr")
    assert english.number(12345.678, 1) == "12,345.7"
    assert french.number(1.5, 1) == "1,5"
    assert english.percent(0.9999) == "99%"
    assert english.percent(1.0) == "100%"
    assert english.duration(31 * 86_400) == "31 days"
    assert english.duration(36 * 3600) == "36 hours"
    assert english.duration(90) == "90 seconds"
    assert english.duration(0) == "0 seconds"
    assert chinese.duration(86_400) == "1 日"
    assert chinese.day(dt.date(2026, 3, 4)) == "2026年3月4日"
    assert english.moment(1_780_000_000_000, "Asia/Hong_Kong") == "29 May 2026 04:26 HKT"
    assert english.moment(0, "No/Where") == "1 January 1970 00:00 UTC"
    assert english.moment(7000, seconds=True) == "1 January 1970 00:00:07 UTC"
    assert english.day(1_780_000_000_000, "Asia/Hong_Kong") == "29 May 2026"
    assert chinese.listed(["一", "二", "三"]) == "一、二及三"


def test_hours_are_told_in_words() -> None:
    """Always, daily, and on some days; over midnight as it is written."""
    english = words("en")
    assert english.hours(()) == ("At any hour",)
    assert english.hours([Hours(DAYS, 0, 1440)]) == ("At any hour",)
    assert english.hours([Hours(DAYS, 360, 1320)]) == ("Every day 06:00 to 22:00",)
    assert english.hours([Hours(("sat", "fri"), 1080, 120)]) == (
        "Friday and Saturday: 18:00 to 02:00",
    )


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-CN,zh-Hans;q=0.9,fr;q=0.1", "fr"),
        ("de-CH, en;q=0.5", "de"),
        ("xx, fr;q=0.2, de;q=0.3", "de"),
        ("fr;q=0, de;q=x, en", "en"),
        ("*", "en"),
    ],
)
def test_the_browsers_wish_is_met_as_far_as_it_can_be(accept: str, language: str) -> None:
    """By weight, then order; what nobody translated is passed over."""
    assert best(accept) == language


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_wish_is_an_error(accept: str) -> None:
    """Whatever a browser sends, it gets a language."""
    assert best(accept) in LANGUAGES
