"""What is done: with what data, by which cameras, when, how well, and for how long it is kept."""

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct

from plainview.governance.assessment.words import Identifier, Prose, References, Weekday, Word


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
