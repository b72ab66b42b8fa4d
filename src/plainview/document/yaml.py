"""One YAML file, read as strictly as TOML: no aliases, no tags, no key twice, bounded in depth.

Values are read by YAML 1.2's core rules, in which `no` is a word and `22:00` is text: what a person
wrote is what is read. A key without a value counts as not written.
"""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml  # type: ignore[import-untyped]

from plainview.document.toml import MAX_BYTES, Document, KeyPath, read_text, shown
from plainview.errors import ConfigError

MAX_DEPTH: Final = 24
"""No document here is nested half as deeply."""
SUFFIXES: Final = (".yaml", ".yml")

_INTEGER = re.compile(r"[-+]?\d{1,18}")
_NUMBER = re.compile(r"[-+]?(?:\d{1,40}\.\d{0,40}|\.\d{1,40}|\d{1,40})(?:[eE][-+]?\d{1,3})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORDS: Final = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "~": None,
    "": None,
}
# libyaml's parser does not recurse, so that no depth of nesting can exhaust a stack.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlDocument(Document):
    """A parsed YAML file, which says where each key stands as a TOML document does."""

    def __init__(self, path: Path, text: str) -> None:  # pylint: disable=super-init-not-called
        """Parse `text` of the file `path`. Raises ConfigError with its line."""
        self.path = path
        self._lines: dict[KeyPath, int] = {}
        try:
            self.data: dict[str, Any] = self._read(yaml.parse(text, Loader=_LOADER))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f" (line {mark.line + 1})" if mark else ""
            what = getattr(error, "problem", None) or "it holds signs that YAML does not allow"
            raise ConfigError(
                f"not valid YAML: {what}{line}", where=str(path), mend="Mend that line"
            ) from error

    def _read(self, events: Iterator[yaml.Event]) -> dict[str, Any]:
        """The one table that the document is."""
        data: object = {}
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse("holds more than one document", event, ())
            elif isinstance(event, yaml.NodeEvent):
                data = self._value(event, events, ())
        if not isinstance(data, dict):
            raise ConfigError(
                "not a table of keys and values",
                where=str(self.path),
                mend="Write 'key: value' lines",
            )
        return data

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], at: KeyPath) -> object:
        self._lines.setdefault(at, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self._refuse("uses an anchor or alias, which is not read here", event, at)
        if event.tag not in {None, "!"}:
            self._refuse(f"uses the tag {event.tag!r}, which is not read here", event, at)
        if len(at) > MAX_DEPTH:
            self._refuse("is nested too deeply", event, at[:3])
        if isinstance(event, yaml.SequenceStartEvent):
            return list(self._items(events, at))
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(events, at)
        return self._scalar(event, at)

    def _items(self, events: Iterator[yaml.Event], at: KeyPath) -> Iterator[object]:
        for k, event in enumerate(events):
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._value(event, events, (*at, k))

    def _table(self, events: Iterator[yaml.Event], at: KeyPath) -> dict[str, object]:
        table: dict[str, object] = {}
        seen: set[str] = set()
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse("has a key that is not a word", event, at)
            key = event.value
            if key in seen:
                self._refuse(f"has the key {key!r} twice", event, at)
            seen.add(key)
            self._lines[(*at, key)] = event.start_mark.line + 1
            value = self._value(next(events), events, (*at, key))
            if value is not None:
                table[key] = value
        return table

    def _scalar(self, event: yaml.Event, at: KeyPath) -> object:
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return float(text)
        if _DATE.fullmatch(text):
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                self._refuse(f"{text} is no day of the calendar", event, at)
        return text

    def _refuse(self, what: str, event: yaml.Event, at: KeyPath) -> NoReturn:
        key = f", {shown(at)}" if at else ""
        raise ConfigError(
            what,
            where=f"{self.path}, line {event.start_mark.line + 1}{key}",
            mend="Write it out plainly",
        )


def read_either(path: Path, most: int = MAX_BYTES) -> Document:
    """The file at `path`, of at most `most` bytes: YAML where its name ends so, otherwise TOML.

    Raises ConfigError as `read_document`.
    """
    if path.suffix.lower() in SUFFIXES:
        return YamlDocument(path, read_text(path, "YAML", most))
    return Document(path, read_text(path, "TOML or YAML", most))
