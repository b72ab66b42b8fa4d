"""The redacted view is a capability of its own, and comes through a pipe of its own."""

import os
import queue
import socket
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.fleet.grants import GrantedFleet, Issuer, permit_of

from plainview import redacted
from plainview.errors import InputError, PermitRefused
from plainview.fleet.channel import Frames
from plainview.fleet.local import LocalFleet
from plainview.fleet.permission import Permission
from plainview.fleet.view import PictureChannel
from plainview.geometry import View
from plainview.governance.capability import VIEW, to_watch
from plainview.governance.fingerprint import bare_source, fingerprint
from plainview.governance.lapse import keys
from plainview.governance.permit import Grant, sign_permit
from plainview.record import CameraStatus
from plainview.redacted import (
    LEAST_SPAN,
    MAX_PICTURE,
    RULES,
    AdmittedPlate,
    Picture,
    ViewPlate,
    ViewState,
)
from plainview.vision.gate import RECORDING, Admitted, Gate, check_lens, check_pictures
from plainview.vision.packets import HEADER
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Claim, LensTask

CAMERA = "north"
TAP = TapSpec(source="rtsp://camera.example/north")
JPEG = b"\xff\xd8\xff some picture \xff\xd9"
PICTURE = Picture(1000, ViewState.SHOWN, 16, 0, 32, (), (), JPEG)
WAIT = 30.0


def granted(
    issuer: Issuer, tap: TapSpec, lens: LensSpec, *, permitted: bool = True, recorded: bool = True
) -> Grant:
    """A grant whose permit holds the view, or not, and whose start says so, or not."""
    permit = permit_of(CAMERA, tap, lens)
    if permitted:
        permit = structs.replace(permit, capabilities={**permit.capabilities, VIEW: (CAMERA,)})
    note = sign_permit(permit, issuer.authority)
    needs = (*to_watch(lens.events), *([VIEW] if recorded else []))
    entry, proof = issuer.record(CAMERA, note, fingerprint(tap.source, lens.view), needs)
    return Grant(permit=note, entry=entry, proof=proof)


@pytest.mark.parametrize(
    ("permitted", "recorded"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_the_view_needs_its_own_permit_and_its_own_entry(
    issuer: Issuer,
    make_view: Callable[..., View],
    permitted: bool,  # noqa: FBT001 - drawn
    recorded: bool,  # noqa: FBT001 - drawn
) -> None:
    """At the fleet and at the zygote: a lens draws only where both are there."""
    lens = LensSpec(view=make_view(), picture=True)
    grant = granted(issuer, TAP, lens, permitted=permitted, recorded=recorded)
    permission = Permission(
        CAMERA, TAP, lens, grant, keys(issuer.trust.authority, issuer.trust.ledger)
    )
    source = bare_source(TAP.source)
    claim = Claim(CAMERA, source, lens.view, msgspec.msgpack.encode(grant), picture=True)
    now = int(time.time() * 1000)
    if permitted and recorded:
        permission.check(now)
        assert permission.claim == claim
        assert Gate(issuer.trust).admit(msgspec.msgpack.encode(claim)).picture
        return
    with pytest.raises(PermitRefused):
        permission.check(now)
    with pytest.raises(PermitRefused):
        Gate(issuer.trust).admit(msgspec.msgpack.encode(claim))


def test_a_pipe_for_pictures_comes_with_a_permitted_view_and_with_nothing_else(
    make_view: Callable[..., View],
) -> None:
    """Not to a lens that was not admitted to draw, not two, not a socket; nor a plate without."""
    view = make_view()
    draws = Admitted("rtsp://x/", fingerprint("rtsp://x/", view), 1, (), picture=True)
    measures = draws._replace(picture=False)
    reading, writing = os.pipe()
    near, far = socket.socketpair()
    with near, far:
        check_pictures([writing], draws)
        check_pictures([], measures)
        check_pictures([], RECORDING)
        for given_, admitted in (
            ([], draws),
            ([writing], measures),
            ([writing], RECORDING),
            ([writing, writing], draws),
            ([near.fileno()], draws),
        ):
            with pytest.raises(PermitRefused):
                check_pictures(given_, admitted)
    os.close(reading)
    os.close(writing)
    check_lens(LensTask(LensSpec(view=view, picture=True), admitted=b"plate"), draws)
    for task in (
        LensTask(LensSpec(view=view, picture=True)),
        LensTask(LensSpec(view=view), admitted=b"p"),
    ):
        with pytest.raises(PermitRefused, match="view is not permitted"):
            check_lens(task, measures)


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(0, MAX_PICTURE + 3000), max_size=12),
    waits=st.lists(st.floats(0, 3), min_size=12, max_size=12),
)
def test_no_lens_shows_more_than_it_may(sizes: list[int], waits: list[float]) -> None:
    """Whatever it sends: never a picture beyond the bound, nor more than the rate and its burst."""
    channel, now, taken = PictureChannel(now=0.0), 0.0, 0
    for size, wait in zip(sizes, waits, strict=False):
        now += wait
        body = (
            redacted.encode(
                structs.replace(PICTURE, jpeg=b"\xff\xd8\xff" + bytes(size) + b"\xff\xd9")
            )
            if size <= MAX_PICTURE - 5
            else bytes(size)
        )
        pictures = channel.feed(HEADER.pack(len(body)) + body, now)
        assert all(len(redacted.encode(one)) <= MAX_PICTURE for one in pictures)
        taken += len(pictures)
        assert taken <= 6 + 2 * now
    assert Frames(MAX_PICTURE).feed(HEADER.pack(MAX_PICTURE + 1)) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        redacted.encode(PICTURE) + b"\0",
        redacted.encode(structs.replace(PICTURE, jpeg=b"GIF89a")),
        redacted.encode(structs.replace(PICTURE, jpeg=JPEG[:-1])),
        redacted.encode(structs.replace(PICTURE, low=17)),
        msgspec.msgpack.encode({"t": 1}),
    ],
)
def test_what_is_no_picture_is_refused_and_the_lens_is_no_longer_trusted(data: bytes) -> None:
    """Anything but one encoding of one picture, and nothing after it is taken either."""
    with pytest.raises(InputError):
        redacted.read_picture(data)
    channel = PictureChannel(now=0.0)
    good = redacted.encode(PICTURE)
    sent = b"".join(HEADER.pack(len(body)) + body for body in (good, data, good))
    assert channel.feed(sent, 0.0) == [PICTURE]
    assert channel.why
    assert channel.refused == 1
    assert channel.feed(HEADER.pack(len(good)) + good, 9.0) == []


class Pictures:
    """Hears a fleet's pictures."""

    def __init__(self) -> None:
        """None yet."""
        self._new: queue.SimpleQueue[Picture] = queue.SimpleQueue()
        self.statuses: queue.SimpleQueue[CameraStatus] = queue.SimpleQueue()

    def put(self, _camera: str, picture: Picture) -> None:
        """Be a callback."""
        self._new.put(picture)

    def status(self, _camera: str, status: CameraStatus) -> None:
        """Be a callback."""
        self.statuses.put(status)

    def until(self, state: ViewState) -> Picture:
        """The next picture of `state`."""
        end = time.monotonic() + WAIT
        while True:
            picture = self._new.get(timeout=max(end - time.monotonic(), 0.01))
            if picture.state is state:
                return picture

    def noted(self, words: str) -> None:
        """Wait for a status that says `words`."""
        end = time.monotonic() + WAIT
        while words not in self.statuses.get(timeout=max(end - time.monotonic(), 0.01)).note:
            pass


def test_a_newly_admitted_plate_is_drawn_over_by_the_same_permit(
    issuer: Issuer, clip: Path, standin_command: tuple[str, ...], make_view: Callable[..., View]
) -> None:
    """The lens is started anew with it; and one that sends too large a picture is, with why."""
    heard = Pictures()
    tap = TapSpec(source=str(clip), loop=True)
    with GrantedFleet(
        issuer,
        on_reading=lambda *_: None,
        on_status=heard.status,
        on_plate=lambda *_: None,
        on_picture=heard.put,
        command=standin_command,
    ) as fleet:
        spec = LensSpec(view=make_view(), every=0.5, rate=10, picture=True)
        fleet.start(CAMERA, tap, spec, granted(issuer, tap, spec))
        assert heard.until(ViewState.NO_PLATE).jpeg == b"\xff\xd8\xff\xff\xd9"
        fleet.admit(CAMERA, b"plate")
        assert b"plate" in heard.until(ViewState.SHOWN).jpeg
        # Another lens knows nothing of the events that this one had told of: it must be told.
        while not heard.statuses.get(timeout=WAIT).restarts:
            pass
        tall = structs.replace(spec, view=make_view("tall-picture"))
        fleet.start(CAMERA, tap, tall, granted(issuer, tap, tall))
        heard.noted("the lens sent a picture of more than")


def test_a_sealed_lens_draws(issuer: Issuer, clip: Path, make_view: Callable[..., View]) -> None:
    """Behind the real seal: a JPEG of the plate's size, drawn over a plate, decodes as one."""
    heard = Pictures()
    tap, spec = TapSpec(source=str(clip), loop=True), LensSpec(view=make_view(), picture=True)
    ok, png = cv2.imencode(".png", np.full((64, 96), 90, np.uint8))
    assert ok
    plate = ViewPlate(RULES, 96, 64, 0, LEAST_SPAN, 9, 1.0, png.tobytes())
    admitted = redacted.encode(AdmittedPlate(RULES, 0, redacted.encode(plate), ()))
    with LocalFleet(
        on_reading=lambda *_: None,
        on_status=heard.status,
        on_plate=lambda *_: None,
        on_picture=heard.put,
        trust=issuer.trust,
    ) as fleet:
        fleet.start(CAMERA, tap, spec, granted(issuer, tap, spec), admitted=admitted)
        picture = heard.until(ViewState.SHOWN)
    drawn = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    assert drawn.shape[1] == 96
    assert picture.low <= picture.count <= picture.high
