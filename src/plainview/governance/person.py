"""Who decides: a name and a role. Never written anywhere but as a commitment."""

import enum
from typing import Annotated

from msgspec import Meta, Struct


class Role(enum.StrEnum):
    """What a person may be here. What each may do stands in the access policy."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    PRIVACY_OFFICER = "privacy-officer"
    COMMISSIONER = "commissioner"
    """Read-only oversight."""
    ADMINISTRATOR = "administrator"
    CONTROLLER = "controller"
    """Answers for the processing in law; approves assessments together with the privacy officer."""


APPROVERS = (Role.CONTROLLER, Role.PRIVACY_OFFICER)
"""Both must approve an assessment, and they must be two people."""
RESUMERS = (Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.ADMINISTRATOR, Role.CONTROLLER)
"""Two people, each in one of these roles, must agree before what was stopped starts again."""


class Person(Struct, frozen=True):
    """Somebody who acts, in one role."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    """A stable name: an OIDC subject, or what an officer enrolled as."""
    role: Role
