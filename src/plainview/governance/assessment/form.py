"""The form as a whole: every answer, by what it is approved, and back from its canonical form."""

import datetime as dt
import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plainview.governance.assessment.answering import (
    Aim,
    Authorisation,
    Controller,
    Legal,
    PrivacyOfficer,
    Processor,
)
from plainview.governance.assessment.doing import (
    Accuracy,
    AssessedCamera,
    AssessedCapability,
    Period,
    Processing,
    RetentionTerms,
    Security,
)
from plainview.governance.assessment.risk import Harm, Measure, Necessity, People, Residual
from plainview.governance.assessment.safeguards import (
    Approver,
    Complaints,
    Consultation,
    Notice,
    Oversight,
    Rights,
)
from plainview.governance.assessment.words import MAX_CAMERAS, Identifier, Language, Text, Word


class Assessment(Struct, frozen=True, forbid_unknown_fields=True):
    """A privacy impact assessment: what is to be done, why, to whom, and who answers for it."""

    id: Annotated[
        Identifier, Meta(description="Short name that stays the same over all revisions.")
    ]
    revision: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Counts up with each approved change, from 1.")
    ] = 1
    language: Annotated[
        Language, Meta(description="Language in which the answers are written, such as en.")
    ] = "en"
    title: Annotated[
        Text, Meta(description="What it is called, in each language of the notice.")
    ] = {}
    summary: Annotated[
        Text, Meta(description="What is done and why, in plain words, for the public.")
    ] = {}
    packs: Annotated[
        tuple[Word, ...],
        Meta(max_length=10, description="Whose rules it must meet: hk, uk, eu, fr, nyc."),
    ] = ()
    simulated: Annotated[
        bool, Meta(description="True only for a demonstration in which nobody exists.")
    ] = False
    software: Annotated[
        Word,
        Meta(description="Version of Plainview that was assessed: '0.2' covers every 0.2.x."),
    ] = ""
    review_date: Annotated[
        dt.date | None, Meta(description="Day by which this assessment is looked at again.")
    ] = None
    controller: Annotated[
        Controller, Meta(description="Who answers for the processing in law.")
    ] = Controller()
    privacy_officer: Annotated[
        PrivacyOfficer, Meta(description="Who watches over privacy, and what they advised.")
    ] = PrivacyOfficer()
    processors: Annotated[
        tuple[Processor, ...],
        Meta(max_length=100, description="Others who handle the data for the controller."),
    ] = ()
    aims: Annotated[
        tuple[Aim, ...], Meta(max_length=50, description="What it is for, each with evidence.")
    ] = ()
    legal: Annotated[Legal, Meta(description="What allows it.")] = Legal()
    authorisation: Annotated[
        Authorisation, Meta(description="What an outside authority allowed, where the law asks.")
    ] = Authorisation()
    processing: Annotated[Processing, Meta(description="What is done with what data.")] = (
        Processing()
    )
    cameras: Annotated[
        tuple[AssessedCamera, ...],
        Meta(max_length=MAX_CAMERAS, description="Each camera and what it sees."),
    ] = ()
    capabilities: Annotated[
        tuple[AssessedCapability, ...],
        Meta(max_length=100, description="What the cameras may do, and for which aim."),
    ] = ()
    period: Annotated[Period, Meta(description="From when until when, and how often.")] = Period()
    people: Annotated[People, Meta(description="Whom it affects.")] = People()
    harms: Annotated[
        tuple[Harm, ...], Meta(max_length=200, description="Specific ways to be harmed.")
    ] = ()
    measures: Annotated[
        tuple[Measure, ...], Meta(max_length=200, description="What is done against the harms.")
    ] = ()
    necessity: Annotated[Necessity, Meta(description="Why this, and no more than this.")] = (
        Necessity()
    )
    residual: Annotated[Residual, Meta(description="The risk that is left after the measures.")] = (
        Residual()
    )
    accuracy: Annotated[Accuracy, Meta(description="How far the measurements can be trusted.")] = (
        Accuracy()
    )
    retention: Annotated[
        RetentionTerms, Meta(description="How long each kind of data is kept.")
    ] = RetentionTerms()
    security: Annotated[Security, Meta(description="How the data are kept from others.")] = (
        Security()
    )
    oversight: Annotated[
        Oversight, Meta(description="The people who decide, and who can stop it.")
    ] = Oversight()
    notice: Annotated[Notice, Meta(description="How people are told beforehand.")] = Notice()
    rights: Annotated[Rights, Meta(description="What people may ask for.")] = Rights()
    complaints: Annotated[Complaints, Meta(description="How to complain, and to whom.")] = (
        Complaints()
    )
    consultation: Annotated[
        Consultation, Meta(description="Who was asked before, and what came of it.")
    ] = Consultation()
    approvers: Annotated[
        tuple[Approver, ...],
        Meta(max_length=10, description="Who is to approve: two people, in two roles."),
    ] = ()

    @property
    def name(self) -> str:
        """`ID@REVISION`, by which permits and entries name it."""
        return f"{self.id}@{self.revision}"

    def cameras_of(self, capability: AssessedCapability) -> tuple[str, ...]:
        """Ids of the cameras that may do `capability`."""
        return capability.cameras or tuple(camera.id for camera in self.cameras)

    def encoded(self) -> bytes:
        """Canonical JSON: sorted keys, every field, no blanks. What is approved is exactly this.

        Fields that came later are left out where they say nothing, so that what was approved
        before keeps its digest.
        """
        data = msgspec.to_builtins(self)
        for part, field in _CAME_LATER:
            for entry in data[part]:
                if not entry[field]:
                    del entry[field]
        return _encoder.encode(data)

    def digest(self) -> str:
        """SHA-256 of `encoded`, hex: the name under which it is kept and approved."""
        return hashlib.sha256(self.encoded()).hexdigest()


_CAME_LATER: Final = (("capabilities", "longest"), ("approvers", "account"))
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Assessment)


def decode_assessment(data: bytes) -> Assessment:
    """The assessment whose `encoded` form is `data`. Raises msgspec.DecodeError."""
    return _decoder.decode(data)
