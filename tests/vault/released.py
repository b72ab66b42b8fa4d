"""A release from a request on: an office, a vault with a real clip in it, custodians, a witness."""

import io
import os
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import msgspec
import numpy as np
import pyrage
from msgspec import structs
from tests.governance.offices import CONTROLLER, OFFICER, OPERATOR, UTC, assessment_of, grant

from plainview.app.release import bundle_of, order_new
from plainview.clock import ManualClock
from plainview.governance import cameras, release_office
from plainview.governance.assessment import AssessedCapability, Assessment
from plainview.governance.cameras import Seen
from plainview.governance.office import Office
from plainview.governance.person import Person
from plainview.governance.release import Request
from plainview.governance.release_office import Wish
from plainview.governance.release_proof import Bundle
from plainview.ledger.cosignature import ED25519, Cosigner
from plainview.ledger.note import Signer, Verifier, add_signatures, split_note
from plainview.ledger.policy import QuorumPolicy
from plainview.vault import custody, daykey
from plainview.vault.layout import HOUR, PARTIES, Layout, day_of
from plainview.vault.recorder import Recorder
from plainview.vision.packets import Packet, StreamStart

SEEN = {"north": Seen("plaza", "1" * 64), "south": Seen("plaza", "2" * 64)}
WITNESS = Cosigner("w.example", ED25519, bytes(32))
SECONDS, RATE = 4, 5
BEGIN = round(UTC) + 600
"""UTC seconds of the clip's first picture."""


@cache
def clip() -> tuple[StreamStart, tuple[Packet, ...]]:
    """Four seconds of a bright square that moves over noise, as a tap would have sent it."""
    file = io.BytesIO()
    chance = np.random.default_rng(7)
    ground = chance.integers(40, 90, (120, 160), dtype=np.uint8)
    with av.open(file, "w", format="matroska") as sink:
        stream = sink.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for k in range(SECONDS * RATE):
            picture = ground.copy()
            picture[40:80, 6 * k : 6 * k + 20] = 235
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, RATE)
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as source:
        video = source.streams.video[0]
        start = StreamStart("h264", video.codec_context.extradata or b"", 160, 120)
        base = float(video.time_base or 0)
        return start, tuple(
            Packet(bytes(p), round((BEGIN + float(p.pts or 0) * base) * 1e6), p.is_keyframe)
            for p in source.demux(video)
            if p.size
        )


def messages() -> Iterator[tuple[bytes, int, bool]]:
    """The clip as a recorder is given it: (body, time, whether it is an entry)."""
    start, packets = clip()
    for packet in packets:
        if packet.key:
            yield msgspec.msgpack.encode(start), packet.t or 0, True
        yield msgspec.msgpack.encode(packet), packet.t or 0, False


class World:
    """Owns an office, a vault and everybody's keys below one folder."""

    def __init__(self, folder: Path) -> None:
        """With permits to record and to release ten minutes at once, and a recorded clip."""
        self.folder = folder
        self.clock = ManualClock(UTC)
        self.identities = {party: pyrage.x25519.Identity.generate() for party in PARTIES}
        self.office = self.open()
        cameras.register(self.office, SEEN, configuration="c" * 64)
        grant(self.office, assessed())
        self.signers = {
            who.name: self.office.enrol(who.name, who.role)
            for who in (OPERATOR, CONTROLLER, OFFICER)
        }
        self.layout = Layout(folder / "vault")
        self.layout.make()
        self._record()

    def open(self) -> Office:
        """An office of this folder, at this clock."""
        return Office(self.folder / "state", self.clock, software="0.2.0")

    def _record(self) -> None:
        recipients = [(str(identity.to_public()),) for identity in self.identities.values()]
        daykey.make(daykey.Task(str(self.layout.keys / day_of(UTC)), *recipients))
        recorder = Recorder(self.layout, self.clock, bound=10**12, reserve=0)
        recorder.expect("north", 72.0 * HOUR)
        for body, t, entry in messages():
            self.clock.advance(max(0.0, t / 1e6 - self.clock.utc()))
            recorder.put("north", body, t, entry=entry)
        self.clock.advance(60.0)
        recorder.close()

    def wish(self, **changed: object) -> Wish:
        """A request of two seconds of the clip."""
        wish = Wish(
            "24-118",
            "how the fall came about",
            "Example Act, section 15",
            ("north",),
            (BEGIN + 1) * 1000,
            (BEGIN + 3) * 1000,
        )
        return structs.replace(wish, **changed)

    def signer(self, person: Person) -> Signer:
        """A person's own key."""
        return self.signers[person.name]

    def asked(self, **changed: object) -> Request:
        """Ask, as an operator with a key."""
        return release_office.ask(
            self.office,
            OPERATOR,
            self.wish(**changed),
            os.urandom,
            signer=self.signer(OPERATOR),
        )

    def granted(self, **changed: object) -> str:
        """Ask, approve by two, grant, have it witnessed; the id."""
        request = self.asked(**changed)
        for person in (CONTROLLER, OFFICER):
            release_office.approve(self.office, person, request.id, signer=self.signer(person))
        order_new(self.office, self.layout, release_office.find(self.office, request.id))
        self.witness()
        return request.id

    def witness(self) -> None:
        """Cosign the last checkpoint."""
        note = self.office.ledger.checkpoint()
        line = WITNESS.cosign(split_note(note)[0], int(self.clock.utc()))
        self.office.ledger.publish_cosigned(add_signatures(note, [line]))

    def policy(self, need: int = 1) -> QuorumPolicy:
        """What a custodian believes."""
        asked = QuorumPolicy.of(need, [WITNESS.verifier])
        log = Verifier.from_vkey(self.office.ledger.vkey)
        return QuorumPolicy(asked.witnesses, asked.quorum, (log,))

    def bundle(self, identifier: str) -> Bundle:
        """What custodians get."""
        return bundle_of(self.office, self.layout, identifier)

    def custodian(self, party: str) -> custody.Custodian:
        """One of the two, with their identity."""
        return custody.Custodian(party, self.policy(), lambda: [self.identities[party]])

    def keys(self, identifier: str) -> bytes:
        """What comes back when both unwrap, the commissioner first."""
        bundle, now = self.bundle(identifier), self.clock.utc()
        to = str(self.identities["operator"].to_public())
        share = custody.hand(self.custodian("commissioner"), bundle, [to], now)
        return custody.release(self.custodian("operator"), bundle, share, now)


def assessed() -> Assessment:
    """The British example, with release of ten minutes at once."""
    example = assessment_of(SEEN)
    release = AssessedCapability(
        "release", aims=("crush",), need="After an accident, to see how it arose.", longest="10 min"
    )
    return structs.replace(example, capabilities=(*example.capabilities, release))
