"""What is agreed with a sign-in service, and what it can say."""

from msgspec import Struct

from plainview.errors import AccessRefused
from plainview.governance.person import Person, Role


class OidcSettings(Struct, frozen=True):
    """What is agreed with the provider."""

    issuer: str
    client_id: str
    redirect_uri: str
    """`.../login/callback` at the pages' own address."""
    roles: tuple[tuple[str, Role], ...]
    """Values of the claim and the role that each gives; the first that a person has counts."""
    client_secret: str = ""
    """Empty: a public client, which PKCE protects."""
    role_claim: str = "groups"
    """Name of the claim; dots lead into objects (`realm_access.roles`)."""
    scopes: tuple[str, ...] = ("openid", "profile")

    def __repr__(self) -> str:
        """Without the secret: this may be logged."""
        return f"OidcSettings(issuer={self.issuer!r}, client_id={self.client_id!r})"


class ProviderError(AccessRefused):
    """The provider does not answer, or not as it must."""


class Identity(Struct, frozen=True):
    """Whom the provider vouches for."""

    person: Person
    shown: str
    then: str
    """Path to go on to."""
