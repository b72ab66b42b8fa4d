"""What a camera sees, as one digest: a permit binds it, so that a changed view has no permit."""

import hashlib
import re

import msgspec

from plainview.geometry import View

_encoder = msgspec.json.Encoder(order="sorted")
_ADDRESS = re.compile(r"([^:/?#]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?", re.DOTALL)
"""Scheme, authority, path, query: RFC 3986 appendix B, and what FFmpeg takes them for."""
_SECRET = re.compile(
    r"user|usr|login|account|pass|pwd|pw|key|token|auth|secret|sign?|sess|sid|jwt|nonce|expire|credential",
    re.IGNORECASE,
)
"""Names in a query whose value says who asks, not which camera is asked for."""


def fingerprint(source: str, view: View) -> str:
    """SHA-256, in hex, of where a camera's picture comes from and how it sees the ground.

    It changes when the source (without credentials), the calibration, the measured area, the cell,
    a line, a zone or a network of the site's own does. The id is left out: the permit names it
    beside the fingerprint.
    """
    seen = msgspec.to_builtins(view)
    # Without any, as it was before there were any: the permits of then stay good.
    networks = seen.pop("networks")
    if networks:
        # Its digest says which it is, wherever its file lies.
        seen["networks"] = [{**one, "path": ""} for one in networks]
    text = _encoder.encode(["plainview.view/v1", bare_source(source), seen])
    return hashlib.sha256(text).hexdigest()


def bare_source(source: str) -> str:
    """`source` without user and password: a changed password is not a changed camera.

    What of a query may be a credential goes too, and the rest stays: many recorders serve all their
    cameras under one path and tell them apart by `?channel=2`.
    """
    address = _ADDRESS.match(source)
    if not address:
        return source
    scheme, authority, path, query = address.groups()
    if scheme.lower() == "file":
        # A file's name holds no credentials, and '@', '?' and '#' are letters in it.
        return source
    kept = [
        part
        for part in (query or "").split("&")
        if part and not _SECRET.search(part.partition("=")[0])
    ]
    asked = f"?{'&'.join(kept)}" if kept else ""
    return f"{scheme.lower()}://{authority.rpartition('@')[2]}{path}{asked}"
