"""The `[recording]` table of CITY.toml: where recordings go, and who can open them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from plainview.config.duration import seconds
from plainview.document.toml import Document
from plainview.errors import ConfigError, InputError

_SIZE: Final = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(GB|TB)\s*$")
_BYTES: Final = {"GB": 1_000_000_000, "TB": 1_000_000_000_000}
_SHORTEST: Final = 2 * 3600.0
_FOREVER: Final = 366 * 86_400.0

_Text = Annotated[str, Meta(min_length=1, max_length=4096)]
_Recipients = Annotated[tuple[_Text, ...], Meta(max_length=32)]


class RecordingTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[recording]` as it is written."""

    folder: _Text | None = None
    disk: _Text | None = None
    longest: _Text | None = None
    operator: _Recipients = ()
    commissioner: _Recipients = ()


class RecordingConfig(Struct, frozen=True):
    """What a recorder is told."""

    folder: Path | None
    """None: `vault` in the state folder."""
    disk: int
    """Bytes that recordings may take."""
    operator: tuple[str, ...]
    """Age recipients, each of whom can open the operator's share of a day key."""
    commissioner: tuple[str, ...]
    longest: float = _FOREVER
    """Seconds beyond which nothing is kept, whatever a permit allows."""


def recording_from(document: Document, table: RecordingTable | None) -> RecordingConfig | None:
    """The table; None where nothing is to be recorded. Raises ConfigError with the line."""
    if table is None:
        return None
    at = ("recording",)
    for party in ("operator", "commissioner"):
        _check_recipients(document, party, getattr(table, party))
    both = set(table.operator) & set(table.commissioner)
    if both:
        raise ConfigError(
            "one key would open both shares, so that one person alone could",
            where=document.where((*at, "commissioner")),
            mend="Give operator and commissioner keys of their own",
        )
    found = _SIZE.match(table.disk or "")
    if found is None:
        raise ConfigError(
            "recordings need a bound on the disk that they may take",
            where=document.where(at if table.disk is None else (*at, "disk")),
            mend='Write disk = "500 GB" or "4 TB"',
        )
    longest = _FOREVER if table.longest is None else seconds(table.longest) or 0.0
    if not _SHORTEST <= longest <= _FOREVER:
        raise ConfigError(
            f"{table.longest!r} is no usable time to keep recordings",
            where=document.where((*at, "longest")),
            mend='Write it as "72 h" or "30 d", at least 2 h and at most a year',
        )
    return RecordingConfig(
        folder=None if table.folder is None else document.relative(table.folder),
        disk=round(float(found[1]) * _BYTES[found[2]]),
        operator=table.operator,
        commissioner=table.commissioner,
        longest=longest,
    )


def _check_recipients(document: Document, party: str, recipients: Sequence[str]) -> None:
    # Loads age, which a city that records nothing does without.
    from plainview.vault.daykey import recipient  # noqa: PLC0415 - see above

    where = document.where(("recording", party) if recipients else ("recording",))
    if not recipients:
        raise ConfigError(
            f"nobody could open the {party}'s share of a key",
            where=where,
            mend=f'Add {party} = ["age1…"]: see docs/guide/recording.md',
        )
    for text in recipients:
        try:
            recipient(text)
        except InputError as error:
            raise ConfigError(error.what, where=where, mend=error.mend) from error
