"""What changed between two revisions of an assessment, by meaning, and what of it goes further.

Entries of a list are matched by what names them (id, capability, role), not by their place, so that
a new camera in the middle is one change.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from plainview.errors import InputError
from plainview.governance.assessment import Assessment, Period
from plainview.governance.contradictions import SPANS
from plainview.governance.durations import MIDNIGHT, minutes_of, seconds_of
from plainview.governance.fields import EACH

_NAMES: Final = ("id", "name", "role")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK: Final = 7 * MIDNIGHT
_ALL_WHERE_EMPTY: Final = f"capabilities{EACH}.cameras"
"""The one list of an assessment in which naming nothing asks for everything."""


class Change(Struct, frozen=True):
    """One thing that is not as it was."""

    field: str
    """`capabilities[flow].cameras`: entries of lists by their name."""
    before: str
    """Empty: it was not there."""
    after: str
    """Empty: it is no longer there."""
    wider: bool = False
    """It makes the processing go further: more cameras, capabilities, hours, days, longer kept."""

    def line(self) -> str:
        """As the command line prints it."""
        mark = "wider: " if self.wider else ""
        if not self.before:
            return f"{mark}{self.field}: new: {self.after}"
        if not self.after:
            return f"{mark}{self.field}: gone: {self.before}"
        return f"{mark}{self.field}: {self.before} -> {self.after}"


def diff(old: Assessment, new: Assessment) -> list[Change]:
    """What changed from `old` to `new`, in the order of the form."""
    pair = _Pair(old, new)
    return [
        Change(
            leaf.at,
            _shown(leaf.field, leaf.before),
            _shown(leaf.field, leaf.after),
            _wider(pair, leaf.at, leaf.before, leaf.after),
        )
        for leaf in _changes("", "", _plain(old), _plain(new))
    ]


class _Leaf(NamedTuple):
    """A value that differs; None where there was none."""

    at: str
    """Where, with entries of lists by their name: `capabilities[flow].cameras`."""
    field: str
    """The field of the form that it is: `capabilities[].cameras`."""
    before: Any
    after: Any


def _plain(value: Struct) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = msgspec.to_builtins(value, builtin_types=(dt.date,))
    return plain


def _changes(at: str, field: str, before: Any, after: Any) -> Iterator[_Leaf]:  # noqa: ANN401
    """The leaves that differ between two values of one `field`."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            inner = _below(at, key), _below(field, key)
            yield from _changes(*inner, before.get(key), after.get(key))
        return
    named_before, named_after = _named(before), _named(after)
    if named_before is not None and named_after is not None:
        for key in dict.fromkeys((*named_before, *named_after)):
            entry = f"{at}[{key}]", f"{field}{EACH}"
            if key in named_before and key in named_after:
                yield from _changes(*entry, named_before[key], named_after[key])
            else:
                yield _Leaf(*entry, named_before.get(key), named_after.get(key))
        return
    yield _Leaf(at, field, before, after)


def _below(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _named(value: object) -> dict[str, Any] | None:
    """The entries of a list of tables by what names them; None for anything else."""
    if value is None:
        return {}
    if not isinstance(value, tuple) or not all(isinstance(entry, Mapping) for entry in value):
        return None
    key = next((name for name in _NAMES if all(name in entry for entry in value)), None)
    names = [str(entry[key]) if key else str(k) for k, entry in enumerate(value)]
    return dict(zip(names, value, strict=True)) if len(set(names)) == len(names) else None


def _shown(field: str, value: object) -> str:
    """A `value` of `field` in words."""
    if value is None or value == "":
        return ""
    if isinstance(value, Mapping):
        said = ((key, _shown(_below(field, key), inner)) for key, inner in value.items())
        return "; ".join(f"{key} = {words}" for key, words in said if words) or "empty"
    if isinstance(value, tuple):
        words = ", ".join(_shown(f"{field}{EACH}", inner) for inner in value)
        return words or ("all" if field == _ALL_WHERE_EMPTY else "none")
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split())


class _Pair(NamedTuple):
    """Both revisions, for questions that a single field cannot answer."""

    old: Assessment
    new: Assessment


def _wider(pair: _Pair, field: str, before: object, after: object) -> bool:
    """Whether the change of `field` from `before` to `after` makes the processing go further."""
    if field in _MORE:
        return _MORE[field](before, after)
    top, _, rest = field.partition(".")
    name, _, entry = top.partition("[")
    if name == "capabilities":
        return _capability_wider(pair, entry.removesuffix("]"), rest)
    if name == "cameras":
        return after is not None if not rest else rest in {"fingerprint", "site"}
    if name in {"aims", "processors"}:
        return before is None
    if field.startswith("period.hours"):
        return bool(_minutes(pair.new.period) - _minutes(pair.old.period))
    return name == "retention" and rest in SPANS and _longer(before, after)


def _capability_wider(pair: _Pair, capability: str, rest: str) -> bool:
    if rest == "aims":
        before, after = (
            {aim for c in a.capabilities if c.name == capability for aim in c.aims} for a in pair
        )
        return bool(after - before)
    if rest == "longest":
        return _longer(before, after)
    granted = {
        camera for what, camera in _grants(pair.new) - _grants(pair.old) if what == capability
    }
    return rest in {"", "cameras"} and bool(granted)


def _always(_before: object, _after: object) -> bool:
    """Prose: whether more people get more cannot be told, so a person looks."""
    return True


_MORE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "processing.recipients": _always,
    "processing.transfers": _always,
    "processing.combined": _always,
    "period.timezone": _always,
    "period.begins": lambda before, after: after is not None and (not before or after < before),
    "period.ends": lambda before, after: after is not None and (not before or after > before),
    "oversight.automatic": lambda _, after: after is True,
    "simulated": lambda _, after: after is False,
}


def _grants(assessment: Assessment) -> frozenset[tuple[str, str]]:
    """Every (capability, camera) that it asks for."""
    return frozenset(
        (capability.name, camera)
        for capability in assessment.capabilities
        for camera in assessment.cameras_of(capability)
    )


def _longer(before: object, after: object) -> bool:
    try:
        return seconds_of(str(after or "none")) > seconds_of(str(before or "none"))
    except InputError:
        return True  # what cannot be read could be anything


def _minutes(period: Period) -> frozenset[int]:
    """The minutes of the week in which it runs; windows that cannot be read count as none."""
    minutes: set[int] = set()
    for window in period.hours:
        try:
            since, until = minutes_of(window.since), minutes_of(window.until)
        except InputError:
            continue
        length = until - since if until > since else until - since + MIDNIGHT
        for day in window.days:
            start = _DAYS.index(day) * MIDNIGHT + since
            minutes |= {minute % _WEEK for minute in range(start, start + length)}
    return frozenset(minutes)
