"""A witness of logs: remembers the last checkpoint of each and cosigns only what extends it.

The server's side of C2SP tlog-witness, without HTTP: bytes in, an `Answer` out. The client's side
is `ledger.asking`, the policy on its results `ledger.policy`.
"""

import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import structlog

from plainview.clock import Clock
from plainview.durable import put
from plainview.errors import InputError, LedgerError, LedgerLie
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.cosignature import Cosigner, cosigned_at
from plainview.ledger.merkle import EMPTY_ROOT, verify_consistency
from plainview.ledger.note import (
    Verifier,
    add_signatures,
    decode64,
    encode64,
    open_note,
    split_note,
)

MAX_REQUEST_BYTES: Final = 2**20
MAX_PROOF: Final = 63
"""Hashes in a consistency proof, as tlog-witness bounds them."""
TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})\Z", re.ASCII)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness says to one request."""

    status: int
    body: str
    media_type: str = TEXT


@dataclass(frozen=True, slots=True)
class Request:
    """One `add-checkpoint` request."""

    old: int
    """Size of the checkpoint that the proof starts from."""
    proof: tuple[bytes, ...]
    note: str

    def body(self) -> bytes:
        """As it is sent."""
        lines = [f"old {self.old}", *(encode64(node) for node in self.proof), ""]
        return ("\n".join(lines) + "\n" + self.note).encode()


def parse_request(body: bytes) -> Request:
    """The request in `body`. Raises LedgerLie if it is not written as one."""
    if len(body) > MAX_REQUEST_BYTES:
        raise LedgerLie(f"a request of more than {MAX_REQUEST_BYTES} bytes")
    try:
        head, split, note = body.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise LedgerLie("a request that is not UTF-8") from error
    first, *lines = head.split("\n")
    old = _OLD.match(first)
    proof = [decode64(line) for line in lines]
    if not split or old is None or len(proof) > MAX_PROOF:
        raise LedgerLie("a request is 'old SIZE', at most 63 hashes, an empty line, a checkpoint")
    nodes = tuple(node for node in proof if node is not None and len(node) == 32)
    if len(nodes) != len(proof):
        raise LedgerLie("a proof holds hashes of 32 bytes in base64")
    return Request(int(old[1]), nodes, note)


class Witness:
    """Cosigns checkpoints of known logs. Owns its state folder: no second one may use it.

    Thread-safe. What it has cosigned is durable before the cosignature leaves it, so that after
    kill -9 or a power cut it still never cosigns a smaller or a different tree.
    """

    def __init__(
        self, state: Path, *, cosigners: Sequence[Cosigner], logs: Sequence[Verifier], clock: Clock
    ) -> None:
        """Take the folder `state` and read what was cosigned before.

        `logs` are known by their keys' names, which are their origins. Raises InputError without
        key or log, LedgerError if another witness has the folder or it cannot be read, LedgerLie
        if what it says is not what this witness signed.
        """
        if not cosigners or not logs:
            raise InputError("a witness needs a key and a log to watch", where="witness")
        self._cosigners = tuple(cosigners)
        self._own = tuple(cosigner.verifier for cosigner in cosigners)
        self._clock = clock
        self._keys: dict[str, list[Verifier]] = {}
        for verifier in logs:
            self._keys.setdefault(verifier.name, []).append(verifier)
        self._locks = {origin: threading.Lock() for origin in self._keys}
        self._folder = state / "logs"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(state, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._latest = {origin: self._load(origin) for origin in self._keys}
        except BlockingIOError as error:
            os.close(self._lock)
            raise LedgerError(
                "another witness has this folder",
                where=str(state),
                mend="Stop it, or give this one a folder of its own",
            ) from error
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Give the folder back. May be called twice."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    def __enter__(self) -> Self:
        """The witness itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @property
    def vkeys(self) -> tuple[str, ...]:
        """Its verifier keys, to be given to whom it serves."""
        return tuple(cosigner.vkey for cosigner in self._cosigners)

    def latest(self, origin: str) -> Checkpoint | None:
        """The last checkpoint of `origin` that it cosigned."""
        note = self._latest.get(origin)
        return None if note is None else parse_checkpoint(split_note(note)[0])

    def add_checkpoint(self, body: bytes) -> Answer:
        """The answer to one request, as C2SP tlog-witness asks: 200, 400, 403, 404, 409 or 422.

        500 if what would be cosigned cannot be recorded: then nothing was cosigned.
        """
        try:
            request = parse_request(body)
            checkpoint = parse_checkpoint(split_note(request.note)[0])
        except LedgerLie as error:
            return _refuse(400, error.what)
        keys = self._keys.get(checkpoint.origin)
        if keys is None:
            return _refuse(404, "this log is not known here")
        try:
            signed = open_note(request.note, keys)
        except LedgerLie as error:
            return _refuse(403, error.what)
        if request.old > checkpoint.size:
            return _refuse(400, "the old size is larger than the checkpoint's")
        # Only what a known key signed is kept; strangers' lines would let anyone fill the disk.
        lines = "".join(signature.line for _, signature in signed.signatures)
        with self._locks[checkpoint.origin]:
            return self._advance(request, checkpoint, f"{signed.text}\n{lines}")

    def _advance(self, request: Request, checkpoint: Checkpoint, note: str) -> Answer:
        """Check against what was cosigned last, record, and only then cosign. Under the lock."""
        known = self.latest(checkpoint.origin)
        size = 0 if known is None else known.size
        root = EMPTY_ROOT if known is None else known.root
        if request.old != size:
            return Answer(409, f"{size}\n", SIZE)
        if checkpoint.size == size and checkpoint.root != root:
            if known is not None:
                self._keep_fork(checkpoint.origin, note)
            return Answer(409, f"{size}\n", SIZE)
        if size in {0, checkpoint.size}:
            if request.proof:
                return _refuse(422, "nothing is to be proven, so the proof must be empty")
        else:
            try:
                verify_consistency(size, checkpoint.size, request.proof, root, checkpoint.root)
            except LedgerLie as error:
                log.warning("checkpoint refused", origin=checkpoint.origin, why=error.what)
                return _refuse(422, error.what)
        # Two statements of one witness are in order even where its clock was set back.
        t = max(int(self._clock.utc()), self._last_time(checkpoint.origin))
        text = split_note(note)[0]
        lines = [cosigner.cosign(text, t) for cosigner in self._cosigners]
        cosigned = add_signatures(note, lines)
        try:
            put(self._path(checkpoint.origin), cosigned.encode())
        except OSError as error:
            log.exception("checkpoint not recorded", origin=checkpoint.origin, why=str(error))
            return _refuse(500, "the checkpoint could not be recorded, so it is not cosigned")
        self._latest[checkpoint.origin] = cosigned
        return Answer(200, "".join(lines))

    def _last_time(self, origin: str) -> int:
        note = self._latest[origin]
        if note is None:
            return 0
        return max(cosigned_at(s.signature) for _, s in open_note(note, self._own).signatures)

    def _path(self, origin: str) -> Path:
        return self._folder / hashlib.sha256(origin.encode()).hexdigest()

    def _load(self, origin: str) -> str | None:
        path = self._path(origin)
        try:
            note = path.read_bytes().decode()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(path, error) from error
        try:
            remembered = parse_checkpoint(open_note(note, self._own).text).origin
        except LedgerLie as error:
            raise _not_ours(origin, path, error.what) from error
        if remembered != origin:
            raise _not_ours(origin, path, f"it is of {remembered}")
        return note

    def _keep_fork(self, origin: str, note: str) -> None:
        """Keep the first proof that the log signed two trees of one size; one file per log."""
        log.error("the log signed two different trees of one size", origin=origin)
        path = self._path(origin).with_suffix(".fork")
        if not path.exists():
            try:
                put(path, f"{self._latest[origin]}\n{note}".encode())
            except OSError as error:
                log.exception("proof of a fork not kept", origin=origin, why=str(error))


def _refuse(status: int, why: str) -> Answer:
    return Answer(status, f"{why}\n")


def _not_ours(origin: str, path: Path, why: str) -> LedgerLie:
    return LedgerLie(
        f"what this witness remembers of {origin} is not what it signed: {why}",
        where=str(path),
        mend="Restore the file, or begin again with a new key and an empty folder",
    )


def _unusable(path: Path, error: Exception) -> LedgerError:
    return LedgerError(f"the witness's memory cannot be used: {error}", where=str(path))
