"""What a camera sees, as one digest: a permit binds it, so that a changed view has no permit."""

import hashlib

import msgspec

from plainview.geometry import View

_encoder = msgspec.json.Encoder(order="sorted")


def fingerprint(source: str, view: View) -> str:
    """SHA-256, in hex, of where a camera's picture comes from and how it sees the ground.

    It changes when the source (without credentials), the calibration, the measured area, the cell,
    a line or a zone does. The id is left out: the permit names it beside the fingerprint.
    """
    text = _encoder.encode(["plainview.view/v1", bare_source(source), view])
    return hashlib.sha256(text).hexdigest()


def bare_source(source: str) -> str:
    """`source` without user, password and query: a changed password is not a changed camera."""
    scheme, colon, rest = source.partition("://")
    if not colon:
        return source
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
