"""Writes docs/reference/assessment.md and its JSON Schema from the program and the policy packs."""

import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import inspect

from plainview.document.strict import options
from plainview.governance.assessment import Assessment
from plainview.governance.jsonschema import NAME, schema_text
from plainview.governance.pack import BASE, Pack, Rule, load_pack, pack_names

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
HEAD = """# Assessment

Every field of an assessment and every rule of the policy packs. Written by `make docs` from the
program; a test holds it to the program. How to write one: [the guide](../guide/assessments.md).
For editors and other programs: [JSON Schema](assessment.schema.json), as
`plainview assessment schema` prints it.

An assessment is one TOML file, or one YAML file if its name ends in `.yaml` or `.yml`. It is read
strictly: an unknown key is refused with the nearest right one, and a wish beyond the boundary
([DESIGN.md](../../DESIGN.md), section 1) by its name. YAML is read by the core rules of YAML 1.2,
without anchors, aliases and tags, and no key may be there twice. Empty text counts as not written.

- A *date* is `2026-03-31`.
- A *span of time* is `90 min`, `24 h`, `30 d`, `1 y` (365 days) or `none`.
- A *time of day* is `08:30`, at most `24:00`, by the clock of `period.timezone`.
- *Texts for the public* stand in each language: `title = { en = "...", zh-Hant = "..." }`.
- *Answers* are written in the one language that `language` names.

## Fields
"""
PACKS = """## Policy packs

*From* says where a rule's number, or its wish for a field, comes from: the law or the guidance
itself, or this pack's careful reading of a clause that names none. A least number of letters is
always the pack's own: it keeps one-word answers from passing, and nothing more. A pack is no legal
advice. Changing one is a reviewed change of `src/plainview/governance/packs/`.
"""
_KINDS: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.BoolType, "true or false"),
    (inspect.IntType, "whole number"),
    (inspect.DateType, "date"),
    (inspect.DictType, "text by language"),
    (inspect.StrType, "text"),
)
_ORIGIN = {"law": "law", "guidance": "guidance", "pack": "this pack's reading"}


def pages() -> dict[Path, str]:
    """Each file and what it is to hold."""
    return {REFERENCE / "assessment.md": page(), REFERENCE / NAME: schema_text()}


def page() -> str:
    """The whole page."""
    packs = [load_pack(name) for name in (BASE, *pack_names())]
    kind = inspect.type_info(Assessment)
    assert isinstance(kind, inspect.StructType)  # noqa: S101 - it is one
    parts = [HEAD, *_fields(kind, "")]
    parts += [PACKS, *(_pack(pack) for pack in packs)]
    return "\n".join(parts)


def _fields(kind: inspect.StructType, at: str) -> Iterator[str]:
    """A heading and table for `kind`, then for each table inside it."""
    inner: list[tuple[str, inspect.StructType, str]] = []
    rows = []
    for field in kind.fields:
        name = f"{at}.{field.name}" if at else field.name
        struct, several = _struct(field.type)
        if struct is not None:
            inner.append((f"{name}[]" if several else name, struct, _help(field.type)))
            continue
        rows.append(f"| `{field.name}` | {_kind(field.type)} | {_help(field.type)} |")
    title = f"`[{at}]`" if not at.endswith("[]") else f"`[[{at.removesuffix('[]')}]]`"
    yield f"### {title if at else 'At the top'}\n"
    if rows:
        yield "\n".join(["| key | is | help |", "|---|---|---|", *rows]) + "\n"
    for name, struct, about in inner:
        first, *rest = _fields(struct, name)
        yield f"{first}\n{about}\n"
        yield from rest


def _struct(kind: inspect.Type) -> tuple[inspect.StructType | None, bool]:
    for option in options(kind):
        if isinstance(option, inspect.StructType):
            return option, False
        if isinstance(option, inspect.VarTupleType):
            found, _ = _struct(option.item_type)
            return found, True
    return None, False


def _kind(kind: inspect.Type) -> str:
    for option in options(kind):
        if isinstance(option, inspect.VarTupleType):
            return f"list: {_kind(option.item_type)}"
        if isinstance(option, inspect.LiteralType):
            return f"one of {', '.join(str(value) for value in option.values if value)}"
        if isinstance(option, inspect.EnumType):
            return f"one of {', '.join(member.value for member in option.cls)}"
        for known, words in _KINDS:
            if isinstance(option, known):
                return words
    return "value"


def _help(kind: inspect.Type) -> str:
    extra = kind.extra_json_schema if isinstance(kind, inspect.Metadata) else None
    return str((extra or {}).get("description", "")).replace("|", "\\|")


def _pack(pack: Pack) -> str:
    name = "in every assessment" if pack.id == BASE else f"`{pack.id}`"
    lines = [f"### {pack.title} ({name})\n", f"Checked against its sources on {pack.checked}."]
    if pack.note:
        lines[-1] += f" {pack.note}"
    lines.append("")
    for source in pack.sources:
        lines.append(f"- **{source.short}**: {source.title}.")
        if source.note:
            lines[-1] += f" *{source.note}*"
    lines += ["", "| rule | clause | asks | in | how | from |", "|---|---|---|---|---|---|"]
    for rule in pack.rules:
        fields = ", ".join(f"`{field}`" for field in rule.fields)
        how = f"{_how(rule)}{_when(rule)}"
        lines.append(
            f"| {rule.id} | {rule.clause} | {rule.asks} | {fields} | {how} |"
            f" {'Plainview' if pack.id == BASE else _ORIGIN[rule.limit]} |"
        )
    return "\n".join(lines) + "\n"


def _how(rule: Rule) -> str:
    values = ", ".join(rule.values)
    return {
        "required": "written" if rule.least == 1 else f"at least {rule.least} letters",
        "languages": f"in {', '.join(rule.languages)}",
        "retention": f"at most {rule.span}",
        "most": f"at most {rule.days}",
        "one-of": f"one of {values}",
        "before": f"at least {rule.days} days before the second",
        "within": f"at most {rule.days} days after the first",
        "until": f"not after {rule.date}",
        "capabilities": f"none but {values}",
        "approvers": f"names {values}",
        "answered": "each harm has a measure",
        "packs": f"names {values}",
    }[rule.check]


def _when(rule: Rule) -> str:
    if rule.when is None:
        return ""
    if rule.when.longer:
        return f", where `{rule.when.field}` is longer than {rule.when.longer}"
    return f", where `{rule.when.field}` is {' or '.join(rule.when.values)}"


if __name__ == "__main__":
    for target, text in pages().items():
        target.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{target}\n")
