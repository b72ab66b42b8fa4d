"""One TOML file, read once, that can say on which line each of its keys stands."""

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from plainview.errors import ConfigError

MAX_BYTES = 4_000_000
"""A larger file is not a configuration."""

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys, and indices into lists."""

_HEADER = re.compile(r"^\s*(\[\[?)(.+?)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=""")
_MOST_PARTS = 100
_LONG_KEY = re.compile(
    r"""(?<![\w"'.-])[\w"'-]+(?:[ \t]*\.[ \t]*[\w"'-]+){%d}""" % _MOST_PARTS  # noqa: UP031 - braces
)
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*')


def expanded(path: Path) -> Path:
    """`path` with the folder of the person whom a `~` at its start means; as it is for nobody's."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_there(path: Path) -> bool:
    """Whether anything stands at `path`; nothing can where the system takes no such name."""
    try:
        return path.exists()
    except OSError:
        return False


def shown(path: KeyPath) -> str:
    """`path` as a person would write it: `lines[0].from`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that was most likely meant, or None."""
    by_form = {name.lower().replace("-", "_"): name for name in known}
    found = difflib.get_close_matches(word.lower().replace("-", "_"), by_form, n=1, cutoff=0.6)
    return by_form[found[0]] if found else None


class Document:
    """A parsed TOML file: its name, its data, and the line of each key."""

    def __init__(self, path: Path, text: str) -> None:
        """Parse `text` of the file `path`. Raises ConfigError with line and column."""
        self.path = path
        _refuse_long_keys(path, text)
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(
                f"not valid TOML: {error}", where=str(path), mend="Mend that line"
            ) from error
        except (RecursionError, ValueError) as error:
            raise ConfigError(
                "not usable TOML: it is nested too deeply or holds an impossible number",
                where=str(path),
                mend="Write it plainly",
            ) from error
        self._lines = _lines_of_keys(text)

    def where(self, path: KeyPath) -> str:
        """File, line (where it can be told) and key, for a person."""
        line = next(
            (self._lines[path[:k]] for k in range(len(path), 0, -1) if path[:k] in self._lines),
            None,
        )
        parts = [str(self.path)]
        if line is not None:
            parts.append(f"line {line}")
        if path:
            parts.append(shown(path))
        return ", ".join(parts)

    def relative(self, name: str) -> Path:
        """The path `name` as meant in this file: relative to the file's own folder."""
        return (self.path.parent / expanded(Path(name))).absolute()


def _refuse_long_keys(path: Path, text: str) -> None:
    """Raise ConfigError for a dotted key without end: to parse it takes the square of its parts."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") >= _MOST_PARTS and _LONG_KEY.search(line):
            raise ConfigError(
                f"not usable TOML: a key of more than {_MOST_PARTS} parts",
                where=f"{path}, line {number}",
                mend="Write it plainly",
            )


def read_document(path: Path) -> Document:
    """The TOML file at `path`.

    Raises ConfigError if it is missing, not a file, unreadable, too large, not UTF-8 or not TOML.
    """
    return Document(path, read_text(path))


def read_text(path: Path, kind: str = "TOML", most: int = MAX_BYTES) -> str:
    """The text of the file at `path`, which is to be a file of that `kind` of at most `most` bytes.

    Raises ConfigError if it is missing, not a file, unreadable, too large or not UTF-8.
    """
    where = str(path)
    try:
        if not path.is_file():
            what = "this is not a file" if path.exists() else "there is no such file"
            raise ConfigError(what, where=where, mend=f"Give the path of a {kind} file")
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"cannot be read ({reason})", where=where, mend="Check the path and its permissions"
        ) from error
    if len(raw) > most:
        raise ConfigError(
            f"larger than {most // 1_000_000} MB: this is not a configuration",
            where=where,
            mend=f"Give the {kind} file, not the video",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"not UTF-8 text (line {line})", where=where, mend="Save it as UTF-8"
        ) from error


def _split(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _lines_of_keys(text: str) -> dict[KeyPath, int]:
    """The line of each table and key. A plain scan: it serves messages, never the values."""
    lines: dict[KeyPath, int] = {}
    seen: dict[tuple[str, ...], int] = {}
    table: KeyPath = ()
    depth = 0
    fence = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if fence:
            if fence in line:
                fence = ""
            continue
        if depth == 0:
            if header := _HEADER.match(line):
                table = _table_path(_split(header[2]), seen, many=header[1] == "[[")
                for k in range(1, len(table) + 1):
                    lines.setdefault(table[:k], number)
                continue
            if key := _KEY.match(line):
                path = (*table, *_split(key[1]))
                lines.setdefault(path, number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                fence = mark
        bare = _TEXT.sub("", line)
        depth = max(depth + bare.count("[") - bare.count("]"), 0)
    return lines


def _table_path(names: list[str], seen: dict[tuple[str, ...], int], *, many: bool) -> KeyPath:
    """The path of a table header: lists of tables above it mean their last element."""
    path: list[str | int] = []
    for k in range(1, len(names) + 1):
        above = tuple(names[:k])
        path.append(names[k - 1])
        if k == len(names) and many:
            seen[above] = seen.get(above, -1) + 1
            for deeper in [other for other in seen if other[:k] == above and len(other) > k]:
                del seen[deeper]
        if above in seen:
            path.append(seen[above])
    return tuple(path)
