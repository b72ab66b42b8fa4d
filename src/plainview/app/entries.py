"""`plainview ledger prove | check-proof | show`: single entries, proven offline or read."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from plainview.app.ledger import head_of, place_of, printable, write_whole
from plainview.clock import SystemClock
from plainview.document.given import read_given
from plainview.document.toml import nearest
from plainview.errors import InputError, LedgerLie
from plainview.ledger.entry import Entry, EntryKind, decode_entry
from plainview.ledger.merkle import leaf_hash, verify_inclusion
from plainview.ledger.note import Verifier
from plainview.ledger.policy import QuorumPolicy
from plainview.ledger.proof import MAX_PROOF_BYTES, make_proof, open_proof
from plainview.ledger.tiles import inclusion_proof, read_entries

MAX_ENTRY_FILE: Final = 65_536


def prove(
    index: int, *, where: str | None, state: Path | None, out: Path | None, entry: Path | None
) -> Iterator[str]:
    """The proof (tlog-proof) that entry `index` is in the ledger, as lines or in the file `out`.

    `entry` gets the entry itself, which whoever checks the proof needs too. Raises InputError,
    LedgerError, LedgerLie if the ledger's tiles do not bear it out.
    """
    with place_of(where, state) as place:
        note, head = head_of(place)
        if not 0 <= index < head.size:
            raise InputError(
                f"there is no entry {index}", where=place.where, mend=f"It has {head.size} entries"
            )
        (data,) = read_entries(place.source, index, index + 1, size=head.size)
        hashes = inclusion_proof(place.source, index, head.size)
    verify_inclusion(index, head.size, leaf_hash(data), hashes, head.root)
    proof = make_proof(index, hashes, note)
    if entry is not None:
        write_whole(entry, data.decode())
    if out is None:
        lines = proof.removesuffix("\n").split("\n")
        if [printable(line) for line in lines] != lines:
            raise LedgerLie(
                "its checkpoint holds signs that would steer the terminal",
                where=place.where,
                mend="Write the proof to a file with --out",
            )
        yield from lines
    else:
        write_whole(out, proof)
        yield f"{out}: entry {index} of {head.size} in {head.origin}"


def check_proof(file: Path, *, entry: Path, key: str, policy: QuorumPolicy | None) -> Iterator[str]:
    """Check a proof with nothing but the entry and the log's key; what it shows, in words.

    Raises InputError, and LedgerLie if it does not hold.
    """
    log = Verifier.from_vkey(key)
    proof = _read(file, MAX_PROOF_BYTES).decode(errors="replace")
    # An editor's newline at the end; no entry ends in one.
    data = _read(entry, MAX_ENTRY_FILE).removesuffix(b"\n")
    proved = open_proof(proof, data, log)
    yield (
        f"held: this is entry {proved.index} of the {proved.checkpoint.size} in "
        f"{proved.checkpoint.origin}, signed by {log.name}"
    )
    if policy is not None:
        note = proof.partition("\n\n")[2]
        by = policy.check(note, log, now=SystemClock().utc()).verified
        yield printable(f"held: cosigned by {policy.words()} ({', '.join(by)})")
    yield line_of(proved.index, decode_entry(data))


def show(
    *,
    where: str | None,
    state: Path | None,
    since: str | None = None,
    kind: str | None = None,
    last: int | None = None,
) -> Iterator[str]:
    """The ledger's entries in words, oldest first. What is shown is not verified against a key.

    Raises InputError, LedgerError.
    """
    begin = 0 if since is None else _moment(since)
    if kind is not None and kind not in set(EntryKind):
        guess = nearest(kind, list(EntryKind))
        raise InputError(
            f"no entry is of the kind {kind!r}",
            where="--kind",
            mend=f"Did you mean {guess}?" if guess else f"Kinds: {', '.join(EntryKind)}",
        )
    with place_of(where, state) as place:
        size = head_of(place)[1].size
        first = 0 if last is None else max(0, size - last)
        for index, data in enumerate(read_entries(place.source, first, size, size=size), first):
            entry = decode_entry(data)
            if entry.t >= begin and kind in {None, entry.kind}:
                yield line_of(index, entry)


def line_of(index: int, entry: Entry) -> str:
    """One entry as one line for a person."""
    when = dt.datetime.fromtimestamp(entry.t / 1000, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    who = f" by {entry.role}" if entry.role != "system" or entry.who else ""
    details = "; ".join(
        f"{key.replace('_', ' ')} {', '.join(value) if isinstance(value, list) else value}"
        for key, value in entry.detail.items()
    )
    said = entry.kind.replace("-", " ")
    line = f"{index}  {when}  {said}  {entry.subject}{who}"
    return printable(f"{line}  ({details})" if details else line)


def _moment(since: str) -> int:
    try:
        moment = dt.datetime.fromisoformat(since)
    except ValueError as error:
        raise InputError(
            f"{since!r} is no date", where="--since", mend="Write 2026-11-23 or 2026-11-23T18:00"
        ) from error
    return round((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp() * 1000)


def _read(path: Path, most: int) -> bytes:
    try:
        data = read_given(path, most + 1)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from error
    if len(data) > most:
        raise InputError(f"larger than {most} bytes", where=str(path))
    return data
