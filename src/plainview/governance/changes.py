"""What changed lately: entries of the ledger, in the plain words of every language."""

import datetime as dt
import re
from typing import Final

from plainview.governance.cameras import MOVED
from plainview.governance.permit import CHANGED, UPGRADED
from plainview.governance.register import Change
from plainview.governance.words import LANGUAGES, Words, words
from plainview.ledger.entry import Entry, EntryKind

ENDED: Final = "Plainview was stopped"
PRESSED: Final = "the stop switch is pressed"
NOT_TOLD: Final = "what may run cannot be told"
_OWN: Final = {ENDED: "why.ended", PRESSED: "why.pressed", NOT_TOLD: "why.not-told"}
"""Reasons that the program itself gives: in English in entries, to readers in their language."""
_BEGIN: Final = {
    "no approved assessment covers this camera": "reason.no-permit",
    "the camera's source, calibration": "reason.changed",
    "it was assessed for Plainview ": "reason.software",
    "its picture has shown another view": "reason.moved",
    "it is outside the hours that were assessed": "reason.hours",
    "it begins ": "reason.future",
    "it ended ": "reason.expired",
}
"""The same by how such a sentence begins, where it goes on with a day, hours or what to do."""
_SUSPENDED: Final = {MOVED: "reason.moved", CHANGED: "reason.changed", UPGRADED: "reason.software"}
_SWITCH: Final = re.compile(
    r"the stop switch of [^:]+?(?::\S+)? is pressed( from the centre)?: (.*)", re.DOTALL
)
"""Of which one the entry before says; what a person wrote stays as it is."""


def change(index: int, entry: Entry) -> Change:
    """One entry in the plain words of every language."""
    scope, _, name = entry.subject.partition(":")
    detail = {key: value for key, value in entry.detail.items() if isinstance(value, str)}
    why = detail.get("why", "")
    told: dict[str, str] = {}
    for language in LANGUAGES:
        spoken = words(language)
        key = f"change.{entry.kind.value}"
        if entry.kind is EntryKind.STOP_LIFTED and entry.detail.get("complete") == 1:
            key = "change.stop-lifted.complete"
        if entry.kind is EntryKind.STOP_PRESSED and detail.get("centre"):
            key = "change.stop-pressed.centre"
        if entry.kind is EntryKind.LEDGER_OPENED and "authority" in detail:
            key = "change.ledger-opened.keys"
        if not spoken.translated(key):
            continue
        role = f"role.{entry.role}"
        told[language] = spoken.text(
            key,
            name=_called(spoken, scope, name) or entry.subject,
            role=spoken.text(role) if spoken.has(role) else entry.role,
            why=_reason(spoken, entry, why),
            software=detail.get("software", ""),
            purpose=detail.get("purpose", ""),
            basis=detail.get("basis", ""),
            cameras=spoken.listed(_listed(entry)),
            since=_moment(entry, "since"),
            until=_moment(entry, "until"),
        )
    return Change(index, entry.t, entry.kind.value, entry.subject, told)


def _called(spoken: Words, scope: str, name: str) -> str:
    """What an entry is about, by its id, but for what has words of its own."""
    if scope == "capability":
        return spoken.text("scope.capability", capability=spoken.capability(name))
    return spoken.text("scope.city") if scope == "city" else name


def _reason(spoken: Words, entry: Entry, why: str) -> str:
    """`why`, to a reader: in their language where the program gave it."""
    key = _OWN.get(why)
    if entry.kind is EntryKind.PERMIT_SUSPENDED:
        key = _SUSPENDED.get(str(entry.detail.get("reason"))) or key
    elif entry.kind is EntryKind.CAMERA_STOPPED:
        key = key or next((_BEGIN[begin] for begin in _BEGIN if why.startswith(begin)), None)
        if pressed := _SWITCH.fullmatch(why):
            given = spoken.text("reason.given", why=pressed[2])
            key = f"{_OWN[PRESSED]}.centre" if pressed[1] else _OWN[PRESSED]
            return f"{spoken.text(key)} {given}"
    return spoken.text(key) if key else _begun(why)


def _begun(text: str) -> str:
    """A reason as it stands after a full stop."""
    return text[:1].upper() + text[1:]


def _listed(entry: Entry) -> list[str]:
    cameras = entry.detail.get("cameras")
    return cameras if isinstance(cameras, list) else []


def _moment(entry: Entry, key: str) -> str:
    t = entry.detail.get(key)
    if not isinstance(t, int):
        return ""
    return f"{dt.datetime.fromtimestamp(t / 1000, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
