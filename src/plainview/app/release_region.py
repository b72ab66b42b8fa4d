"""The file of hand-drawn regions: where, from when until when, the one who may be seen is."""

import hashlib
import itertools
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from plainview.app.vault import moment_of
from plainview.document.strict import convert
from plainview.document.toml import Document, KeyPath, read_document
from plainview.errors import ConfigError, InputError
from plainview.fleet.release import Key

GUIDE: Final = "docs/guide/release.md"
APART: Final = 10.0
"""Seconds between two keys of a region at most: a person draws, nothing follows by itself."""

_Pixel = Annotated[float, Meta(ge=0, le=16384)]


class KeyTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a region is at one moment."""

    at: str
    """UTC, as 2026-11-26T18:00:05.5."""
    rect: tuple[_Pixel, _Pixel, _Pixel, _Pixel]
    """Left, top, right, bottom in pixels of the film."""


class RegionTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[region]]`: shown from its first key to its last."""

    camera: str
    keys: Annotated[tuple[KeyTable, ...], Meta(min_length=2, max_length=5000)]


class RegionsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    region: Annotated[tuple[RegionTable, ...], Meta(max_length=50)] = ()


class Regions(NamedTuple):
    """What was drawn."""

    tracks: dict[str, tuple[tuple[Key, ...], ...]]
    """By camera."""
    digest: str
    """SHA-256 of the file."""
    text: str


NONE: Final = Regions({}, "", "")
"""Nothing was drawn: nobody is shown."""


def read_regions(path: Path) -> Regions:
    """The regions in the file `path`. Raises ConfigError with the line."""
    document = read_document(path)
    table = convert(document, document.data, RegionsTable, (), guide=GUIDE)
    tracks: dict[str, tuple[tuple[Key, ...], ...]] = {}
    for k, region in enumerate(table.region):
        track = tuple(
            _key(document, ("region", k, "keys", j), key) for j, key in enumerate(region.keys)
        )
        for j, (before, after) in enumerate(itertools.pairwise(track), 1):
            if not 0 < (after.t - before.t) / 1e6 <= APART:
                raise ConfigError(
                    f"two keys of a region follow within {APART:g} s",
                    where=document.where(("region", k, "keys", j)),
                    mend="Draw one in between, or end the region and begin another",
                )
        tracks[region.camera] = (*tracks.get(region.camera, ()), track)
    text = path.read_text(encoding="utf-8")
    return Regions(tracks, hashlib.sha256(text.encode()).hexdigest(), text)


def _key(document: Document, at: KeyPath, key: KeyTable) -> Key:
    x0, y0, x1, y1 = key.rect
    try:
        t = moment_of(key.at)
    except InputError as error:
        raise ConfigError(error.what, where=document.where((*at, "at")), mend=error.mend) from error
    if not (x0 < x1 and y0 < y1):
        raise ConfigError(
            "a region is left, top, right, bottom",
            where=document.where((*at, "rect")),
            mend="Write the smaller numbers first",
        )
    return Key(round(t * 1e6), key.rect)
