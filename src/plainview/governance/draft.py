"""An assessment as TOML, each key with its help; and a new one, in which a person must answer.

`new` never answers for a person: what only a person can say is empty, so that `check` names it.
"""

import datetime as dt
import enum
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, inspect, structs

from plainview import __version__
from plainview.document.strict import form_of, options
from plainview.governance.assessment import (
    Aim,
    Alternative,
    Approver,
    AssessedCamera,
    AssessedCapability,
    Assessment,
    Complaints,
    Harm,
    Legal,
    Measure,
    Necessity,
    Notice,
    Period,
    Window,
    load_assessment,
)
from plainview.governance.capability import MEASURING
from plainview.governance.pack import load_pack
from plainview.governance.person import APPROVERS
from plainview.governance.words import words

WIDTH: Final = 96
"""Letters of a line of help."""
_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\x7f": "\\u007F"}


DEMONSTRATION: Final = Path(__file__).parent / "demonstration.toml"
_VALID: Final = dt.timedelta(days=365)


def new(
    packs: Sequence[str],
    cameras: Sequence[AssessedCamera],
    *,
    today: dt.date,
    language: str = "en",
    name: str = "",
) -> str:
    """The TOML text of a new assessment for `packs` (raises InputError for an unknown one).

    The `cameras` (id, site and fingerprint), the version and what no lens starts without are filled
    in; `name` is its id. Every other field is there, empty, with its help, in `language` and the
    languages that a pack asks.
    """
    said = dict.fromkeys(_languages(packs, language), "")
    assessment = Assessment(
        id=name or f"assessment-{today:%Y-%m-%d}",
        language=language,
        title=said,
        summary=said,
        packs=tuple(packs),
        software=_software(),
        aims=(Aim(id="aim-1", text=said),),
        legal=Legal(text=said),
        cameras=tuple(cameras),
        capabilities=tuple(AssessedCapability(name=name) for name in MEASURING),
        period=Period(hours=(Window(),)),
        harms=(Harm(id="harm-1"),),
        measures=(Measure(id="measure-1"),),
        necessity=Necessity(alternatives=(Alternative(),)),
        notice=Notice(text=said),
        complaints=Complaints(text=said),
        approvers=tuple(Approver(role=role) for role in APPROVERS),
    )
    return written(assessment, helped=True)


def written(assessment: Assessment, *, helped: bool = False) -> str:
    """`assessment` as TOML that reads back as the same; with its help above each key if `helped`.

    A list without entries is left out, but for its help and, commented out, what an entry has.
    """
    lines = list(_lines(assessment, (), helped=helped))
    return "\n".join(lines).lstrip("\n") + "\n"


def demonstration(cameras: Sequence[AssessedCamera], today: dt.date) -> Assessment:
    """The demonstration's own assessment, for its `cameras`, valid for a year from `today`."""
    template = load_assessment(DEMONSTRATION)
    said = words(template.language)
    places = {
        camera.id: structs.replace(
            camera,
            sees=said.text("demonstration.sees"),
            private=said.text("demonstration.private"),
        )
        for camera in cameras
    }
    return structs.replace(
        template,
        software=_software(),
        review_date=today + _VALID,
        cameras=tuple(places.values()),
        period=structs.replace(template.period, begins=today, ends=today + _VALID),
        notice=structs.replace(template.notice, date=today),
    )


def _software() -> str:
    """The version that runs, without the part that only mends."""
    return ".".join(__version__.split(".")[:2])


def _languages(packs: Sequence[str], language: str) -> tuple[str, ...]:
    asked = [name for pack in packs for rule in load_pack(pack).rules for name in rule.languages]
    return tuple(dict.fromkeys((language, *asked)))


def _lines(value: Struct, at: tuple[str, ...], *, helped: bool) -> Iterator[str]:
    """A table's own keys first, then its tables, then its lists of tables, as TOML needs them."""
    kind = form_of(type(value))
    assert isinstance(kind, inspect.StructType)  # noqa: S101 - every value here is one
    tables: list[tuple[str, str, inspect.Type]] = []
    for field in kind.fields:
        inner = getattr(value, field.name)
        about = _help(field.type) if helped else ""
        listed = _listed(field.type)
        if isinstance(inner, Struct) or listed is not None:
            tables.append((field.name, about, field.type))
            continue
        yield from _comment(about)
        yield f"{field.name} = {_value(inner)}"
    for name, about, field_type in tables:
        inner = getattr(value, name)
        path = (*at, name)
        listed = _listed(field_type)
        if listed is None:
            yield ""
            yield from _comment(about)
            yield f"[{'.'.join(path)}]"
            yield from _lines(inner, path, helped=helped)
            continue
        if not inner and helped:
            yield ""
            yield from _comment(about)
            yield from _comment("Take the # away for each that there is.", shown=True)
            yield f"# [[{'.'.join(path)}]]"
            yield from (f"# {field.name} = {_value(_blank(field.type))}" for field in listed.fields)
        for k, entry in enumerate(inner):
            yield ""
            yield from _comment(about if k == 0 else "")
            yield f"[[{'.'.join(path)}]]"
            yield from _lines(entry, path, helped=helped and k == 0)


def _listed(kind: inspect.Type) -> inspect.StructType | None:
    """What a list of tables has in each entry; None for anything else."""
    for option in options(kind):
        if isinstance(option, inspect.VarTupleType):
            for item in options(option.item_type):
                if isinstance(item, inspect.StructType):
                    return item
    return None


def _help(kind: inspect.Type) -> str:
    extra = kind.extra_json_schema if isinstance(kind, inspect.Metadata) else None
    return str((extra or {}).get("description", ""))


def _comment(text: str, *, shown: bool = False) -> Iterator[str]:
    for line in textwrap.wrap(text, WIDTH, break_long_words=False) if text or shown else ():
        yield f"# {line}"


def _blank(kind: inspect.Type) -> object:
    return () if any(isinstance(option, inspect.VarTupleType) for option in options(kind)) else ""


def _value(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, dt.date)):
        return str(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{name} = {_text(text)}" for name, text in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, tuple):
        return f"[{', '.join(_value(inner) for inner in value)}]"
    return _text(str(value.value if isinstance(value, enum.Enum) else value))


def _text(text: str) -> str:
    """`text` as a TOML string; over several lines where it has any."""
    if "\n" in text and "\r" not in text:
        lines = (_escaped(line) for line in text.split("\n"))
        return '"""\n' + "\n".join(lines) + '"""'
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return "".join(
        _ESCAPED.get(sign) or (sign if sign >= " " else json.dumps(sign)[1:-1]) for sign in text
    )
