"""Recording is a capability of its own: both walls ask for it, and its socket with it."""

import os
import socket
import time
from collections.abc import Callable

import msgspec
import pytest
from msgspec import structs
from tests.fleet.grants import Issuer, permit_of

from plainview.errors import PermitRefused
from plainview.fleet.permission import Permission
from plainview.geometry import View
from plainview.governance.capability import RECORD, to_watch
from plainview.governance.fingerprint import bare_source, fingerprint
from plainview.governance.lapse import keys
from plainview.governance.permit import Grant, sign_permit
from plainview.vision.gate import RECORDING, Admitted, Gate, check_recording, check_tap
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Claim

CAMERA = "north"
TAP = TapSpec(source="rtsp://camera.example/north", record=True)


def granted(issuer: Issuer, lens: LensSpec, *, permitted: bool, recorded: bool) -> Grant:
    """A grant whose permit holds record, or not, and whose start says so, or not."""
    permit = permit_of(CAMERA, TAP, lens)
    if permitted:
        more = {**permit.capabilities, RECORD: (CAMERA,)}
        permit = structs.replace(permit, capabilities=more, retention={"footage": 86_400.0})
    note = sign_permit(permit, issuer.authority)
    needs = (*to_watch(lens.events), *([RECORD] if recorded else []))
    entry, proof = issuer.record(CAMERA, note, fingerprint(TAP.source, lens.view), needs)
    return Grant(permit=note, entry=entry, proof=proof)


@pytest.mark.parametrize(
    ("permitted", "recorded"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_recording_needs_its_own_permit_and_its_own_entry(
    issuer: Issuer,
    make_view: Callable[..., View],
    permitted: bool,  # noqa: FBT001 - drawn
    recorded: bool,  # noqa: FBT001 - drawn
) -> None:
    """At the fleet and at the zygote: only where both are there; then the term is the permit's."""
    lens = LensSpec(view=make_view())
    grant = granted(issuer, lens, permitted=permitted, recorded=recorded)
    gate = Gate(issuer.trust)
    trusted = keys(issuer.trust.authority, issuer.trust.ledger)
    permission = Permission(CAMERA, TAP, lens, grant, trusted)
    claim = Claim(
        CAMERA, bare_source(TAP.source), lens.view, msgspec.msgpack.encode(grant), record=True
    )
    now = int(time.time() * 1000)
    if permitted and recorded:
        permission.check(now)
        assert permission.term == 86_400.0
        assert permission.claim == claim
        assert gate.admit(msgspec.msgpack.encode(claim)).record
        return
    with pytest.raises(PermitRefused):
        permission.check(now)
    with pytest.raises(PermitRefused):
        gate.admit(msgspec.msgpack.encode(claim))


def test_a_socket_comes_with_a_permitted_recording_and_with_nothing_else() -> None:
    """Not to a tap that was not admitted to record, not two, and not a file in its place."""
    source = "rtsp://camera.example/north"
    records = Admitted(source, "v", 1, (), record=True)
    measures = Admitted(source, "v", 1)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with near, far, open(os.devnull, "rb") as file:  # noqa: PTH123 - a descriptor is wanted
        check_recording([near.fileno()], records)
        check_recording([], measures)
        check_recording([], RECORDING)
        for sockets, admitted in (
            ([near.fileno()], measures),
            ([near.fileno()], RECORDING),
            ([], records),
            ([near.fileno(), far.fileno()], records),
            ([file.fileno()], records),
        ):
            with pytest.raises(PermitRefused):
                check_recording(sockets, admitted)
    check_tap(TAP, records)
    with pytest.raises(PermitRefused, match="recording is not permitted"):
        check_tap(TAP, measures)
    with pytest.raises(PermitRefused):
        check_tap(TAP, RECORDING)
