"""What a camera may do (DESIGN.md section 2): a closed list, nothing else can be asked for."""

from collections.abc import Iterable

from plainview.document import nearest, refuse_beyond
from plainview.errors import InputError
from plainview.record import EventKind

COUNT, FLOW, VIEW, RECORD, RELEASE, PUBLISH = (
    "count",
    "flow",
    "view",
    "record",
    "release",
    "publish",
)
EVENTS = tuple(f"events:{kind.value}" for kind in EventKind)
CAPABILITIES = (COUNT, FLOW, *EVENTS, VIEW, RECORD, RELEASE, PUBLISH)
MEASURING = (COUNT, FLOW)
"""What every running lens does: none starts unless it may do both."""


def to_watch(kinds: Iterable[EventKind]) -> tuple[str, ...]:
    """What a lens needs that measures and looks for events of `kinds`."""
    return (*MEASURING, *(f"events:{kind.value}" for kind in kinds))


def watched(capabilities: Iterable[str]) -> tuple[EventKind, ...]:
    """The kinds of event among `capabilities`, in the order of `EventKind`."""
    granted = set(capabilities)
    return tuple(kind for kind in EventKind if f"events:{kind.value}" in granted)


def check_capability(name: str, where: str) -> None:
    """Raise BoundaryError by name for what is beyond the boundary, InputError for a misspelling."""
    if name in CAPABILITIES:
        return
    refuse_beyond(name, where)
    guess = nearest(name, CAPABILITIES)
    raise InputError(
        f"{name!r} is no capability",
        where=where,
        mend=f"Did you mean {guess!r}?" if guess else f"They are {', '.join(CAPABILITIES)}",
    )
