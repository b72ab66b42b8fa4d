"""What kinds of alert and quantities are called: one file, which the console's pages read, too."""

from collections.abc import Mapping
from importlib import resources
from typing import Final

import msgspec


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`names.json`."""

    kinds: dict[str, str]
    quantities: dict[str, str]


_found: Final = msgspec.json.decode(
    (resources.files(__package__) / "names.json").read_bytes(), type=_Names
)
KINDS: Final[Mapping[str, str]] = _found.kinds
"""By kind, the beginning of a sentence that goes on with the place, and a title of its own."""
QUANTITIES: Final[Mapping[str, str]] = _found.quantities
"""By quantity, within a sentence: "density in zone gate is 6.1 people/m²"."""
