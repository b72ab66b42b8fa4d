"""One POST over HTTP, to the configured address and no other."""

from collections.abc import Mapping
from typing import Final

import httpx

from plainview.alerts.delivery.route import Refused, Route
from plainview.alerts.delivery.senders import reason, tls
from plainview.errors import DeliveryFailed

SECONDS: Final = 10.0
"""Of one try."""
_CHUNK, _CHUNKS = 4096, 16
"""Bytes of an answer that are read and thrown away at most: 64 KiB."""
_OURS: Final = frozenset({400, 409, 413, 415, 422, 500})
"""Answers that are, or may be, about the message alone, not about the address or the other side's
state: 409 says that its key is known, and 500 comes time and again of what cannot be read there."""


class Poster:
    """Owns the connections to one address. Follows no redirection, asks no proxy."""

    def __init__(self, route: Route) -> None:
        """Connect at the first `post`. Raises DeliveryFailed for certificates of no use."""
        self._address = route.address
        # What answers from where we were not told to go is not trusted: a redirection is a failure.
        self._client = httpx.Client(
            verify=tls(route), follow_redirects=False, trust_env=False, timeout=SECONDS
        )

    def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Post `body`. Returns when it was taken (any 2xx); raises DeliveryFailed or Refused."""
        try:
            with self._client.stream(
                "POST", self._address, content=body, headers=dict(headers)
            ) as answer:
                status = answer.status_code
                # Read to its end, and no further than this, so that the connection can go on.
                for _ in zip(answer.iter_raw(_CHUNK), range(_CHUNKS), strict=False):
                    pass
        except httpx.TimeoutException as error:
            raise DeliveryFailed(
                f"no answer within {SECONDS:g} s",
                where=self._address,
                mend="See whether that server runs and can be reached from here",
            ) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise DeliveryFailed(
                f"cannot be reached ({reason(error)})",
                where=self._address,
                mend="See whether that server runs and can be reached from here",
            ) from error
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise DeliveryFailed(
                f"it answers {status}, and no redirection is followed",
                where=self._address,
                mend="Write the address that it leads to into CITY.toml",
            )
        failure = Refused if status in _OURS else DeliveryFailed
        raise failure(
            f"it answers {status} {httpx.codes.get_reason_phrase(status)}".rstrip(),
            where=self._address,
            mend="See that server's log; the secret and the path are the usual reasons",
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
