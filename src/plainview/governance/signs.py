"""Signs in an answer that nobody sees, and that can make it read otherwise than it stands there."""

import re
from collections.abc import Iterator

from msgspec import Struct

_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e]")
"""Controls but for tab and line ends, and the overrides of the Unicode bidirectional algorithm (UAX
9), which turn letters round. What marks or isolates a right-to-left passage is left alone."""


def hidden(value: object, at: str = "") -> Iterator[tuple[str, str]]:
    """(field, sign as `U+202E`) for the first hidden sign of each text in `value`, a Struct."""
    if isinstance(value, str):
        if found := _HIDDEN.search(value):
            yield at, f"U+{ord(found[0]):04X}"
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from hidden(getattr(value, name), f"{at}.{name}" if at else name)
    elif isinstance(value, dict):
        for text in value.values():
            yield from hidden(text, at)
    elif isinstance(value, tuple):
        for k, one in enumerate(value):
            yield from hidden(one, f"{at}[{k}]")
