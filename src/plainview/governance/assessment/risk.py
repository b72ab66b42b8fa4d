"""Whom it affects and could harm, what is done against that, and why no less would do."""

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct

from plainview.governance.assessment.words import Identifier, Level, Prose, References


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
