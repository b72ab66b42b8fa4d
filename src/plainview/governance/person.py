"""Who decides: a name and a role. Never written anywhere but as a commitment."""

import enum
import unicodedata
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


def same_name(one: str, other: str) -> bool:
    """Whether two names read the same: case, width, spaces and invisible signs tell nobody apart.

    Unicode NFKC with case folding. Letters of another alphabet that look alike stay different.
    """
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    # Twice: folding can undo the normal form (Unicode 3.13, D145).
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(sign for sign in folded if unicodedata.category(sign) not in {"Cf", "Cc"})
    return " ".join(seen.split())


class Person(Struct, frozen=True):
    """Somebody who acts, in one role."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    """A stable name: an OIDC subject, or what an officer enrolled as."""
    role: Role
