"""An assessment as headings, labels and answers in one language: what HTML and PDF both show.

It walks the structure itself, so that no field can be left out of what is published.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from plainview.governance.assessment import Alternative, Assessment, Window
from plainview.governance.words import SOURCE, Spoken, Words

_WORDED: Final = {
    "legal.basis": "basis",
    "controller.capacity": "capacity",
    "harms.likelihood": "level",
    "harms.severity": "level",
    "residual.level": "level",
    "approvers.role": "role",
    "capabilities.name": "capability",
    "language": "language",
}
"""Fields whose answers are one of a few words -> where the catalogue has those."""


class Answer(NamedTuple):
    """A label and what was answered: nothing, one text or several."""

    key: str
    label: Spoken
    values: tuple[Spoken, ...]
    answered: bool


class Section(NamedTuple):
    """A heading with its answers, and where there are several of a kind, a list of them."""

    key: str
    heading: Spoken
    answers: tuple[Answer, ...]
    items: tuple[tuple[Answer, ...], ...]
    answered: bool


def outline(assessment: Assessment, words: Words) -> tuple[Section, ...]:
    """Every field of `assessment`, in its order; what stands at its top level comes first."""
    top: list[Answer] = []
    sections: list[Section] = []
    for field in msgspec.structs.fields(assessment):
        value = getattr(assessment, field.name)
        heading = f"section.{field.name}"
        if isinstance(value, Struct):
            answers = tuple(_answers(value, field.name, assessment.language, words))
            sections.append(_section(field.name, words.spoken(heading), answers, ()))
        elif words.has(heading) and isinstance(value, tuple):
            items = tuple(
                tuple(_answers(item, field.name, assessment.language, words)) for item in value
            )
            sections.append(_section(field.name, words.spoken(heading), (), items))
        else:
            top.append(_answer(field.name, value, assessment.language, words))
    first = _section("document", words.spoken("section.document"), tuple(top), ())
    return (first, *sections)


def _section(
    key: str,
    heading: Spoken,
    answers: tuple[Answer, ...],
    items: tuple[tuple[Answer, ...], ...],
) -> Section:
    answered = bool(items) or any(answer.answered for answer in answers)
    return Section(key, heading, answers, items, answered)


def _answers(value: Struct, path: str, language: str, words: Words) -> Iterator[Answer]:
    for field in msgspec.structs.fields(value):
        held = getattr(value, field.name)
        if isinstance(held, tuple) and held and isinstance(held[0], Alternative):
            for item in held:
                yield from _answers(item, f"{path}.{field.name}", language, words)
        else:
            yield _answer(f"{path}.{field.name}", held, language, words)


def _answer(path: str, value: object, language: str, words: Words) -> Answer:
    if path == "capabilities.cameras" and not value:
        return Answer(path, _label(path, words), (words.spoken("cameras.all"),), answered=True)
    said = tuple(spoken for spoken in _said(path, value, language, words) if spoken.text)
    values = said or (words.spoken("assessment.unanswered"),)
    return Answer(path, _label(path, words), values, bool(said))


def _label(path: str, words: Words) -> Spoken:
    """The field's label; where the catalogue lacks it, its own name, so that it is shown at all."""
    key = f"field.{path}"
    if words.has(key):
        return words.spoken(key)
    return Spoken(path.rpartition(".")[2].replace("_", " "), SOURCE)


def _said(path: str, value: Any, language: str, words: Words) -> Iterator[Spoken]:  # noqa: ANN401 - any field's value
    if isinstance(value, dict):
        yield words.said(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from _said(path, item, language, words)
    elif isinstance(value, Window):
        days = words.listed(words.text(f"day.{day}") for day in value.days)
        text = words.text("hours.some", days=days, since=value.since, until=value.until)
        yield Spoken(text, words.language)
    elif isinstance(value, bool):
        yield words.spoken("yes" if value else "no")
    elif isinstance(value, dt.date):
        yield Spoken(words.day(value), words.language)
    elif value is not None:
        text = str(value)
        key = f"{_WORDED.get(path, '')}.{text}"
        if path in _WORDED and words.has(key):
            word = words.spoken(key)
            named = path == "capabilities.name"
            yield Spoken(f"{word.text} ({text})", word.language) if named else word
        else:
            yield Spoken(text, language)
