"""What changed lately: entries of the ledger, in the plain words of every language."""

from plainview.governance.register import Change
from plainview.governance.words import LANGUAGES, words
from plainview.ledger.entry import Entry, EntryKind


def change(index: int, entry: Entry) -> Change:
    """One entry in the plain words of every language."""
    scope, _, name = entry.subject.partition(":")
    detail = {key: value for key, value in entry.detail.items() if isinstance(value, str)}
    told: dict[str, str] = {}
    for language in LANGUAGES:
        spoken = words(language)
        key = f"change.{entry.kind.value}"
        if entry.kind is EntryKind.STOP_LIFTED and entry.detail.get("complete") == 1:
            key = "change.stop-lifted.complete"
        if not spoken.translated(key):
            continue
        role = f"role.{entry.role}"
        told[language] = spoken.text(
            key,
            name=name or (spoken.text("scope.city") if scope == "city" else entry.subject),
            role=spoken.text(role) if spoken.has(role) else entry.role,
            why=detail.get("why", ""),
            software=detail.get("software", ""),
            purpose=detail.get("purpose", ""),
        )
    return Change(index, entry.t, entry.kind.value, entry.subject, told)
