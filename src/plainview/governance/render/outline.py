"""An assessment as headings, labels and answers in one language: what HTML and PDF both show.

It walks the structure itself, so that no field can be left out of what is published.
"""

import datetime as dt
import functools
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from plainview.errors import InputError, PlainviewError
from plainview.governance.assessment import Alternative, AssessedCapability, Assessment, Window
from plainview.governance.durations import minutes_of, seconds_of
from plainview.governance.pack import load_pack
from plainview.governance.words import LANGUAGES, SOURCE, Spoken, Words
from plainview.schedule import Hours

_WORDED: Final = {
    "legal.basis": "basis",
    "controller.capacity": "capacity",
    "harms.likelihood": "level",
    "harms.severity": "level",
    "residual.level": "level",
    "approvers.role": "role",
    "capabilities.name": "capability",
}
"""Fields whose answers are one of a few words -> where the catalogue has those."""

REFERENCES: Final = {"capabilities.aims": "aims", "measures.harms": "harms"}
"""Fields whose answers are short names -> the section whose items begin with those."""

_SPANS: Final = {
    *(f"retention.{kind}" for kind in ("readings", "minutes", "hours", "events")),
    *(f"retention.{kind}" for kind in ("footage", "access")),
    "capabilities.longest",
}
"""Fields whose answers are spans of time."""


_OF_DEMONSTRATIONS: Final = {
    "legal.law": "demonstration.law",
    "cameras.sees": "demonstration.sees",
    "cameras.private": "demonstration.private",
}
"""Answers that the demonstration's own assessment gives -> where the catalogue has them: nobody in
the city has written them, and they are told in the reader's language."""


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


def written_in(assessment: Assessment, words: Words) -> Spoken | None:
    """That the answers are in another language than this one, if they are."""
    language = assessment.language
    if not language or language.casefold() == words.language.casefold():
        return None
    return words.spoken("assessment.written-in", language=_named(language).text)


def _named(language: str) -> Spoken:
    """A language by its own name, which is in that language."""
    key = next((one for one in LANGUAGES if one.casefold() == language.casefold()), "")
    known = Words(key).text(f"language.{key}") if key else language
    return Spoken(known, language)


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
        if field.name == "longest" and not held and not _releases(value):
            continue
        if isinstance(held, tuple) and held and isinstance(held[0], Alternative):
            for item in held:
                yield from _answers(item, f"{path}.{field.name}", language, words)
        else:
            yield _answer(f"{path}.{field.name}", held, language, words)


def _releases(value: Struct) -> bool:
    """Whether it opens footage: it is asked of no other capability how much of it."""
    return isinstance(value, AssessedCapability) and value.name == "release"


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
        yield Spoken(_window(value, words), words.language)
    elif isinstance(value, bool):
        yield words.spoken("yes" if value else "no")
    elif isinstance(value, dt.date):
        yield Spoken(words.day(value), words.language)
    elif value is not None:
        yield _one(path, str(value), language, words)


def _one(path: str, text: str, language: str, words: Words) -> Spoken:
    """One answer: in the reader's words where it is one of few or a span, else as written."""
    if path == "language":
        return _named(text)
    if path == "packs":
        return _pack(text, language)
    if text and text == _source(path):
        return words.spoken(_OF_DEMONSTRATIONS[path])
    if path in _SPANS:
        return _span(text, language, words)
    key = f"{_WORDED.get(path, '')}.{text}"
    if path not in _WORDED or not words.has(key):
        return Spoken(text, language)
    word = words.spoken(key)
    named = path == "capabilities.name"
    return Spoken(f"{word.text} ({text})", word.language) if named else word


@functools.cache
def _source(path: str) -> str:
    """What a demonstration answers at `path`; empty where it is asked nothing."""
    key = _OF_DEMONSTRATIONS.get(path)
    return Words(SOURCE).text(key) if key else ""


def _pack(name: str, language: str) -> Spoken:
    """A pack by its title, which is in English, behind its name; the name alone of none of ours."""
    try:
        return Spoken(f"{name}: {load_pack(name).title}", SOURCE)
    except PlainviewError:
        return Spoken(name, language)


def _window(window: Window, words: Words) -> str:
    """Hours as every other page has them; as they were written where they are no times of day."""
    try:
        stretch = Hours(window.days, minutes_of(window.since), minutes_of(window.until))
    except InputError:
        days = words.listed(words.text(f"day.{day}") for day in window.days)
        return words.text("hours.some", days=days, since=window.since, until=window.until)
    return words.hours((stretch,))[0]


def _span(text: str, language: str, words: Words) -> Spoken:
    """A span of time in the reader's words; as it was written where it is none."""
    try:
        seconds = seconds_of(text)
    except InputError:
        return Spoken(text, language)
    if not seconds:
        return words.spoken("retention.none")
    return Spoken(words.duration(seconds), words.language)
