"""`program` of CITY.toml: where everyone gets this program, with its source."""

from urllib.parse import urlsplit

from plainview.document.toml import Document
from plainview.errors import ConfigError


def program_from(document: Document, address: str | None) -> str:
    """`address` as a page may link to it; empty for none.

    Raises ConfigError for what is no https:// or http:// address, or names a password.
    """
    if address is None:
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.username is None else None
        plain = parts.scheme in {"https", "http"} and parts.port != 0
    except ValueError:
        host, plain = None, False
    if not (host and plain and address.isascii() and address.isprintable() and " " not in address):
        raise ConfigError(
            "this is no address at which everyone can get the program",
            where=document.where(("program",)),
            mend='Write it as "https://code.example/plainview", without a name or password',
        )
    return address
