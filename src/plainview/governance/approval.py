"""One person's approval of one assessment, as a signed note that is kept beside it.

Who approves with a key of their own signs it themselves. For who approved on a page after signing
in, the authority signs, and the note says so.
"""

from typing import Final

import msgspec
from msgspec import Struct

from plainview.governance.person import Role
from plainview.ledger.note import Signer, sign_note

HEADER: Final = "plainview.approval/v1"

BY_KEY: Final = "key"
BY_SESSION: Final = "session"
BY_DEMONSTRATION: Final = "demonstration"


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed."""

    assessment: str
    """Digest of the assessment, exactly as it was read."""
    named: str
    """`ASSESSMENT@REVISION`."""
    role: Role
    who: str
    """Salted commitment to the name, as in the ledger's entry."""
    how: str
    """`key`, `session` or `demonstration`."""
    t: int
    """UTC milliseconds."""


_encoder = msgspec.json.Encoder(order="sorted")


def sign_approval(statement: Statement, signer: Signer) -> str:
    """The signed note of `statement`."""
    return sign_note(f"{HEADER}\n{_encoder.encode(statement).decode()}\n", signer)
