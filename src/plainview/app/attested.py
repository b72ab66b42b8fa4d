"""Whether what runs is what the ledger and the public register say: fetched, folded, compared.

The answers come from the machine that is being checked, so each is bounded, and none is believed
before its signature or the ledger bears it out.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Final

import httpx
import msgspec
from msgspec import Struct

from plainview.errors import UNDECODED, InputError, LedgerError, LedgerLie
from plainview.governance.attest import HEADER, State, contradictions, read_state
from plainview.governance.standing import Standing
from plainview.ledger.entry import Entry
from plainview.ledger.merkle import HASH_BYTES
from plainview.ledger.note import Verifier, split_note
from plainview.ledger.verify import Head

ATTESTATION: Final = "/api/v1/attestation"
REGISTER: Final = "/portal/register.json"
MOST_STATE: Final = 64_000_000
MOST_REGISTER: Final = 512_000_000
"""A register of 60,000 cameras has 160 MB: each carries its contact and notice in full."""
SECONDS: Final = 30.0
PATIENCE: Final = 4
"""Times that state and register are asked for until both speak of the same entries."""
MOST_SKEW: Final = 300_000
"""Milliseconds by which the machine's clock may differ from ours before it is told."""

Fetch = Callable[[str, int], bytes]
"""Path below the machine's address, bound in bytes -> the answer. Raises LedgerError."""


class _Claim(Struct, frozen=True):
    """What of the state must be known before its key is: nothing here is believed yet."""

    size: int
    root: str


class _Capability(Struct, frozen=True):
    name: str
    running: bool = False
    permitted: bool = False


class _Camera(Struct, frozen=True):
    id: str
    capabilities: tuple[_Capability, ...] = ()
    permit: str = ""


class _Register(Struct, frozen=True):
    origin: str
    checkpoint: int
    software: str = ""
    cameras: tuple[_Camera, ...] = ()


class Attested:
    """One look at what runs. Give it every entry of the ledger, then ask for the `lies`."""

    def __init__(self, fetch: Fetch) -> None:
        """Ask the machine that `fetch` reaches. Raises LedgerError, LedgerLie if it will not say.

        State and register are asked for again, a few times, if something was recorded in between.
        """
        self._nonce = secrets.token_hex(16)
        for _ in range(PATIENCE):
            self._note = _text(fetch(f"{ATTESTATION}?nonce={self._nonce}", MOST_STATE))
            self._register = _read_register(fetch(REGISTER, MOST_REGISTER))
            self._claim = _read_claim(self._note)
            if self._claim.size == self._register.checkpoint:
                break
        self._standing = Standing()

    @property
    def head(self) -> Head:
        """The tree that the running program says it acts on: the ledger must begin with it."""
        return Head(self._claim.size, bytes.fromhex(self._claim.root), "what the program acts on")

    def fold(self, index: int, entry: Entry) -> None:
        """Take in one entry, in order; those after what the state speaks of change nothing."""
        if index < self._claim.size and index == self._standing.size:
            self._standing.apply(index, entry)

    def lies(self, origin: str, *, now: float) -> Iterator[str]:
        """Where what runs contradicts ledger or register, after all entries were taken in."""
        if self._standing.size != self._claim.size:
            yield (
                f"what runs speaks of {self._claim.size} entries, of which only "
                f"{self._standing.size} can be read"
            )
            return
        try:
            state = self._state()
        except LedgerLie as error:
            yield f"what is said to run: {error.what}"
            return
        if state.origin != origin:
            yield f"what is said to run is of the ledger {state.origin}"
        if abs(state.t - now * 1000) > MOST_SKEW:
            yield f"what is said to run is dated {round(state.t / 1000 - now):+d} s from now"
        shown = {
            camera.id: {one.name for one in camera.capabilities if one.running}
            for camera in self._register.cameras
        }
        yield from (f"what runs: {one}" for one in contradictions(state, self._standing, shown))
        yield from _of_register(self._register, self._standing, state)

    def checked(self) -> Iterator[str]:
        """What `lies` compares, a line each."""
        yield f"the signature of the state that runs now, for the nonce {self._nonce}"
        yield (
            f"what runs now, against {self._claim.size} entries of the ledger: "
            "cameras, capabilities, permits, suspensions, stop switches, software, configuration"
        )
        yield f"the public register's {len(self._register.cameras)} cameras, against both"

    def _state(self) -> State:
        """The state, signed by the key that the ledger named last. Raises LedgerLie."""
        keys = self._standing.state_keys
        if not keys:
            raise LedgerLie("the ledger names no key for it")
        try:
            verifier = Verifier.from_vkey(max(keys, key=lambda vkey: keys[vkey]))
        except InputError as error:
            raise LedgerLie(f"the ledger's key for it is none: {error.what}") from error
        return read_state(self._note, verifier, nonce=self._nonce)


def _of_register(register: _Register, standing: Standing, state: State) -> Iterator[str]:
    if register.origin != state.origin:
        yield f"the register is of the ledger {register.origin}"
    if register.software != standing.software:
        yield f"the register says Plainview {register.software}, the ledger {standing.software}"
    shown = {camera.id for camera in register.cameras}
    for name, record in sorted(standing.cameras.items()):
        if not record.removed and name not in shown:
            yield f"the register hides camera {name}"
    for camera in register.cameras:
        record_of = standing.permits.get(camera.permit)
        if any(one.permitted for one in camera.capabilities) and (
            record_of is None or not record_of.holds(state.t)
        ):
            yield (
                f"the register shows camera {camera.id} as permitted by "
                f"{camera.permit or 'nothing'}, which the ledger does not"
            )


def fetcher(base: str, *, seconds: float = SECONDS) -> Fetch:
    """Asks the machine at the address `base`, each answer within `seconds` and its bound."""

    def fetch(path: str, most: int) -> bytes:
        where = f"{base}{path}"
        latest = time.monotonic() + seconds
        data = bytearray()
        try:
            with httpx.stream(
                "GET",
                where,
                timeout=seconds,
                trust_env=False,
                headers={"accept-encoding": "identity"},
            ) as answer:
                if answer.status_code != 200:
                    raise LedgerError(f"answered {answer.status_code}", where=where)
                for chunk in answer.iter_raw():
                    data += chunk
                    if len(data) > most or time.monotonic() > latest:
                        raise LedgerError("an answer without end", where=where)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise LedgerError(f"cannot be read: {error}", where=where) from error
        return bytes(data)

    return fetch


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise LedgerLie("what is said to run is not text") from error


def _read_claim(note: str) -> _Claim:
    header, _, body = split_note(note)[0].partition("\n")
    try:
        claim = msgspec.json.decode(body, type=_Claim)
    except UNDECODED as error:
        raise LedgerLie(f"what is said to run cannot be read: {error}") from error
    if header != HEADER or not re.fullmatch(rf"[0-9a-f]{{{2 * HASH_BYTES}}}", claim.root):
        raise LedgerLie("what is said to run is another kind of note")
    return claim


def _read_register(data: bytes) -> _Register:
    try:
        return msgspec.json.decode(data, type=_Register)
    except UNDECODED as error:
        raise LedgerLie(f"the public register cannot be read: {error}") from error
