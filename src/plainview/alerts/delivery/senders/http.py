"""One POST over HTTP, to the configured address and no other."""

import contextlib
import threading
from collections.abc import Mapping
from typing import Final

import httpx

from plainview.alerts.delivery.route import Refused, Route
from plainview.alerts.delivery.senders import tls, unreached
from plainview.errors import DeliveryFailed

SECONDS: Final = 10.0
"""Of each wait within one try."""
LONGEST: Final = 30.0
"""Seconds of one try."""
_CHUNK, _CHUNKS = 4096, 16
"""Bytes of an answer that are read and thrown away at most: 64 KiB."""
_OURS: Final = frozenset({400, 409, 413, 415, 422, 500})
"""Answers that are, or may be, about the message alone, not about the address or the other side's
state: 409 says that its key is known, and 500 comes time and again of what cannot be read there."""
_REACH: Final = "See whether that server runs and can be reached from here"
_HTTPS: Final = "See whether it is a web server, and whether it wants https there"
_SECRET: Final = "Check the secret of the route, and that server's log"  # noqa: S105 - words
_PATH: Final = "Check the path of the address, and that server's log"
_MEND: Final = {401: _SECRET, 403: _SECRET, 404: _PATH, 405: _PATH, 410: _PATH}
"""By the answer, where it tells."""


class Poster:
    """Owns the connections to one address. Follows no redirection, asks no proxy."""

    def __init__(self, route: Route) -> None:
        """Connect at the first `post`. Raises DeliveryFailed for certificates of no use."""
        self._address, self._tls = route.address, tls(route)
        self._client = self._made()

    def _made(self) -> httpx.Client:
        # What answers from where we were not told to go is not trusted: a redirection is a failure.
        return httpx.Client(
            verify=self._tls, follow_redirects=False, trust_env=False, timeout=SECONDS
        )

    def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Post `body`. Returns when it was taken (any 2xx); raises DeliveryFailed or Refused."""
        if self._client.is_closed:
            self._client = self._made()
        # Who sends a byte now and then is never too late for any one of them.
        late = threading.Timer(LONGEST, self._client.close)
        late.daemon = True
        late.start()
        try:
            status = self._status(body, headers)
        except httpx.TimeoutException as error:
            raise DeliveryFailed(
                f"no answer within {SECONDS:g} s", where=self._address, mend=_REACH
            ) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            # What breaks off as we leave is told by a system as a fault of our own.
            if self._client.is_closed:
                raise DeliveryFailed(
                    f"no answer within {LONGEST:g} s", where=self._address, mend=_REACH
                ) from error
            spoken = isinstance(error, httpx.ProtocolError) and self._address.startswith("http:")
            raise unreached(error, self._address, _HTTPS if spoken else _REACH) from error
        finally:
            late.cancel()
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
            mend=_MEND.get(status, "See that server's log"),
        )

    def _status(self, body: bytes, headers: Mapping[str, str]) -> int:
        with self._client.stream(
            "POST", self._address, content=body, headers=dict(headers)
        ) as answer:
            # Read to its end, and no further than this, so that the connection can go on. What it
            # says is nothing to us: it has answered.
            with contextlib.suppress(httpx.HTTPError, httpx.StreamError):
                for _ in zip(answer.iter_raw(_CHUNK), range(_CHUNKS), strict=False):
                    pass
            return answer.status_code

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
