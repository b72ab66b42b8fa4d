"""Asking witnesses to cosign a checkpoint: the client's side of C2SP tlog-witness.

All are asked at once, each within the same few seconds, and nothing that one does changes what the
others' cosignatures are worth.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from plainview.errors import LedgerError, LedgerLie, PlainviewError
from plainview.ledger.checkpoint import parse_checkpoint
from plainview.ledger.note import open_note, split_note
from plainview.ledger.policy import PolicyWitness, counted
from plainview.ledger.witness import SIZE, Request

MAX_ANSWER_BYTES: Final = 131_072
"""Room for 16 lines of ML-DSA-44 and more; what is longer is not read to its end."""
SECONDS: Final = 10.0
"""A witness that has not answered by then is asked again later."""

_ATTEMPTS: Final = 3
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,18})\n\Z", re.ASCII)

Prover = Callable[[int, int], Sequence[bytes]]
"""Old and new size -> consistency proof (RFC 9162 section 2.1.4)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one witness about one checkpoint."""

    witness: PolicyWitness
    lines: tuple[str, ...] = ()
    """Its cosignature lines, each verified; empty if it gave none."""
    size: int = 0
    """Size of the log's tree that the witness is known to have cosigned."""
    error: PlainviewError | None = None
    """Why it gave none. A LedgerLie says that the witness or this log contradicts itself."""


def ask_witnesses(
    note: str,
    witnesses: Sequence[PolicyWitness],
    prove: Prover,
    *,
    known: Mapping[str, int] | None = None,
    seconds: float = SECONDS,
    now: float | None = None,
) -> list[Asked]:
    """Ask each of `witnesses` to cosign the signed checkpoint `note`; what came of each, in order.

    `known` says, by the witness's name, which size it cosigned last (0 if unknown; it will tell).
    `now` (UTC seconds) leaves out cosignatures of the future. Returns within `seconds` or little
    more. Raises LedgerLie only if `note` itself is no checkpoint.
    """
    size = parse_checkpoint(split_note(note)[0]).size
    last = known or {}

    async def everyone() -> list[Asked]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(trust_env=False, timeout=seconds, limits=limits) as client:
            asking = (
                _guarded(_Question(client, w, note, size, prove, now), last.get(w.name, 0), seconds)
                for w in witnesses
            )
            return list(await asyncio.gather(*asking))

    return asyncio.run(everyone())


@dataclass(frozen=True, slots=True)
class _Question:
    client: httpx.AsyncClient
    witness: PolicyWitness
    note: str
    size: int
    prove: Prover
    now: float | None

    @property
    def url(self) -> str:
        return f"{self.witness.url.rstrip('/')}/add-checkpoint"


async def _guarded(question: _Question, known: int, seconds: float) -> Asked:
    try:
        # Each operation has its own limit in httpx; drop by drop an answer could last for ever.
        async with asyncio.timeout(seconds):
            return await _ask(question, min(known, question.size))
    except TimeoutError:
        error: PlainviewError = LedgerError(
            f"no whole answer within {seconds:g} s", where=question.url
        )
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
        error = LedgerError(
            f"the witness cannot be reached: {failure or type(failure).__name__}",
            where=question.url,
        )
    except PlainviewError as failure:
        error = failure
    return Asked(question.witness, size=known, error=error)


async def _ask(question: _Question, old: int) -> Asked:
    for _ in range(_ATTEMPTS):
        proof = question.prove(old, question.size) if 0 < old < question.size else ()
        status, media_type, body = await _post(question, Request(old, tuple(proof), question.note))
        if status == 200:
            return Asked(question.witness, _cosignatures(question, body), question.size)
        if status != 409 or media_type.partition(";")[0].strip() != SIZE:
            raise _refused(question, status, body)
        told = _NUMBER.match(body)
        if told is None:
            raise LedgerError("the witness told no size with its conflict", where=question.url)
        size = int(told[1])
        if size > question.size:
            raise LedgerLie(
                f"{question.witness.name} has cosigned {size} entries of this log, which has only "
                f"{question.size}: the log was rolled back, or the witness lies",
                where=question.url,
            )
        if size == old == question.size:
            raise LedgerLie(
                f"{question.witness.name} has cosigned another tree of {size} entries: the log "
                "was forked, or the witness lies",
                where=question.url,
            )
        old = size
    raise LedgerError("the witness changes its mind about the size it knows", where=question.url)


async def _post(question: _Question, request: Request) -> tuple[int, str, str]:
    headers = {"content-type": "text/plain; charset=utf-8", "accept-encoding": "identity"}
    async with question.client.stream(
        "POST", question.url, content=request.body(), headers=headers
    ) as response:
        data = b""
        # Raw, so that a small compressed answer cannot become a large one.
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > MAX_ANSWER_BYTES:
                raise LedgerError(
                    f"an answer of more than {MAX_ANSWER_BYTES} bytes", where=question.url
                )
        return (
            response.status_code,
            response.headers.get("content-type", ""),
            data.decode(errors="replace"),
        )


def _cosignatures(question: _Question, body: str) -> tuple[str, ...]:
    """The lines in `body` by the witness's own keys, each verified; others are left out."""
    text, _ = split_note(question.note)
    opened = open_note(f"{text}\n{body}", question.witness.keys)
    if opened.text != text:
        raise LedgerLie("it cosigned another text", where=question.url)
    lines = tuple(signature.line for _, signature in counted(opened, now=question.now))
    if not lines:
        raise LedgerLie("its cosignature is of the future", where=question.url)
    return tuple(dict.fromkeys(lines))


def _refused(question: _Question, status: int, body: str) -> LedgerError:
    said = " ".join("".join(c if c.isprintable() else " " for c in body[:200]).split())
    name = question.witness.name
    if status == 404:
        return LedgerError(
            f"{name} does not know this log",
            where=question.url,
            mend="Give its operator the log's verifier key ('plainview ledger key')",
        )
    if status == 403:
        return LedgerError(
            f"{name} knows this log by another key ({said})",
            where=question.url,
            mend="Give its operator the log's present verifier key",
        )
    if status == 422:
        return LedgerLie(
            f"{name} says that this log does not extend what it cosigned before: the log was "
            "forked, or the witness lies",
            where=question.url,
        )
    return LedgerError(f"{name} answered {status}: {said}", where=question.url)
