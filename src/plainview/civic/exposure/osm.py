"""The footpaths of an OpenStreetMap extract in XML, read piece by piece and believed in nothing.

Format: OSM XML 0.6. A document with a DTD is refused, so that no entity can ever be expanded.
"""

import itertools
from array import array
from pathlib import Path
from typing import Final
from xml.parsers import expat

import numpy as np

from plainview.civic.exposure.network import Edges
from plainview.civic.exposure.plane import Points
from plainview.errors import InputError

MOST_BYTES: Final = 8_000_000_000
MOST_NODES: Final = 40_000_000
MOST_REFS: Final = 20_000_000
_DEEPEST: Final = 8
_CHUNK: Final = 1 << 20

WALKED: Final = frozenset(
    """
    footway path pedestrian steps corridor crossing platform living_street residential service
    track unclassified tertiary tertiary_link secondary secondary_link primary primary_link
    bridleway road
    """.split()  # noqa: SIM905 - read as prose, checked as a set
)
"""Values of `highway` on which people walk unless something says no (OpenStreetMap wiki, "OSM tags
for routing/Access restrictions", column foot, world-wide defaults)."""
_SAYS_NO: Final = frozenset({"no", "private", "use_sidepath"})
_SAYS_YES: Final = frozenset({"yes", "designated", "permissive", "destination"})


def read_osm(path: Path) -> tuple[Points, Edges]:
    """Places (n, 2) and joined pairs (m, 2) of all walkable ways in the extract at `path`.

    Squares are walked round their edge: what is mapped as an area has no other line. Raises
    InputError for what is no such file, has a DTD, nests deeply, or is larger than the bounds.
    """
    reader = _Reader(str(path))
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.doctype
    read = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                read += len(chunk)
                reader.bound(read, MOST_BYTES, "bytes")
                parser.Parse(chunk, False)  # noqa: FBT003 - expat takes it by position
            parser.Parse(b"", True)  # noqa: FBT003 - the same
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror or error})", where=str(path), mend="Check the path"
        ) from error
    except expat.ExpatError as error:
        raise InputError(
            f"this is no XML ({error})", where=str(path), mend="Export the extract again"
        ) from error
    return reader.result()


class _Reader:
    """Owns what was read so far. Nodes stand in flat arrays: 24 bytes each."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._depth = 0
        self._root = ""
        self._ids, self._longitudes, self._latitudes = array("q"), array("d"), array("d")
        self._pairs = array("q")
        self._way: list[int] | None = None
        self._tags: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self.bound(self._depth, _DEEPEST, "levels of nesting")
        if self._depth == 1 and name != "osm":
            raise InputError(
                f"this is no OpenStreetMap extract, but <{name[:30]}>",
                where=self._where,
                mend="Export the place as .osm",
            )
        try:
            if name == "node":
                self._node(attributes)
            elif name == "way":
                self._way, self._tags = [], {}
            elif self._way is not None and name == "nd":
                self._way.append(int(attributes["ref"]))
                self.bound(len(self._way), 100_000, "corners of one way")
            elif self._way is not None and name == "tag" and len(self._tags) < 1000:
                self._tags[attributes["k"]] = attributes["v"]
        except (KeyError, ValueError, OverflowError) as error:
            raise InputError(
                f"a <{name[:30]}> lacks a number that it must have ({error})",
                where=self._where,
                mend="Export the extract again",
            ) from error

    def end(self, name: str) -> None:
        self._depth -= 1
        if name == "way" and self._way is not None:
            if _walkable(self._tags):
                for pair in itertools.pairwise(self._way):
                    self._pairs.extend(pair)
                self.bound(len(self._pairs), 2 * MOST_REFS, "pieces of path")
            self._way = None

    def doctype(self, *_: object) -> None:
        raise InputError(
            "it has a document type, and might name entities",
            where=self._where,
            mend="Export the extract again: OpenStreetMap's own have none",
        )

    def bound(self, value: int, most: int, what: str) -> None:
        if value > most:
            raise InputError(
                f"more than {most:,} {what}", where=self._where, mend="Cut out a smaller part"
            )

    def result(self) -> tuple[Points, Edges]:
        """Places in the order of their ids, and pairs of indices; ends outside the extract go."""
        ids = np.frombuffer(self._ids, dtype=np.int64) if self._ids else np.zeros(0, np.int64)
        order = np.argsort(ids, kind="stable")
        places = np.column_stack((np.array(self._longitudes), np.array(self._latitudes)))[order]
        ids = ids[order]
        wanted = np.array(self._pairs, dtype=np.int64).reshape(-1, 2)
        if not len(ids) or not len(wanted):
            return places, np.zeros((0, 2), np.int64)
        found = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
        return places, found[(ids[found] == wanted).all(axis=1)]

    def _node(self, attributes: dict[str, str]) -> None:
        longitude, latitude = float(attributes["lon"]), float(attributes["lat"])
        # Comparisons with NaN fail, so that it is refused as well.
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise ValueError(f"lon={longitude:g} lat={latitude:g}")
        self._ids.append(int(attributes["id"]))
        self._longitudes.append(longitude)
        self._latitudes.append(latitude)
        self.bound(len(self._ids), MOST_NODES, "nodes")


def _walkable(tags: dict[str, str]) -> bool:
    """Whether people may walk along a way of these tags."""
    foot = tags.get("foot", "")
    if foot in _SAYS_NO or (tags.get("access") in _SAYS_NO and foot not in _SAYS_YES):
        return False
    return tags.get("highway") in WALKED or ("highway" in tags and foot in _SAYS_YES)
