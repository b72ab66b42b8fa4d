"""A policy pack: rules with the clause that each comes from, as data (`packs/*.toml`)."""

import datetime as dt
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from plainview.document import convert, nearest, read_document
from plainview.errors import ConfigError, InputError
from plainview.governance.capability import CAPABILITIES
from plainview.governance.durations import seconds_of
from plainview.governance.fields import known
from plainview.governance.person import Role

FOLDER: Final = Path(__file__).parent / "packs"
BASE: Final = "plainview"
"""Applies to every assessment, whatever packs it names."""

CheckKind = Literal[
    "required",
    "languages",
    "retention",
    "most",
    "one-of",
    "before",
    "within",
    "until",
    "capabilities",
    "approvers",
    "answered",
    "packs",
]
"""The closed vocabulary:

`required` something is written in each field, at least `least` letters of it; `languages` a public
text is there in each of `languages`; `retention` a span is no longer than `span`; `most` a number
is at most `days`; `one-of` the value is one of `values`; `before` the first date is at least `days`
before the second; `within` the second date is at most `days` after the first; `until` a date is not
after `date`; `capabilities` none but `values` are asked for; `approvers` each role of `values` is
named; `answered` every harm has a measure; `packs` these packs are named too.
"""
Origin = Literal["law", "guidance", "pack"]
_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "required": ("fields",),
    "languages": ("fields", "languages"),
    "retention": ("fields", "span"),
    "most": ("fields", "days"),
    "one-of": ("fields", "values"),
    "before": ("fields", "days"),
    "within": ("fields", "days"),
    "until": ("fields", "date"),
    "capabilities": ("values",),
    "approvers": ("values",),
    "answered": (),
    "packs": ("values",),
}
_GUIDE: Final = "docs/design/0011-assessments.md"
_Word = Annotated[str, Meta(min_length=1, max_length=1000)]


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule with it holds only for some assessments."""

    field: str
    values: tuple[str, ...] = ()
    """`field` is one of these."""
    longer: str = ""
    """`field` is a span longer than this."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a law or guidance asks."""

    id: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[a-z0-9-]+\Z")]
    clause: _Word
    """Precisely where it stands."""
    asks: _Word
    """What it asks, in plain words; it is read after 'is missing: '."""
    check: CheckKind
    fields: tuple[str, ...] = ()
    mend: str = ""
    """How to mend it; empty: the field's own help."""
    limit: Origin = "law"
    """Where a number, or the wish for this field, comes from: `law` or `guidance` names it itself;
    `pack` chose it as a careful reading of the clause."""
    least: int = 1
    days: int | None = None
    span: str = ""
    values: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    date: dt.date | None = None
    when: When | None = None


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A text that rules come from."""

    short: _Word
    """As clauses begin."""
    title: _Word
    note: str = ""
    """What of it could not be verified, or is about to change."""


class Pack(Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of one place."""

    id: _Word
    title: _Word
    checked: dt.date
    """Day on which the clauses were last compared with their sources."""
    sources: tuple[Source, ...]
    rules: tuple[Rule, ...]
    note: str = ""


def pack_names() -> tuple[str, ...]:
    """The packs that an assessment may name."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != BASE))


def load_pack(name: str) -> Pack:
    """The pack `name`. Raises InputError if there is none, ConfigError if its file is wrong."""
    if name != BASE and name not in pack_names():
        guess = nearest(name, pack_names())
        raise InputError(
            f"there is no pack {name[:80]!r}",
            where="packs",
            mend=f"Did you mean {guess!r}?" if guess else f"There are {', '.join(pack_names())}",
        )
    return _load(FOLDER / f"{name}.toml")


@functools.cache
def _load(path: Path) -> Pack:
    return read_pack(path)


def read_pack(path: Path) -> Pack:
    """The pack in the file `path`, every rule of which can be asked. Raises ConfigError."""
    document = read_document(path)
    pack = convert(document, document.data, Pack, (), guide=_GUIDE)
    seen: set[str] = set()
    for k, rule in enumerate(pack.rules):
        wrong = "" if rule.id not in seen else f"the id {rule.id!r} is there twice"
        wrong = wrong or _wrong(rule, pack)
        seen.add(rule.id)
        if wrong:
            raise ConfigError(wrong, where=document.where(("rules", k)), mend=f"See {_GUIDE}")
    return pack


def _wrong(rule: Rule, pack: Pack) -> str:
    """Why `rule` cannot be asked; empty if it can."""
    lacking = [name for name in _NEEDS[rule.check] if getattr(rule, name) in {(), None, ""}]
    if lacking:
        return f"a rule of kind {rule.check!r} needs {', '.join(lacking)}"
    if not any(rule.clause.startswith(source.short) for source in pack.sources):
        return f"the clause {rule.clause!r} begins with none of the sources' short names"
    unknown = [field for field in _all_fields(rule) if known(field) is None]
    if unknown:
        return f"no assessment has {', '.join(unknown)}"
    if rule.check in {"before", "within"} and len(rule.fields) != 2:
        return f"a rule of kind {rule.check!r} compares two fields"
    try:
        for span in filter(None, (rule.span, rule.when.longer if rule.when else "")):
            seconds_of(span)
    except InputError as error:
        return error.what
    allowed = _VALUES.get(rule.check)
    strange = [] if allowed is None else [value for value in rule.values if value not in allowed()]
    return f"{', '.join(strange)} cannot be asked for" if strange else ""


def _all_fields(rule: Rule) -> tuple[str, ...]:
    return (*rule.fields, *((rule.when.field,) if rule.when else ()))


_VALUES: Final[dict[str, Callable[[], tuple[str, ...]]]] = {
    "capabilities": lambda: CAPABILITIES,
    "approvers": lambda: tuple(role.value for role in Role),
    "packs": pack_names,
}
