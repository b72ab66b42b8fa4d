"""Reading assessments: what a person wrote is what is read, or one line says why not."""

import datetime as dt
import random
from pathlib import Path

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BoundaryError, ConfigError, InputError, PlainviewError
from plainview.governance.assessment import (
    Assessment,
    decode_assessment,
    load_assessment,
    parse_assessment,
    say,
)
from plainview.governance.check import check
from plainview.governance.draft import written
from plainview.governance.durations import in_words, minutes_of, seconds_of

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.toml"))
YAML = """\
id: square
title:
  en: The square
  zh-Hant: 廣場
packs: [eu, hk]
software: '0.2'
review_date: 2027-05-01
aims:
- id: crush
  text: {en: See crowding}
period:
  begins: 2026-10-01
  ends:
  hours:
  - days: [fri, sat]
    since: 17:00
    until: 02:00
oversight:
  automatic: false
  text: |
    One line
    and another.
rights: {days: 30}
"""
TOML = """\
id = "square"
title = { en = "The square", zh-Hant = "廣場" }
packs = ["eu", "hk"]
software = "0.2"
review_date = 2027-05-01
[[aims]]
id = "crush"
text = { en = "See crowding" }
[period]
begins = 2026-10-01
ends = ""
[[period.hours]]
days = ["fri", "sat"]
since = "17:00"
until = "02:00"
[oversight]
automatic = false
text = "One line\\nand another.\\n"
[rights]
days = 30
"""


def refused(text: str, name: str = "a.toml") -> str:
    """The one line with which `text` is refused."""
    with pytest.raises(PlainviewError) as caught:
        parse_assessment(text, name)
    line = caught.value.line()
    assert "\n" not in line
    assert line.startswith(name)
    return line


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_read(path: Path) -> None:
    """Each example is an assessment, and its canonical form reads back as the same."""
    assessment = load_assessment(path)
    assert decode_assessment(assessment.encoded()) == assessment
    assert len(assessment.digest()) == 64


def test_toml_and_yaml_say_the_same() -> None:
    """The same answers in TOML and in YAML are the same assessment, to the digest."""
    one, other = parse_assessment(TOML, "a.toml"), parse_assessment(YAML, "a.yaml")
    assert one == other
    assert one.digest() == other.digest()
    assert one.period.begins == dt.date(2026, 10, 1)
    assert one.period.ends is None


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_another_program_writes_as_yaml_is_read(path: Path) -> None:
    """An assessment that a YAML library writes reads back as the same."""
    assessment = load_assessment(path)
    plain = msgspec.to_builtins(assessment, builtin_types=(dt.date,))
    text = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)
    assert parse_assessment(text, "a.yml") == assessment


def test_the_digest_is_of_every_field() -> None:
    """Whatever is changed, the digest changes, and the order of keys in the file does not."""
    base = parse_assessment(TOML, "a.toml")
    turned = parse_assessment(f"revision = 1\n{TOML}", "b.toml")
    assert turned.digest() == base.digest()
    digests = {
        msgspec.structs.replace(base, **change).digest()
        for change in (
            {"revision": 2},
            {"simulated": True},
            {"title": {"en": "Another"}},
            {"review_date": None},
            {"aims": ()},
        )
    }
    assert len(digests) == 5
    assert base.digest() not in digests


def test_only_the_id_must_be_there() -> None:
    """All else may be missing, so that what is missing can be named with its clause."""
    assert parse_assessment('id = "x"', "a.toml") == Assessment(id="x")
    assert "'id' is missing" in refused("revision = 1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('id="x"\ntitel="y"', "line 2, titel: unknown key 'titel'. Did you mean 'title'?"),
        ('id="x"\n[period]\nbegin=3', "line 3, period.begin: unknown key 'begin'. Did you mean"),
        (
            'id="x"\n[[aims]]\nid="a"\ntxt="b"',
            "aims[0].txt: unknown key 'txt'. Did you mean 'text'?",
        ),
        ('id="x"\n[legal]\nbasis="publictask"', "is none of"),
        ('id="x"\n[[approvers]]\nrole="boss"', "'boss' is none of"),
        ('id="x"\nreview_date="soon"', "'soon' is no date; a date is written as 2026-03-31"),
        ('id="x"\nreview_date=2026-01-01T10:00:00', "should be a date, not a date with a time"),
        ('id="x"\nreview_date=2026-02-30', "not valid TOML"),
        ('id="x"\nreview_date=20260101', "should be a date, not a whole number"),
        ('id="x"\n[rights]\ndays=0', "must be at least 1, not 0"),
        ('id="x"\n[rights]\ndays=1.5', "should be a whole number"),
        ('id="x"\n[oversight]\nautomatic="no"', "should be true or false"),
        (
            'id="x"\n[title]\nenglish="y"',
            "title: each of the keys 'english' should be a language such as en",
        ),
        ('id="../x"', "should be nothing but letters"),
        ('id="x"\npacks="eu"', "should be a list, not text"),
        ('id="x"\n[[capabilities]]\nname="cout"', "no capability. Did you mean 'count'?"),
        ("id=", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, says: str) -> None:
    """A mistake is named with its file, line and key, and the nearest right word."""
    assert says in refused(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("watchlist = true", "watchlist"),
        ('[[capabilities]]\nname = "face-match"', "face-match"),
        ('[[capabilities]]\nname = "reid"', "reid"),
        ('[[capabilities]]\nname = "number-plate"', "number-plate"),
        ('[[capabilities]]\nname = "count"\ngender = true', "gender"),
        ("[people]\nethnicity = true", "ethnicity"),
        ('[[cameras]]\nid = "a"\nface_database = "x"', "face_database"),
        ('[[capabilities]]\nname = "events:emotion"', "events:emotion"),
    ],
)
def test_beyond_the_boundary_is_refused_by_name(text: str, name: str) -> None:
    """A key or capability that does not exist here is refused by its name and the section."""
    with pytest.raises(BoundaryError) as caught:
        parse_assessment(f'id = "x"\n{text}\n', "a.toml")
    assert repr(name) in caught.value.line()
    assert "DESIGN.md section 1" in caught.value.line()


def test_prose_may_speak_of_what_is_forbidden() -> None:
    """Words in answers are no wish: an assessment must be able to rule recognition out."""
    text = 'id="x"\n[necessity]\nminimisation="No face recognition, no watchlist, no biometrics."'
    assert "watchlist" in parse_assessment(text, "a.toml").necessity.minimisation


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: x\na: &a [1]\nb: *a", "anchor or alias"),
        ("id: !!python/object/apply:os.system [x]", "tag"),
        ("id: x\nid: y", "line 2: has the key 'id' twice"),
        ("id: x\npeople: {groups: [a], groups: [b]}", "twice"),
        ("id: x\n---\nid: y", "more than one document"),
        ("- id: x", "not a table"),
        ("just words", "not a table"),
        ("id: [x", "not valid YAML"),
        ("id: x\nreview_date: 2026-13-45", "2026-13-45 is no day of the calendar"),
        ("id: x\nsoftware: 0.2", "should be text, not a number"),
        ("? [a, b]\n: c", "a key that is not a word"),
        ("id: x\nfoo: 1", "unknown key 'foo'"),
        ("id: x\nrights: {days: 1e400}", "not a number"),
        ("id: \x00", "not valid YAML"),
        ("[" * 200_000, "nested too deeply"),
        ("- " * 200_000, "nested too deeply"),
        ("{a: " * 200_000, "nested too deeply"),
    ],
)
def test_yaml_is_as_strict(text: str, says: str) -> None:
    """No anchors, aliases, tags or twin keys, bounded depth; every refusal is one line."""
    assert says in refused(text, "a.yaml")


def test_a_bomb_of_aliases_costs_nothing() -> None:
    """Nine levels of nine aliases, which would be a billion values, are refused at the first."""
    levels = ['a0: &a0 ["lol"]']
    levels += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 10)]
    assert "anchor or alias" in refused("\n".join(levels), "a.yaml")


@pytest.mark.parametrize("suffix", [".toml", ".yaml"])
def test_junk_and_huge_files(tmp_path: Path, suffix: str) -> None:
    """A binary file and one of 100 MB are refused in one line, without being read whole."""
    junk = tmp_path / f"junk{suffix}"
    junk.write_bytes(random.Random(5).randbytes(5000))  # noqa: S311 - junk, not a key
    huge = tmp_path / f"huge{suffix}"
    with huge.open("wb") as file:
        file.truncate(100_000_000)
    for path, says in ((junk, "not UTF-8"), (huge, "larger than 16 MB"), (tmp_path, "not a file")):
        with pytest.raises(ConfigError, match=says):
            load_assessment(path)
    with pytest.raises(ConfigError, match="no such file"):
        load_assessment(tmp_path / f"none{suffix}")
    with pytest.raises(ConfigError, match="larger than 16 MB"):
        parse_assessment("#" * 16_000_001, f"a{suffix}")


@given(st.text(max_size=300), st.sampled_from(["a.toml", "a.yaml"]))
def test_any_text_is_read_or_refused_in_one_line(text: str, name: str) -> None:
    """No text ends in anything but an assessment or a refusal of one line."""
    line = ""
    try:
        assessment = parse_assessment(text, name)
    except PlainviewError as error:
        line = error.line()
        assessment = Assessment(id="refused")
    assert "\n" not in line
    assert decode_assessment(assessment.encoded()) == assessment


PIECES = [
    *('"', "[", "]", "{", "}", "=", "\n", "#", "'''", '"""', "\\", "\x00", "\ufeff", "- ", ": "),
    *("&a ", "*a", "!!x ", "2026-02-30", "1e999", "nan", "true", "0x", "9" * 400, "|", ">", "\t"),
    *("[[aims]]", "[people]\n", 'id = "x"\n'),
]


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_is_read_or_refused_in_one_line(seed: int) -> None:
    """Cut and strewn with signs: one line, or something that can be checked and written."""
    draw = random.Random(seed)  # noqa: S311 - damage, not a key
    signs = list(draw.choice(EXAMPLES).read_text(encoding="utf-8"))
    for _ in range(draw.choice([1, 2, 5])):
        at = draw.randrange(len(signs))
        if draw.random() < 0.5:
            signs[at:at] = draw.choice(PIECES)
        else:
            del signs[at : at + draw.choice([1, 3, 30, 300])]
    line = ""
    assessment = Assessment(id="refused")
    try:
        assessment = parse_assessment("".join(signs), "a.toml")
    except PlainviewError as error:
        line = error.line()
    assert "\n" not in line
    for finding in check(assessment, today=dt.date(2026, 9, 15), views={"a": "1" * 64}):
        assert "\n" not in finding.line()
    assert parse_assessment(written(assessment, helped=True), "b.toml") == assessment


def test_texts_by_language() -> None:
    """The wished language, else the nearest, else English, else any."""
    text = {"en": "a", "zh-Hant": "b", "fr": ""}
    assert [say(text, name) for name in ("zh-Hant", "en-GB", "fr", "de")] == ["b", "a", "a", "a"]
    assert say({"fr": "c"}, "de") == "c"
    assert say({}, "en") == ""


def test_spans_and_times() -> None:
    """Spans of time and times of day are read as people write them, and nothing else is."""
    spans = {"90 min": 5400, "24h": 86400, " 30 d ": 2_592_000, "1 y": 31_536_000, "none": 0}
    assert {text: seconds_of(text) for text in spans} == spans
    assert [minutes_of(text) for text in ("00:00", "08:30", "24:00")] == [0, 510, 1440]
    for wrong in ("", "24", "-1 d", "30 days", "1e9 d", "101 y", "24 h 5 min"):
        with pytest.raises(InputError):
            seconds_of(wrong)
    for wrong in ("", "8:30", "24:01", "25:00", "08:60", "0830"):
        with pytest.raises(InputError):
            minutes_of(wrong)
    with pytest.raises(InputError, match="no span of time is given"):
        seconds_of(" ")
    with pytest.raises(InputError, match="no time of day is given"):
        minutes_of("")


@given(st.integers(min_value=0, max_value=36_000))
def test_words_of_a_span_read_back(minutes: int) -> None:
    """A span written in words is the same span."""
    assert seconds_of(in_words(minutes * 60.0)) == minutes * 60.0
