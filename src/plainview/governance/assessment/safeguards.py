"""Who decides and can stop it, how people are told, and what they may ask for."""

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct

from plainview.governance.assessment.words import Days, Prose, Text, Word
from plainview.governance.person import Role


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
    name: Annotated[
        Word,
        Meta(
            description="The person's name, as they were enrolled or sign in; two roles, two"
            " people. Nobody else can approve in that role."
        ),
    ] = ""
    account: Annotated[
        Word,
        Meta(
            description="Only where the city's sign-in service knows them by something else than"
            " that name, such as a number: that, exactly. It is public like every answer."
        ),
    ] = ""

    @property
    def signs_as(self) -> str:
        """By what Plainview knows whoever acts as this person (`Person.name`)."""
        return self.account or self.name
