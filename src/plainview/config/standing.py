"""The `[events]` table of a camera: which kinds are switched off, and which card speaks for it."""

from typing import Annotated

from msgspec import Meta, Struct

from plainview.document.toml import Document, KeyPath
from plainview.errors import ConfigError
from plainview.record import BY_THRESHOLDS, EventKind


class EventsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The table as written."""

    off: Annotated[tuple[str, ...], Meta(max_length=8)] = ()
    scorecard: Annotated[str, Meta(min_length=1, max_length=1024)] | None = None


class EventRules(Struct, frozen=True):
    """The table, checked. Whether the scorecard can be read is asked when it is used."""

    off: tuple[EventKind, ...] = ()
    """Kinds that are neither looked for nor kept."""
    scorecard: str | None = None
    """Absolute path."""


def event_rules(document: Document, at: KeyPath, table: EventsTable) -> EventRules:
    """`table`, which stands at `at`. Raises ConfigError for a kind that no camera looks for."""
    kinds = []
    for k, name in enumerate(table.off):
        if name not in list(EventKind):
            raise ConfigError(
                f"there is no kind of event {name!r}",
                where=document.where((*at, "off", k)),
                mend=f"Use {', '.join(one for one in EventKind if one not in BY_THRESHOLDS)}",
            )
        if name in BY_THRESHOLDS:
            raise ConfigError(
                f"{name!r} is told by thresholds on what a whole site measures: no camera"
                " switches it off",
                where=document.where((*at, "off", k)),
                mend=f"Leave it out; nobody is told where no assessment allows events:{name}",
            )
        kinds.append(EventKind(name))
    path = None if table.scorecard is None else str(document.relative(table.scorecard))
    return EventRules(tuple(dict.fromkeys(kinds)), path)
