"""`plainview ledger witness`: a witness of logs, from its keys to its address, until stopped."""

import os
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from plainview.clock import Clock, SystemClock
from plainview.durable import put
from plainview.errors import InputError, LedgerError
from plainview.ledger.cosignature import ED25519, ML_DSA_44, Cosigner
from plainview.ledger.note import Verifier
from plainview.ledger.witness import Witness
from plainview.web.server import Served, bind
from plainview.web.witness import WitnessApplication

KINDS: Final = {"ed25519": (ED25519,), "ml-dsa-44": (ML_DSA_44,), "both": (ED25519, ML_DSA_44)}
"""What `--signs` may say, and the kinds of key for it."""
MOST_KEY: Final = 4096


def run_witness(  # noqa: PLR0913 - one for each option, and two for tests
    *,
    logs: Sequence[str],
    state: Path,
    name: str | None,
    signs: str,
    host: str,
    port: int,
    say: Callable[[str], object],
    stop: threading.Event | None = None,
    clock: Clock | None = None,
) -> None:
    """Witness the logs with these verifier keys, at `host` and `port`, until `stop` or a signal.

    Its keys are made in `state` at the first start, under `name`, which later starts need not give.
    Raises InputError, and LedgerError if the folder cannot be used.
    """
    if signs not in KINDS:
        raise InputError(
            f"a witness cannot sign with {signs!r}",
            where="--signs",
            mend=f"One of {', '.join(KINDS)}",
        )
    verifiers = [Verifier.from_vkey(vkey) for vkey in logs]
    listener = bind(host, port)
    try:
        cosigners = [_key(state, kind, name) for kind in KINDS[signs]]
        witness = Witness(state, cosigners=cosigners, logs=verifiers, clock=clock or SystemClock())
    except BaseException:
        listener.close()
        raise
    origins = tuple(dict.fromkeys(verifier.name for verifier in verifiers))
    with witness, Served(WitnessApplication(witness, origins), listener) as served:
        say(f"witness {cosigners[0].name} at {served.url}")
        for vkey in witness.vkeys:
            say(f"verifier key: {vkey}")
        for origin in origins:
            latest = witness.latest(origin)
            say(f"watching {origin}: {latest.size if latest else 0} entries cosigned so far")
        (stop or threading.Event()).wait()


def _key(state: Path, kind: int, name: str | None) -> Cosigner:
    """The witness's key of one kind; made, durably, if there is none."""
    path = state / "keys" / f"witness-{kind:02x}.key"
    found = _load(path)
    if found is None:
        if name is None:
            raise InputError(
                "a new witness needs a name",
                where="--name",
                mend="Give one that is yours, such as witness.example.org",
            )
        return _make(path, Cosigner.generate(name, kind))
    if name is not None and name != found.name:
        raise InputError(
            f"the witness here is called {found.name}, not {name}",
            where=str(path),
            mend="A witness keeps its name; leave --name out",
        )
    return found


def _load(path: Path) -> Cosigner | None:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(MOST_KEY).decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"the witness's key cannot be read: {error}", where=str(path)) from error
    if stat.S_IMODE(mode) & 0o077:
        raise LedgerError(
            "others than its owner may read this private key",
            where=str(path),
            mend=f"If no one else has had it: chmod 600 '{path}'",
        )
    try:
        return Cosigner.from_text(text)
    except InputError as error:
        raise LedgerError("the witness's key is damaged", where=str(path)) from error


def _make(path: Path, cosigner: Cosigner) -> Cosigner:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(path, f"{cosigner.text()}\n".encode())
    except OSError as error:
        raise LedgerError(
            f"no key can be made: {error.strerror}", where=str(path), mend="Give another --state"
        ) from error
    return cosigner
