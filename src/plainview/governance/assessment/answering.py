"""Who answers for the processing, what it is for, and what allows it."""

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct

from plainview.governance.assessment.words import Basis, Capacity, Identifier, Prose, Text, Word


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
