"""Policy packs: every rule can be asked, is asked, and is refused with its clause when broken."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from msgspec import structs

from plainview.errors import ConfigError, InputError
from plainview.governance import check as checking
from plainview.governance.assessment import Assessment
from plainview.governance.check import Finding, check
from plainview.governance.fields import known
from plainview.governance.pack import (
    BASE,
    CheckKind,
    Pack,
    Rule,
    load_pack,
    pack_names,
    read_pack,
)

ROOT = Path(__file__).parents[2]
PACKS = (BASE, *pack_names())
RULES = [(name, rule) for name in PACKS for rule in load_pack(name).rules]


def _script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The benchmark that breaks each rule."""
    return _script(ROOT / "bench" / "mutations.py")


def test_the_packs_are_there() -> None:
    """Five places, and what Plainview asks of everybody."""
    assert pack_names() == ("eu", "fr", "hk", "nyc", "uk")
    assert load_pack(BASE).id == BASE
    with pytest.raises(InputError, match="Did you mean 'uk'"):
        load_pack("ukk")


@pytest.mark.parametrize("name", PACKS)
def test_the_example_has_no_finding(bench: ModuleType, name: str) -> None:
    """A complete, honest assessment of each place may be approved."""
    assert check(bench.example(name), today=bench.TODAY, views=None) == []


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_is_refused_with_its_clause(bench: ModuleType, name: str) -> None:
    """Each rule has at least one assessment that breaks it, and all of them are found by name."""
    result = bench.tried(name)
    assert result.covered == result.rules == len(load_pack(name).rules)
    assert result.mutations >= result.rules
    assert [f"{m.rule.id} {m.field} {m.how}" for m in result.wrong] == []
    assert result.refused == result.right == result.mutations


@pytest.mark.parametrize("name", pack_names())
def test_one_broken_answer_is_found_where_it_is(bench: ModuleType, name: str) -> None:
    """Emptying one answer leads to findings about that answer only: nothing else is blamed."""
    start = bench.example(name)
    for field in ("necessity.necessity", "security.measures", "oversight.audit", "notice.where"):
        broken = bench.changed(start, field, "")
        found = check(broken, today=bench.TODAY, views=None)
        assert {finding.field for finding in found} <= {field}


def test_the_benchmark_sees_a_rule_that_is_not_asked(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a rule were never asked, its mutations would be reported: the 100 % can fail."""

    def without_views(pack: Pack, assessment: Assessment) -> Iterator[Finding]:
        found = real(pack, assessment)
        return (f for f in found if f.rule != "views")

    real = checking.pack_findings
    monkeypatch.setattr(checking, "pack_findings", without_views)
    result = bench.tried("eu")
    assert {mutation.rule.id for mutation in result.wrong} == {"views"}
    assert result.right < result.mutations


def test_the_vocabulary_is_closed_and_used() -> None:
    """Each kind of check is used by some rule, so that none is there without a test."""
    assert {rule.check for _, rule in RULES} == set(get_args(CheckKind))


@pytest.mark.parametrize(("name", "rule"), RULES, ids=lambda value: getattr(value, "id", value))
def test_each_rule_is_plain(name: str, rule: Rule) -> None:
    """A rule names a source of its pack, fields that exist, and says what it asks in words."""
    pack = load_pack(name)
    assert any(rule.clause.startswith(source.short) for source in pack.sources)
    assert len(rule.asks) > 5
    assert rule.asks[0].islower() or rule.asks.startswith(("GDPR", "CNIL"))
    assert not rule.asks.endswith(".")
    for field in rule.fields:
        about = known(field)
        assert about is not None
        assert about.help


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        ('check = "required"', "needs fields"),
        ('check = "required"\nfields = ["aims[].txt"]', r"no assessment has aims\[\].txt"),
        ('check = "required"\nfields = ["title[]"]', "no assessment has"),
        ('check = "guess"', "none of"),
        ('check = "retention"\nfields = ["retention.footage"]', "needs span"),
        (
            'check = "retention"\nfields = ["retention.footage"]\nspan = "soon"',
            "is not a span of time",
        ),
        ('check = "before"\nfields = ["notice.date"]\ndays = 3', "compares two fields"),
        ('check = "capabilities"\nvalues = ["face-match"]', "cannot be asked for"),
        ('check = "approvers"\nvalues = ["king"]', "cannot be asked for"),
        ('check = "packs"\nvalues = ["mars"]', "cannot be asked for"),
        ('check = "answered"\nwhen = { field = "x", values = ["y"] }', "no assessment has x"),
        ('check = "answered"\nclauses = "y"', "unknown key 'clauses'. Did you mean 'clause'"),
    ],
)
def test_a_wrong_pack_is_refused(tmp_path: Path, breaks: str, says: str) -> None:
    """A rule that could not be asked is refused when the pack is read, with its line."""
    path = tmp_path / "mars.toml"
    path.write_text(
        'id = "mars"\ntitle = "Mars"\nchecked = 2026-11-23\n[[sources]]\nshort = "Law"\n'
        f'title = "The law"\n[[rules]]\nid = "a"\nclause = "Law 1"\nasks = "something"\n{breaks}\n'
    )
    with pytest.raises(ConfigError, match=says) as caught:
        read_pack(path)
    assert "rules" in caught.value.line()


def test_a_pack_names_its_clauses_and_rules_once(tmp_path: Path) -> None:
    """A clause from no source of the pack, and a rule's id that is there twice, are refused."""
    head = 'id = "m"\ntitle = "M"\nchecked = 2026-11-23\n[[sources]]\nshort = "L"\ntitle = "L"\n'
    rule = '[[rules]]\nid = "a"\nclause = "{}"\nasks = "b"\ncheck = "answered"\n'
    path = tmp_path / "m.toml"
    path.write_text(head + rule.format("Other 1"))
    with pytest.raises(ConfigError, match="none of the sources"):
        read_pack(path)
    path.write_text(head + rule.format("L 1") * 2)
    with pytest.raises(ConfigError, match="twice"):
        read_pack(path)


def test_several_packs_are_all_asked(bench: ModuleType) -> None:
    """An assessment for two places must meet both, and each finding says whose rule it is."""
    both = structs.replace(bench.example("eu"), packs=("eu", "nyc"))
    found = check(both, today=bench.TODAY, views=None)
    assert {finding.pack for finding in found} == {"nyc"}
    assert {finding.rule for finding in found} == {"posted-before"}


def test_the_reference_is_as_the_program(bench: ModuleType) -> None:
    """docs/reference/assessment.md and its schema are what 'make docs' writes now."""
    assert bench.EXAMPLES.is_dir()
    for path, text in _script(ROOT / "tools" / "assessment_reference.py").pages().items():
        assert path.read_text(encoding="utf-8") == text, f"run 'make docs' for {path.name}"


def test_the_guide_shows_the_example(bench: ModuleType) -> None:
    """The complete example of the guide is the one that is checked here, to the letter."""
    guide = (ROOT / "docs" / "guide" / "assessments.md").read_text(encoding="utf-8")
    example = (bench.EXAMPLES / "eu.toml").read_text(encoding="utf-8")
    assert guide.endswith(f"```toml\n{example}```\n")
    for name in pack_names():
        assert f"| `{name}` |" in guide
