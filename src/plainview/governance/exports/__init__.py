"""The register in the forms that other registers, maps and standards read. All from one Register.

Each module states the version of what it follows, in `FOLLOWS`. What a form asks for and the
register does not know is left out; nothing is made up to fill a field.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from plainview.governance.exports import atrs, dtpr, geojson, openstreetmap
from plainview.governance.register import Register


class Export(NamedTuple):
    """One form of the register."""

    file: str
    """Name under which it is offered."""
    media_type: str
    follows: str
    """What it follows, and which version of that."""
    write: Callable[[Register, str], bytes]
    """From the register and the portal's address (`https://…`, without a slash at its end)."""


EXPORTS: Final = {
    "geojson": Export("cameras.geojson", "application/geo+json", geojson.FOLLOWS, geojson.write),
    "openstreetmap": Export(
        "cameras.osm", "application/xml", openstreetmap.FOLLOWS, openstreetmap.write
    ),
    "dtpr": Export("datachains.json", "application/json", dtpr.FOLLOWS, dtpr.write),
    "atrs": Export("atrs.json", "application/json", atrs.FOLLOWS, atrs.write),
}
"""By the name that the command line and the portal give them."""

__all__ = ["EXPORTS", "Export"]
