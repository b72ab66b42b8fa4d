"""`fleet` of CITY.toml -> the address of what runs cameras."""

import re

from plainview.document.toml import Document
from plainview.errors import ConfigError

_RAY = re.compile(r"ray:(local|auto|//[A-Za-z0-9.-]+:[0-9]{1,5}|//\[[0-9A-Fa-f:.]+\]:[0-9]{1,5})")


def fleet_from(document: Document, url: str, *, records: bool) -> str:
    """`url`, checked. Raises ConfigError.

    `records`: whether the city has a `[recording]` table, which only this machine's fleet can obey.
    """
    if url != "local" and not _RAY.fullmatch(url):
        raise ConfigError(
            "no fleet speaks this address",
            where=document.where(("fleet",)),
            mend='Write "local", "ray:local", "ray:auto" or "ray://HOST:PORT"',
        )
    if url != "local" and records:
        raise ConfigError(
            "nodes of a Ray cluster do not record",
            where=document.where(("fleet",)),
            mend='Write fleet = "local", or leave [recording] out',
        )
    return url
