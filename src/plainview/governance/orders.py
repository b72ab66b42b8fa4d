"""What a site asks the centre for, and is answered; and what the centre knows of each site by that.

A site asks again and again, with what it has obeyed; it is answered with the orders that it has
not. Both are JSON, bounded, and hostile until they are read here.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, InputError
from plainview.governance.documents import digest_of
from plainview.governance.order import MAX_BYTES, Refusal
from plainview.governance.standing import Stop

MOST_ORDERS: Final = 32
"""Of one answer: the oldest first. What was obeyed makes room for the next."""
MOST_MARKS: Final = 2048
"""Of what a site says: it has one for each of its cameras and capabilities at most."""
MARK: Final = 16
"""Signs of a mark."""
MAX_SAID: Final = 90_000
"""Bytes of what a site says."""
MAX_ANSWER: Final = MOST_ORDERS * (2 * MAX_BYTES + 3) + 100
"""Bytes of an answer: a note may be twice as long as a JSON string."""

Mark = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
"""Of one order: its digest's beginning. Not its number: once a centre's ledger was set back to an
old copy another order has that too, and what a site says of the one is nothing of the other."""
_Marks = Annotated[tuple[Mark, ...], Meta(max_length=MOST_MARKS)]


class Said(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a site says when it asks. It is believed of itself alone."""

    v: Literal[1]
    stopped: _Marks = ()
    """Orders that stand in its ledger, and by which nothing runs any more."""
    lifted: _Marks = ()
    """Orders that two people there have lifted since."""
    refused: Annotated[tuple[tuple[Mark, Refusal], ...], Meta(max_length=MOST_ORDERS)] = ()
    """Orders that it could read and does not obey."""
    amiss: Refusal | None = None
    """Why it could not even read one of those that it was last given."""


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """What the centre answers."""

    v: Literal[1]
    known: bool
    """False: the centre has no such site in its CITY.toml."""
    orders: Annotated[
        tuple[Annotated[str, Meta(max_length=MAX_BYTES)], ...], Meta(max_length=MOST_ORDERS)
    ] = ()
    """Signed notes, by growing number."""


_encoder = msgspec.json.Encoder()
_said = msgspec.json.Decoder(Said)
_answer = msgspec.json.Decoder(Answer)


def encode(what: Said | Answer) -> bytes:
    """`what`, as it is sent."""
    return _encoder.encode(what)


def read_said(data: bytes) -> Said:
    """What a site says. Raises InputError."""
    if len(data) > MAX_SAID:
        raise InputError(f"what a site says has {len(data)} bytes, more than {MAX_SAID}")
    try:
        return _said.decode(data)
    except UNDECODED as error:
        raise InputError(f"this is nothing that a site says: {error}") from error


def read_answer(data: bytes) -> Answer:
    """What the centre answers. Raises InputError."""
    if len(data) > MAX_ANSWER:
        raise InputError(f"an answer of {len(data)} bytes, more than {MAX_ANSWER}")
    try:
        return _answer.decode(data)
    except UNDECODED as error:
        raise InputError(f"this is no answer of a centre: {error}") from error


class Heard(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the centre knows of one site."""

    at: float = 0.0
    """UTC seconds at which it last asked; 0: never."""
    said: Said = Said(1)


class State(enum.StrEnum):
    """What became of one order at one site."""

    CONFIRMED = "confirmed"
    """It stands in that site's ledger, and nothing runs there that it names."""
    LIFTED = "lifted"
    """Two people there have lifted it since."""
    REFUSED = "refused"
    WAITS = "waits"
    """It asks, or asked once, and has not confirmed this one yet."""
    SILENT = "silent"
    """It never asked: it is not enrolled, or was never reached."""


class Told(Struct, frozen=True):
    """What became of one order at one site, with what is needed to say so."""

    site: str
    state: State
    heard: float
    """UTC seconds at which the site last asked; 0: never."""
    refusal: str = ""
    """Why it is refused, as a word (`Refusal`)."""


def wanted(stop: Stop, sites: Iterable[str], where: Mapping[str, str]) -> list[str]:
    """Those of `sites` that `stop` is an order to; `where` tells the site of each camera."""
    kind, _, name = stop.scope.partition(":")
    if kind == "camera":
        name = where.get(name, "")
    return [site for site in sites if kind not in {"camera", "site"} or site == name]


def mark_of(note: str) -> Mark:
    """How the order whose signed note this is stands in what a site says."""
    return digest_of(note.encode())[:MARK]


def told(
    stop: Stop, mark: Mark, sites: Mapping[str, Heard], where: Mapping[str, str]
) -> list[Told]:
    """What became of the order `mark` that `stop` is, at each site that it is for.

    One that is not given yet has no mark: it is empty.
    """
    return [_told(mark, site, sites[site]) for site in wanted(stop, sites, where)]


def _told(mark: Mark, site: str, heard: Heard) -> Told:
    said = heard.said
    refused = dict(said.refused).get(mark)
    if mark in said.stopped:
        state = State.CONFIRMED
    elif mark in said.lifted:
        state = State.LIFTED
    elif refused is not None:
        return Told(site, State.REFUSED, heard.at, refused.value)
    elif not heard.at:
        state = State.SILENT
    elif said.amiss is not None:
        return Told(site, State.REFUSED, heard.at, said.amiss.value)
    else:
        state = State.WAITS
    return Told(site, state, heard.at)


def due(marks: Sequence[Mark], said: Said) -> list[Mark]:
    """Which of the orders `marks`, oldest first, a site that says this is to be given now.

    What it refused comes last: it must not keep another from coming.
    """
    settled = {*said.stopped, *said.lifted}
    refused = {mark for mark, _ in said.refused}
    lacking = [mark for mark in marks if mark not in settled]
    return sorted(lacking, key=refused.__contains__)[:MOST_ORDERS]
