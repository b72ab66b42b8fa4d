"""New assessments: every question is there, nothing is answered, and what is written reads back."""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect, structs

from plainview import __version__
from plainview.document.strict import options
from plainview.errors import InputError
from plainview.governance.assessment import (
    Aim,
    AssessedCamera,
    Assessment,
    Notice,
    Period,
    load_assessment,
    parse_assessment,
    say,
)
from plainview.governance.capability import MEASURING
from plainview.governance.check import check
from plainview.governance.draft import demonstration, new, written
from plainview.governance.fields import known
from plainview.governance.pack import BASE, load_pack, pack_names
from plainview.governance.permit import of_version
from plainview.governance.words import LANGUAGES

TODAY = dt.date(2026, 9, 15)
CAMERAS = (
    AssessedCamera("north", "square", "1" * 64),
    AssessedCamera("south", "square", "2" * 64),
)
EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.toml"))


def fields_of(kind: inspect.Type) -> list[str]:
    """The name of every field of an assessment: `aims[].text`."""
    for option in options(kind):
        if isinstance(option, inspect.VarTupleType):
            return [f"[].{name}" for name in fields_of(option.item_type)]
        if isinstance(option, inspect.StructType):
            return [
                field.name + below if below.startswith("[") else f"{field.name}.{below}".rstrip(".")
                for field in option.fields
                for below in (fields_of(field.type) or [""])
            ]
    return []


def has(data: Any, field: str) -> bool:  # noqa: ANN401 - parsed TOML is any shape
    """Whether `data` has that field, in the first entry of each list on the way."""
    step, _, rest = field.partition(".")
    name = step.removesuffix("[]")
    if not isinstance(data, dict) or name not in data:
        return False
    inner = data[name][:1] if step.endswith("[]") else [data[name]]
    return not rest or any(has(value, rest) for value in inner)


FIELDS = fields_of(inspect.type_info(Assessment))


@pytest.mark.parametrize("pack", pack_names())
def test_a_new_one_has_every_field(pack: str) -> None:
    """Every key that an assessment may have is there with its help, but for processors."""
    text = new((pack,), CAMERAS, today=TODAY)
    data = tomllib.loads(text)
    assert len(FIELDS) > 100
    assert {f for f in FIELDS if not has(data, f)} == {
        f for f in FIELDS if f.startswith("processors")
    }
    assert "# [[processors]]" in text
    flowed = " ".join(line.removeprefix("# ") for line in text.splitlines())
    for field in FIELDS:
        if not field.startswith("processors"):
            about = known(field)
            assert about is not None
            assert about.help in flowed, field


@pytest.mark.parametrize("pack", pack_names())
def test_a_new_one_answers_nothing(pack: str) -> None:
    """Every rule that asks for a written answer finds that it is missing, for every field."""
    assessment = parse_assessment(new((pack,), CAMERAS, today=TODAY), "new.toml")
    found = {(f.rule, f.field) for f in check(assessment, today=TODAY, views=None)}
    filled = {
        "software",
        "cameras",
        "cameras[].fingerprint",
        "capabilities",
        "aims",
        "period.hours",
        "harms",
        "measures",
        "necessity.alternatives",
    }
    for rule in load_pack(pack).rules:
        if rule.check != "required" or rule.when is not None:
            continue
        for field in rule.fields:
            if field not in filled and not field.startswith("processors"):
                assert (rule.id, field.replace("[]", "[0]")) in found
    assert assessment.simulated is False
    assert assessment.oversight.automatic is None
    assert all(approver.name == "" for approver in assessment.approvers)


def test_a_new_one_knows_the_cameras_and_what_a_lens_needs() -> None:
    """Cameras with their views, both measuring capabilities and the version are filled in."""
    text = new(("eu", "hk"), CAMERAS, today=TODAY, language="en", name="square-2026")
    assessment = parse_assessment(text, "new.toml")
    assert assessment.cameras == CAMERAS
    assert [c.name for c in assessment.capabilities] == list(MEASURING)
    assert of_version(__version__, assessment.software)
    assert assessment.id == "square-2026"
    assert list(assessment.title) == ["en", "zh-Hant"]
    assert [a.role.value for a in assessment.approvers] == ["controller", "privacy-officer"]
    assert list(parse_assessment(new(("fr",), (), today=TODAY), "f.toml").title) == ["en", "fr"]
    with pytest.raises(InputError, match="no pack 'mars'"):
        new(("mars",), CAMERAS, today=TODAY)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_is_written_reads_back(path: Path) -> None:
    """An assessment written as TOML, with help or without, is the same to the digest."""
    assessment = load_assessment(path)
    for helped in (False, True):
        again = parse_assessment(written(assessment, helped=helped), "again.toml")
        assert again == assessment
        assert again.digest() == assessment.digest()


prose = st.text(max_size=60)


@given(
    st.builds(
        Assessment,
        id=st.just("x"),
        title=st.dictionaries(st.sampled_from(["en", "zh-Hant", "fr"]), prose),
        summary=st.dictionaries(st.sampled_from(["en", "pt-BR"]), prose),
        packs=st.lists(prose, max_size=3).map(tuple),
        aims=st.lists(
            st.builds(Aim, id=st.just("a"), text=st.just({}), evidence=prose), max_size=2
        ).map(tuple),
        notice=st.builds(Notice, where=prose, text=st.dictionaries(st.just("en"), prose)),
        period=st.builds(Period, begins=st.none() | st.dates(), frequency=prose),
        review_date=st.none() | st.dates(),
    ),
    st.booleans(),
)
def test_any_words_read_back(assessment: Assessment, helped: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """Quotes, backslashes, control signs, line ends and any script survive writing and reading."""
    assert parse_assessment(written(assessment, helped=helped), "x.toml") == assessment


def test_the_demonstration_is_complete_and_marked() -> None:
    """It may be approved on any day it starts, for its cameras, and says in each language of
    the portal that nobody exists.
    """  # noqa: D205 - one sentence
    views = {camera.id: camera.fingerprint for camera in CAMERAS}
    for today in (TODAY, dt.date(2028, 2, 29), dt.date(2030, 12, 31)):
        assessment = demonstration(CAMERAS, today)
        assert check(assessment, today=today, views=views) == []
        assert assessment.simulated
        assert assessment.period.begins == today
        assert assessment.period.ends == today + dt.timedelta(days=365)
        assert {camera.id: camera.fingerprint for camera in assessment.cameras} == views
        assert of_version(__version__, assessment.software)
    texts = (
        assessment.title,
        assessment.summary,
        assessment.aims[0].text,
        assessment.legal.text,
        assessment.notice.text,
        assessment.complaints.text,
    )
    for text in texts:
        assert set(text) == set(LANGUAGES)
    assert "simulated" in say(assessment.notice.text, "en")
    assert "simulés" in say(assessment.notice.text, "fr")
    assert "simuliert" in say(assessment.notice.text, "de")
    assert "模擬" in say(assessment.notice.text, "zh-Hant")
    assert {c.name for c in assessment.capabilities} >= set(MEASURING)
    assert parse_assessment(written(assessment), "d.toml") == assessment


def test_nobody_can_pass_the_demonstration_off_as_real() -> None:
    """Without its mark, the same text lacks a pack whose law it would have to meet."""
    real = structs.replace(demonstration(CAMERAS, TODAY), simulated=False)
    assert {f.rule for f in check(real, today=TODAY, views=None)} == {"packs-named"}
    assert load_pack(BASE).id not in pack_names()
