"""Signed webhooks, as Standard Webhooks 1.0 describes them (HMAC-SHA256, `webhook-*` headers)."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from typing import Final

import msgspec

from plainview.alerts.delivery.notice import Notice
from plainview.alerts.delivery.route import Route
from plainview.alerts.delivery.senders.http import Poster
from plainview.clock import Clock
from plainview.errors import DeliveryFailed

PREFIX: Final = "whsec_"
LEAST_KEY: Final = 24
MOST_KEY: Final = 64
"""Bytes of a signing key."""
TYPE: Final = "plainview.alert"
_encode = msgspec.json.Encoder().encode


class Message(msgspec.Struct, frozen=True):
    """The body."""

    type: str
    timestamp: dt.datetime
    """When what it is about happened."""
    data: Notice


class WebhookSender:
    """Owns the connection to one receiver."""

    def __init__(self, route: Route, clock: Clock) -> None:
        """Connect at the first notice. Raises DeliveryFailed for certificates of no use."""
        self._route, self._clock = route, clock
        self._poster = Poster(route)

    def send(self, notice: Notice) -> None:
        """Post `notice`, signed for now: a receiver refuses one whose time is minutes away.

        `webhook-id` is the idempotency key and the same in every try. Raises DeliveryFailed or
        Refused.
        """
        body = content(notice)
        stamp = str(int(self._clock.utc()))
        headers = {
            "content-type": "application/json",
            "webhook-id": notice.key,
            "webhook-timestamp": stamp,
        }
        if self._route.secret is not None:
            key = signing_key(self._route.secret.read())
            headers["webhook-signature"] = signature(key, notice.key, stamp, body)
        self._poster.post(body, headers)

    def tend(self, _told: object) -> None:
        """One that is asked for nothing says nothing."""

    def close(self) -> None:
        """Close the connection."""
        self._poster.close()


def content(notice: Notice) -> bytes:
    """The body about `notice`: the same bytes in every try."""
    at = dt.datetime.fromtimestamp(notice.updated_at, tz=dt.UTC)
    return _encode(Message(TYPE, at, notice))


def signature(key: bytes, name: str, stamp: str, body: bytes) -> str:
    """What `webhook-signature` holds: version 1, HMAC-SHA256 over id, time and body."""
    signed = b".".join((name.encode(), stamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def signing_key(secret: str) -> bytes:
    """The key in `secret`, which is base64, with `whsec_` before it or not.

    Raises DeliveryFailed where it is none of 24 to 64 bytes.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not LEAST_KEY <= len(key) <= MOST_KEY:
        raise DeliveryFailed(
            "the secret is no signing key",
            where="webhook",
            mend=f"Write {PREFIX} and then {LEAST_KEY} to {MOST_KEY} random bytes in base64",
        )
    return key
