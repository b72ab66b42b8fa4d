"""What is wrong with JSON that was sent to a server, in plain words: what, and how to mend it."""

import re
import traceback
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import inspect

from plainview.document.plainly import parted, plain, steps_of
from plainview.document.strict import allowed, at_path, form_of, struct_of
from plainview.document.toml import KeyPath, nearest

NOTHING: Final = "nothing was sent, where a JSON object is asked for"
UNREAD: Final[Mapping[type[Exception], str]] = {
    RecursionError: "what was sent is nested too deeply",
    UnicodeDecodeError: "what was sent is no text in UTF-8",
}
"""What a reader of JSON says by other errors than its own."""
_MALFORMED: Final = re.compile(r"JSON is malformed: (?P<why>.*) \(byte (?P<byte>\d+)\)")
_CUT: Final = frozenset({"Input data was truncated", "Number out of range"})
_ENUM: Final = re.compile(
    r"Invalid enum value (?:(?P<sign>['\"])(?P<word>.*)(?P=sign)|(?P<number>-?\d+))", re.DOTALL
)
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>.*)`")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_SEND: Final = "Send one JSON object, as text in UTF-8"
_LONGEST: Final = 80
"""Signs of what was sent that are told again."""


def unread(error: Exception) -> str | None:
    """What is wrong with a body at which Litestar's reader raised `error`.

    None where it is from elsewhere: a defect like any.
    """
    # Litestar takes what msgspec says of wrong JSON, and not these.
    *_, (innermost, _) = traceback.walk_tb(error.__traceback__)
    if not innermost.f_globals.get("__name__", "").startswith("litestar.serialization"):
        return None
    return UNREAD[type(error)]


class Fault(NamedTuple):
    """What is wrong, and how to mend it; `mend` is empty where the first says so."""

    what: str
    mend: str = ""


def faults_of(scope: Mapping[str, Any], extra: object) -> list[tuple[str, Fault]]:
    """What is wrong with each part that Litestar, which answers in `scope`, names in its `extra`.

    The part by its key.
    """
    items = [item for item in extra if isinstance(item, dict)] if isinstance(extra, list) else []
    found = [(str(item.get("key", "")), str(item.get("message", ""))) for item in items]
    return [(key, _fault_of(scope, key, said)) for key, said in found]


def _fault_of(scope: Mapping[str, Any], key: str, said: str) -> Fault:
    """What is wrong with what Litestar, which answers in `scope`, calls `key`, by what it `said`.

    That is a parameter of the handler, or a part of the body.
    """
    if said == repr(key):
        # Of a body that is empty it says which of a handler's parameters it was to be.
        return Fault(NOTHING)
    handler = scope.get("route_handler")
    known = {} if handler is None else handler.parsed_fn_signature.parameters
    if key in known and key != "data":
        if parted(said)[0] in _CUT:
            # A number beyond all numbers: msgspec tells of it as of JSON.
            return Fault("should be a number that is not beyond all bounds")
        return fault(said, kind=known[key].annotation)
    body = known["data"].annotation if "data" in known else None
    return fault(said, "" if key == "data" else key, body)


def fault(said: str, at: str = "", kind: Any = None) -> Fault:  # noqa: ANN401 - any type
    """What msgspec `said` of the value at the path `at` of a `kind` that was sent.

    Without `kind` it is not told what may stand there.
    """
    text, path = parted(said)
    form = form_of(Any if kind is None else kind)
    return _of_whole(text) or _of_part(text, form, steps_of(at or path))


def _of_whole(text: str) -> Fault | None:
    """Of JSON that could not be read, or of which something is missing."""
    if found := _MALFORMED.fullmatch(text):
        return Fault(f"what was sent is no JSON: {found['why']} at byte {found['byte']}", _SEND)
    if text in _CUT:
        return Fault("what was sent is no whole JSON: it ends early, or is not finite", _SEND)
    if found := _MISSING.fullmatch(text):
        return Fault(f"{found['name']!r} is missing", "Send it too")
    return None


def _of_part(text: str, form: inspect.Type, steps: KeyPath) -> Fault:
    """Of the value at `steps` of what was sent."""
    struct = struct_of(at_path(form, steps))
    if found := _UNKNOWN.fullmatch(text):
        name = found["name"][:_LONGEST]
        known = [] if struct is None else [field.encode_name for field in struct.fields]
        guess = nearest(name, known)
        others = f"What is asked for: {', '.join(known)}" if known else "Leave it out"
        return Fault(f"{name!r} is not asked for", f"Did you mean {guess!r}?" if guess else others)
    if found := _ENUM.fullmatch(text):
        word = (found["word"] or found["number"] or "")[:_LONGEST]
        words = allowed(form, steps)
        guess = nearest(word, words)
        others = f"Send one of {', '.join(words)}" if words else ""
        return Fault(
            f"{word!r} is none of what may stand here",
            f"Did you mean {guess!r}?" if guess else others,
        )
    if text.endswith(" of length >= 1"):
        return Fault("must not be empty")
    return Fault(plain(text, None, ()).replace("a table", "an object"))
