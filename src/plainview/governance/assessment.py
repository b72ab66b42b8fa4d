"""The assessment as a person writes it: every question that a law or guidance asks, with its help.

The fields are the union of what these ask: GDPR art. 35(7), EU AI Act art. 27(1), the UK
Surveillance Camera Code and the ICO's DPIA template, Hong Kong's PDPO and its guidance, French law
2023-380 art. 10 and New York City's Administrative Code 14-188. Which pack asks for which field is
data (`packs/*.toml`). Nothing but the id is required to read one, so that what is missing can be
named with the clause that asks for it.

This module is longer than most because each field carries its help text, which the JSON Schema
publishes and the console's editor shows.
"""

import datetime as dt
import hashlib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, inspect

from plainview.document import Document, convert
from plainview.document.strict import options
from plainview.document.yaml import SUFFIXES, YamlDocument, read_either
from plainview.errors import ConfigError
from plainview.governance.capability import check_capability
from plainview.governance.person import Role

GUIDE: Final = "docs/reference/assessment.md"
MAX_CAMERAS: Final = 20_000
MAX_BYTES: Final = 16_000_000
"""An assessment of that many cameras, each well described, has half of it."""

Word = Annotated[str, Meta(max_length=200)]
"""A name or one line."""
Prose = Annotated[str, Meta(max_length=20_000)]
"""An answer in a person's own words."""
Identifier = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")
]
Language = Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
"""A language as BCP 47 writes it: `en`, `zh-Hant`, `fr`."""
Text = dict[Language, Prose]
"""A public text by language."""
References = Annotated[tuple[Word, ...], Meta(max_length=MAX_CAMERAS)]
"""Ids of other parts of the same assessment."""

Days = Annotated[int, Meta(ge=1, le=3650)]

Basis = Literal[
    "",
    "public-task",
    "legal-obligation",
    "vital-interests",
    "legitimate-interests",
    "consent",
    "law-enforcement",
    "lawful-function",
]
Capacity = Literal["", "public-authority", "law-enforcement", "private-body", "joint"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Level = Literal["", "low", "medium", "high"]


class Controller(Struct, frozen=True, forbid_unknown_fields=True):
    """Who answers for the processing in law."""

    name: Annotated[Word, Meta(description="Name of the body that answers in law.")] = ""
    capacity: Annotated[
        Capacity,
        Meta(
            description="What kind of body it is: a public authority, a law-enforcement body, a"
            " private body, or several that answer together."
        ),
    ] = ""
    address: Annotated[Word, Meta(description="Postal address, as the public may use it.")] = ""
    email: Annotated[Word, Meta(description="Address for questions from the public.")] = ""
    telephone: Annotated[Word, Meta(description="Telephone number for the public.")] = ""
    website: Annotated[Word, Meta(description="Page that says more, if there is one.")] = ""


class PrivacyOfficer(Struct, frozen=True, forbid_unknown_fields=True):
    """Who watches over privacy, and what they advised."""

    name: Annotated[
        Word, Meta(description="Name or office of the privacy (data protection) officer.")
    ] = ""
    email: Annotated[Word, Meta(description="How the officer is reached.")] = ""
    advice: Annotated[
        Prose,
        Meta(description="What the officer advised, and where it was not followed, why not."),
    ] = ""
    advice_date: Annotated[dt.date | None, Meta(description="Day the advice was given.")] = None


class Processor(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who handles the data for the controller."""

    name: Annotated[Word, Meta(description="Name of the company or body.")] = ""
    task: Annotated[Prose, Meta(description="What it does for the controller.")] = ""
    contract: Annotated[
        Prose, Meta(description="The contract that binds it, and what it forbids.")
    ] = ""


class Aim(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that the processing is for."""

    id: Annotated[Identifier, Meta(description="Short name by which other parts refer to it.")]
    text: Annotated[
        Text,
        Meta(description="The aim in one or two plain sentences, in each language of the notice."),
    ] = {}
    evidence: Annotated[
        Prose,
        Meta(description="What shows that the problem is real: incidents, counts, reports, dates."),
    ] = ""
    success: Annotated[
        Prose, Meta(description="How it will be seen whether the aim is reached, and when.")
    ] = ""


class Legal(Struct, frozen=True, forbid_unknown_fields=True):
    """What allows the processing."""

    basis: Annotated[
        Basis,
        Meta(
            description="The lawful basis: public-task, legal-obligation, vital-interests,"
            " legitimate-interests, consent, law-enforcement, or lawful-function (Hong Kong: a"
            " purpose directly related to a function of the data user)."
        ),
    ] = ""
    law: Annotated[
        Word, Meta(description="The law and section that it rests on, as a lawyer would cite it.")
    ] = ""
    text: Annotated[
        Text, Meta(description="Why that basis fits, in plain words, in each language.")
    ] = {}


class Authorisation(Struct, frozen=True, forbid_unknown_fields=True):
    """What an outside authority allowed, where the law asks for that (French prefect, council)."""

    authority: Annotated[Word, Meta(description="The authority that allowed it.")] = ""
    reference: Annotated[Word, Meta(description="Number of its order or decision.")] = ""
    date: Annotated[dt.date | None, Meta(description="Day of the order or decision.")] = None
    ends: Annotated[dt.date | None, Meta(description="Last day that it covers.")] = None
    event: Annotated[
        Prose,
        Meta(
            description="The event or occasion that it covers, and why that is exposed to serious"
            " risk."
        ),
    ] = ""


class Processing(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done with what data."""

    description: Annotated[
        Prose,
        Meta(
            description="What happens from the camera to the screen: what is measured, what leaves"
            " the camera's process, who sees it. Nature, scope and context."
        ),
    ] = ""
    process: Annotated[
        Prose,
        Meta(
            description="In which of your own working processes the measurements are used, and how"
            " that fits what Plainview is made for."
        ),
    ] = ""
    data: Annotated[
        Prose,
        Meta(description="Kinds of data, where they come from, and that none identifies anyone."),
    ] = ""
    sensitive: Annotated[
        Prose,
        Meta(
            description="Whether places or groups could reveal sensitive things (worship, health,"
            " protest), and what is done about it."
        ),
    ] = ""
    recipients: Annotated[
        Prose,
        Meta(description="Who else gets any data, why, and under which rules; 'nobody' if nobody."),
    ] = ""
    transfers: Annotated[
        Prose, Meta(description="Whether data leave the country, and under which safeguard.")
    ] = ""
    combined: Annotated[
        Prose,
        Meta(description="Whether it is joined with other systems or data; 'no' if it is not."),
    ] = ""


class AssessedCamera(Struct, frozen=True, forbid_unknown_fields=True):
    """One camera, and the view that was assessed."""

    id: Annotated[Identifier, Meta(description="The camera's id, as in CITY.toml.")]
    site: Annotated[Word, Meta(description="The site's id, as in CITY.toml.")] = ""
    fingerprint: Annotated[
        Word,
        Meta(
            description="Digest of what the camera sees; 'plainview assessment new' fills it in."
            " When the camera is moved, the permit no longer fits."
        ),
    ] = ""
    sees: Annotated[
        Prose,
        Meta(description="What a person standing there would see: the ground, doors, paths."),
    ] = ""
    private: Annotated[
        Prose,
        Meta(
            description="Homes, gardens, worship or other private places in view, and how they are"
            " kept out of the measured area; 'none' if there are none."
        ),
    ] = ""


class AssessedCapability(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that cameras may do."""

    name: Annotated[
        Word,
        Meta(
            description="count, flow, events:density, events:crowd-movement,"
            " events:zone-intrusion, events:wrong-way, events:left-object, events:person-down,"
            " events:fire, events:weapon, view, record, release or publish."
        ),
    ]
    aims: Annotated[References, Meta(description="Ids of the aims that it serves.")] = ()
    need: Annotated[
        Prose, Meta(description="Why the aims cannot be reached without it, or with less.")
    ] = ""
    cameras: Annotated[
        References, Meta(description="Ids of the cameras that may do it; empty: all of them.")
    ] = ()
    longest: Annotated[
        Word,
        Meta(
            description="Of release alone: how much of a camera's footage one request may open at"
            " most, such as '2 h'."
        ),
    ] = ""


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """Hours of some weekdays; a window over midnight belongs to the day on which it starts."""

    days: Annotated[
        tuple[Weekday, ...],
        Meta(max_length=7, description="Days of the week: mon, tue, wed, thu, fri, sat, sun."),
    ] = ()
    since: Annotated[Word, Meta(description="Start, local time: '00:00'.")] = ""
    until: Annotated[
        Word, Meta(description="End, local time: '24:00'; '02:00' after a later start is next day.")
    ] = ""


class Period(Struct, frozen=True, forbid_unknown_fields=True):
    """From when until when, and how often."""

    begins: Annotated[dt.date | None, Meta(description="First day.")] = None
    ends: Annotated[dt.date | None, Meta(description="Last day; it still counts.")] = None
    timezone: Annotated[
        Word, Meta(description="Time zone of the days and hours, such as Asia/Hong_Kong.")
    ] = ""
    hours: Annotated[
        tuple[Window, ...],
        Meta(max_length=50, description="Hours of use; one window of all days for always."),
    ] = ()
    frequency: Annotated[
        Prose,
        Meta(description="How often it is used in that time, and why not less: always, on events."),
    ] = ""


class People(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom it affects."""

    groups: Annotated[
        tuple[Prose, ...],
        Meta(
            max_length=100,
            description="Groups who may be affected, one for each entry: passers-by, residents,"
            " staff.",
        ),
    ] = ()
    number: Annotated[Prose, Meta(description="How many people, roughly, and how often.")] = ""
    vulnerable: Annotated[
        Prose,
        Meta(description="Children, patients or others who are more easily harmed, and how so."),
    ] = ""
    expectations: Annotated[
        Prose, Meta(description="What people there expect, and whether this would surprise them.")
    ] = ""
    health: Annotated[
        Prose,
        Meta(description="Tests or reports on effects on health; 'none known' if there are none."),
    ] = ""
    disparate: Annotated[
        Prose,
        Meta(
            description="Whether it could weigh more on some groups than on others (race, religion,"
            " disability, protest), and what is done about that."
        ),
    ] = ""


class Harm(Struct, frozen=True, forbid_unknown_fields=True):
    """One specific way in which people could be harmed."""

    id: Annotated[Identifier, Meta(description="Short name by which measures refer to it.")]
    text: Annotated[
        Prose, Meta(description="Who would be harmed, how, and by what; not 'privacy risk'.")
    ] = ""
    likelihood: Annotated[Level, Meta(description="How likely it is before any measure.")] = ""
    severity: Annotated[Level, Meta(description="How bad it would be.")] = ""


class Measure(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done against harms."""

    id: Annotated[Identifier, Meta(description="Short name.")]
    text: Annotated[
        Prose, Meta(description="What is done, by whom, and how one can see that it is done.")
    ] = ""
    harms: Annotated[References, Meta(description="Ids of the harms that it acts against.")] = ()


class Alternative(Struct, frozen=True, forbid_unknown_fields=True):
    """Another way that was considered."""

    text: Annotated[
        Prose, Meta(description="What could be done instead: stewards, barriers, fewer cameras.")
    ] = ""
    why_not: Annotated[Prose, Meta(description="Why it is not enough, or is worse.")] = ""


class Necessity(Struct, frozen=True, forbid_unknown_fields=True):
    """Why this, and no more than this."""

    necessity: Annotated[
        Prose, Meta(description="Why the aims cannot be reached without the processing.")
    ] = ""
    proportionality: Annotated[
        Prose, Meta(description="Why what is gained is worth what it asks of people.")
    ] = ""
    minimisation: Annotated[
        Prose,
        Meta(description="What was left out so that no more is measured or kept than is needed."),
    ] = ""
    alternatives: Annotated[
        tuple[Alternative, ...],
        Meta(max_length=50, description="Other ways that were considered, and why not those."),
    ] = ()


class Residual(Struct, frozen=True, forbid_unknown_fields=True):
    """The risk that is left after the measures."""

    level: Annotated[Level, Meta(description="What is left, all measures taken together.")] = ""
    text: Annotated[
        Prose, Meta(description="Which risk is left, who accepts it, and why it can be accepted.")
    ] = ""
    authority: Annotated[
        Prose,
        Meta(
            description="Where the risk stays high: which authority was consulted beforehand and"
            " what it answered."
        ),
    ] = ""
    authority_date: Annotated[
        dt.date | None, Meta(description="Day the authority was consulted.")
    ] = None


class Accuracy(Struct, frozen=True, forbid_unknown_fields=True):
    """How far the measurements can be trusted."""

    tested: Annotated[
        Prose, Meta(description="How it was tested for this place, by whom, with what result.")
    ] = ""
    limits: Annotated[
        Prose,
        Meta(description="Known errors: when it counts wrongly, misses or raises false alarms."),
    ] = ""
    bias: Annotated[
        Prose,
        Meta(description="Whether errors fall more on some people, and how that was checked."),
    ] = ""


class RetentionTerms(Struct, frozen=True, forbid_unknown_fields=True):
    """How long each kind of data is kept; then it is erased."""

    readings: Annotated[
        Word, Meta(description="Measurements as they come: '24 h', '30 d', or 'none'.")
    ] = ""
    minutes: Annotated[Word, Meta(description="Sums by minute: '31 d'.")] = ""
    hours: Annotated[Word, Meta(description="Sums by hour: '365 d'.")] = ""
    events: Annotated[Word, Meta(description="Alerts and events: '30 d'.")] = ""
    footage: Annotated[
        Word, Meta(description="Sealed recordings: '72 h', or 'none' if nothing is recorded.")
    ] = ""
    access: Annotated[
        Word, Meta(description="The names behind the log of who looked at what: '365 d'.")
    ] = ""
    text: Annotated[Prose, Meta(description="Why each is kept that long, and no longer.")] = ""
    erasure: Annotated[
        Prose, Meta(description="How it is erased, and how that can be seen afterwards.")
    ] = ""


class Security(Struct, frozen=True, forbid_unknown_fields=True):
    """How the data are kept from others."""

    measures: Annotated[
        Prose, Meta(description="How cameras, network, machines and data are protected.")
    ] = ""
    access: Annotated[
        Prose, Meta(description="Who may look at what, for which purpose, and who decides that.")
    ] = ""
    breach: Annotated[
        Prose, Meta(description="What happens after a breach: who is told, and how soon.")
    ] = ""


class Oversight(Struct, frozen=True, forbid_unknown_fields=True):
    """The people who decide, and who can stop it."""

    text: Annotated[
        Prose, Meta(description="Who watches over the system while it runs, and what they can do.")
    ] = ""
    decisions: Annotated[
        Prose,
        Meta(
            description="What people decide on seeing a measurement or alert; that nothing is"
            " decided about a person by the machine alone."
        ),
    ] = ""
    automatic: Annotated[
        bool | None,
        Meta(
            description="Whether anything is decided about people without a person: true or false."
        ),
    ] = None
    training: Annotated[
        Prose, Meta(description="What those who use it are taught, by whom, and how often.")
    ] = ""
    response: Annotated[
        Prose,
        Meta(description="What is done when a harm happens: who stops it, who is told, who mends."),
    ] = ""
    audit: Annotated[
        Prose, Meta(description="Who checks that all this is kept to, how often, and who reads it.")
    ] = ""


class Notice(Struct, frozen=True, forbid_unknown_fields=True):
    """How people are told before they enter the view."""

    date: Annotated[
        dt.date | None, Meta(description="Day from which the notice can be read by everybody.")
    ] = None
    text: Annotated[
        Text,
        Meta(
            description="The notice itself, in each language: who, why, on what basis, how long,"
            " whom to ask."
        ),
    ] = {}
    where: Annotated[
        Prose, Meta(description="Where the signs stand, so that nobody is measured unawares.")
    ] = ""
    policy: Annotated[
        Prose, Meta(description="Where the full assessment and policy can be read.")
    ] = ""


class Rights(Struct, frozen=True, forbid_unknown_fields=True):
    """What people may ask for."""

    text: Annotated[
        Prose,
        Meta(
            description="How people can see, correct, erase or object to data about them, and what"
            " is true here: there are none that name anyone, but for sealed recordings."
        ),
    ] = ""
    days: Annotated[
        Days | None,
        Meta(description="Days in which a request is answered."),
    ] = None


class Complaints(Struct, frozen=True, forbid_unknown_fields=True):
    """How to complain, and to whom."""

    text: Annotated[
        Text, Meta(description="How to complain, in each language: to whom, and what happens then.")
    ] = {}
    contact: Annotated[Word, Meta(description="Address to which a complaint goes.")] = ""
    authority: Annotated[
        Word, Meta(description="The outside authority to which one may turn as well.")
    ] = ""
    days: Annotated[Days | None, Meta(description="Days in which a complaint is answered.")] = None


class Consultation(Struct, frozen=True, forbid_unknown_fields=True):
    """Who was asked before, and what came of it."""

    asked: Annotated[
        Prose,
        Meta(
            description="Who was asked (people affected, residents, staff, experts), when and how;"
            " or why they were not asked."
        ),
    ] = ""
    outcome: Annotated[
        Prose, Meta(description="What they said, and what was changed because of it.")
    ] = ""
    begins: Annotated[
        dt.date | None, Meta(description="First day on which the public could comment.")
    ] = None
    ends: Annotated[
        dt.date | None, Meta(description="Last day on which the public could comment.")
    ] = None


class Approver(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to approve; the approval itself is an act, and stands in the ledger."""

    role: Annotated[
        Role, Meta(description="controller or privacy-officer: one of each must approve.")
    ]
    name: Annotated[Word, Meta(description="The person's name; two roles, two people.")] = ""


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

        A field that came later, `capabilities.longest`, is left out where it says nothing, so that
        what was approved before keeps its digest.
        """
        data = msgspec.to_builtins(self)
        for capability in data["capabilities"]:
            if not capability["longest"]:
                del capability["longest"]
        return _encoder.encode(data)

    def digest(self) -> str:
        """SHA-256 of `encoded`, hex: the name under which it is kept and approved."""
        return hashlib.sha256(self.encoded()).hexdigest()


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Assessment)


def decode_assessment(data: bytes) -> Assessment:
    """The assessment whose `encoded` form is `data`. Raises msgspec.DecodeError."""
    return _decoder.decode(data)


def say(text: Text, language: str, fallback: str = "en") -> str:
    """`text` in `language`, or the nearest there is; empty if there is none at all."""
    for wanted in (language, language.partition("-")[0], fallback):
        if text.get(wanted):
            return text[wanted]
    return next((said for said in text.values() if said), "")


def load_assessment(path: Path) -> Assessment:
    """The assessment in the file `path`: YAML where its name ends so, otherwise TOML.

    Raises ConfigError, BoundaryError or InputError: one line with file, line and key.
    """
    return _from_document(read_either(path, MAX_BYTES))


def parse_assessment(text: str, name: str) -> Assessment:
    """The assessment in `text`, which is shown as `name` where it is wrong.

    It is YAML where `name` ends so, otherwise TOML. Raises as `load_assessment`.
    """
    path = Path(name)
    if len(text) > MAX_BYTES:
        raise ConfigError(
            f"larger than {MAX_BYTES // 1_000_000} MB: this is not an assessment",
            where=name,
            mend="Shorten it",
        )
    if path.suffix.lower() in SUFFIXES:
        return _from_document(YamlDocument(path, text))
    return _from_document(Document(path, text))


def _from_document(document: Document) -> Assessment:
    data = _without_empty_dates(document.data, inspect.type_info(Assessment))
    assessment = convert(document, data, Assessment, (), guide=GUIDE)
    for k, capability in enumerate(assessment.capabilities):
        check_capability(capability.name, document.where(("capabilities", k, "name")))
    return assessment


def _without_empty_dates(data: object, kind: inspect.Type) -> object:
    """`data` without the empty texts that a draft has where a date or number is to stand."""
    for option in options(kind):
        if isinstance(data, dict) and isinstance(option, inspect.StructType):
            fields = {field.encode_name: field.type for field in option.fields}
            return {
                key: _without_empty_dates(value, fields.get(key, inspect.AnyType()))
                for key, value in data.items()
                if value != "" or not _may_be_left_out(fields.get(key, inspect.AnyType()))
            }
        if isinstance(data, list) and isinstance(option, inspect.VarTupleType):
            return [_without_empty_dates(value, option.item_type) for value in data]
    return data


def _may_be_left_out(kind: inspect.Type) -> bool:
    return any(isinstance(option, inspect.NoneType) for option in options(kind))
