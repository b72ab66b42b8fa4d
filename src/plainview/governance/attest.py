"""What runs now, said under signature, and whether it agrees with what the ledger says.

The attested state is a signed note: the line `plainview.state/v1`, one line of canonical JSON, and
the signature of the machine's state key, whose verifier key stands in the ledger.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, LedgerLie
from plainview.governance.standing import PermitRecord, Standing, Started, stopped_by
from plainview.ledger.note import Signer, Verifier, open_note, sign_note

HEADER: Final = "plainview.state/v1"
NONCE: Final = r"^[0-9a-f]{0,64}\Z"


class RunningCamera(Struct, frozen=True, forbid_unknown_fields=True):
    """What one camera does now."""

    capabilities: tuple[str, ...]
    permit: str
    """Digest of its permit."""
    fingerprint: str
    """Of the view as it is configured now."""
    index: int
    """Of the ledger's entry that told of its start."""


class State(Struct, frozen=True, forbid_unknown_fields=True):
    """What runs at `t`, and the ledger that must say so."""

    t: int
    """UTC milliseconds."""
    nonce: Annotated[str, Meta(pattern=NONCE)]
    """As asked, so that an old answer cannot be given again."""
    origin: str
    size: int
    """Entries in the ledger at `t`."""
    root: str
    """Root of the tree of those entries, hex."""
    software: str
    configuration: str
    running: dict[str, RunningCamera]


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(State)


def sign_state(state: State, signer: Signer) -> str:
    """The signed note of `state`."""
    return sign_note(f"{HEADER}\n{_encoder.encode(state).decode()}\n", signer)


def read_state(note: str, verifier: Verifier, *, nonce: str | None = None) -> State:
    """The state in `note`. Raises LedgerLie unless `verifier` signed it, for `nonce` if given."""
    header, _, body = open_note(note, [verifier]).text.partition("\n")
    try:
        state = _decoder.decode(body)
    except UNDECODED as error:
        raise LedgerLie(f"what is said to run cannot be read: {error}") from error
    if header != HEADER:
        raise LedgerLie("what is said to run is another kind of note")
    if nonce is not None and state.nonce != nonce:
        raise LedgerLie("what is said to run is an old answer, not one to this question")
    return state


def contradictions(
    state: State, standing: Standing, registered: Mapping[str, Collection[str]] | None = None
) -> list[str]:
    """Where what runs differs from what the ledger says, a line each; empty when they agree.

    `standing` must be the fold of the first `state.size` entries. `registered` is what the public
    register says: camera -> capabilities that it shows as running.
    """
    return [*_of_city(state, standing), *_of_cameras(state, standing, registered)]


def _of_city(state: State, standing: Standing) -> Iterator[str]:
    if standing.size != state.size:
        yield f"it speaks of {state.size} entries, {standing.size} were given"
    if state.software != standing.software:
        yield (
            f"Plainview {state.software} runs, but the ledger's last version is "
            f"{standing.software or 'none'}"
        )
    if state.configuration != standing.configuration:
        yield "the configuration that runs is not the one in the ledger"


def _of_cameras(
    state: State, standing: Standing, registered: Mapping[str, Collection[str]] | None
) -> Iterator[str]:
    by_digest = {record.digest: record for record in standing.permits.values()}
    for camera, runs in sorted(state.running.items()):
        for what in (
            *_of_start(runs, standing.running.get(camera)),
            *_of_permit(by_digest.get(runs.permit), state.t),
            *_of_camera(camera, runs, standing),
        ):
            yield f"camera {camera} {what}"
        if registered is not None:
            missing = set(runs.capabilities) - set(registered.get(camera, ()))
            if missing:
                yield f"camera {camera} does {_list(missing)}, which the public register hides"
    for camera in sorted(set(standing.running) - set(state.running)):
        yield f"camera {camera} does not run, but the ledger has no end of it"
    for camera in sorted(set(registered or ()) - set(state.running)):
        if registered and registered[camera]:
            yield f"camera {camera} is registered as running, but does not run"


def _of_start(runs: RunningCamera, started: Started | None) -> Iterator[str]:
    if started is None:
        yield "runs, but the ledger has no start of it"
        return
    told = (started.permit, started.fingerprint, started.index)
    if (runs.permit, runs.fingerprint, runs.index) != told:
        yield "runs under another permit or view than the ledger's entry of its start"
    extra = set(runs.capabilities) - set(started.capabilities)
    if extra:
        yield f"does {_list(extra)}, which its start in the ledger has not"


def _of_permit(permit: PermitRecord | None, now: int) -> Iterator[str]:
    if permit is None:
        yield "runs under a permit that the ledger never granted"
    elif not permit.holds(now):
        yield f"runs under permit {permit.id}, which is {permit.over or 'not in force'}"


def _of_camera(camera: str, runs: RunningCamera, standing: Standing) -> Iterator[str]:
    record = standing.cameras.get(camera)
    if record is None or record.removed:
        yield "runs, but is not registered"
    elif record.fingerprint != runs.fingerprint:
        yield "runs with another view than the one registered"
    site = record.site if record else ""
    stop = stopped_by(standing.stops, camera, site, runs.capabilities)
    if stop is not None:
        yield f"runs although the stop switch of {stop.scope} is pressed"
    if camera in standing.suspensions:
        yield f"runs although it is suspended ({standing.suspensions[camera].reason})"


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
