"""Where the pages of a state folder are: said as soon as a Plainview starts, asked by commands."""

from pathlib import Path

from plainview.config import CityConfig
from plainview.web.address import base_url

FOLDER = "access"
"""Below the state folder: who signs in, and where."""
_NAME = "address"
_USUAL = "http://127.0.0.1:8420"


def announce(state: Path, url: str) -> None:
    """Let commands know at which address the pages of this state folder are; '' is not known."""
    folder = state / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _NAME).write_text(url.rstrip("/"), encoding="ascii")


def announce_start(state: Path, city: CityConfig) -> None:
    """Say where the pages of `city` will be, before anything that takes seconds.

    Where the port is still to be found, that nothing is known: what was said before is over.
    """
    known = city.port and city.address.isascii()  # what is no name is refused where it is bound
    here = base_url(city.address, city.port) if known else ""
    announce(state, city.access.url or here)


def announced(state: Path) -> str:
    """What was said last; empty if nothing was, or it is not known yet."""
    try:
        return (state / FOLDER / _NAME).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def announced_at(state: Path) -> float:
    """When that was, in seconds since 1970; 0 for never."""
    try:
        return (state / FOLDER / _NAME).stat().st_mtime
    except OSError:
        return 0.0


def address(state: Path) -> str:
    """Where the pages of this state folder were last; the usual address if that is unknown."""
    return announced(state) or _USUAL
