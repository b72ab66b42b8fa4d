"""Sign-in with an OpenID Connect provider: authorisation code flow with PKCE, state and nonce.

OpenID Connect Core 1.0 section 3.1, RFC 7636 (S256), RFC 9207 (`iss` in the answer). The provider
is believed in nothing that was not checked: what it says is bounded in size and time, comes over
TLS (or from this machine), and its ID token is verified with the keys at its own issuer.
"""

import asyncio
import base64
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec
from authlib.oauth2.rfc6749.parameters import (  # type: ignore[import-untyped]
    prepare_grant_uri,
)
from authlib.oauth2.rfc7636 import (  # type: ignore[import-untyped]
    create_s256_code_challenge,
)
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from plainview.clock import Clock
from plainview.errors import UNDECODED, AccessRefused
from plainview.governance.person import Person
from plainview.web.access.agreement import Identity, OidcSettings, ProviderError

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
)
"""Signatures that are accepted: with a public key only, so `none` and HMAC never."""
PENDING: Final = 600.0
"""Seconds that a person has to sign in at the provider."""
LEEWAY: Final = 60.0
"""Seconds by which two clocks may differ."""
_MOST_PENDING: Final = 1000
_MAX_BYTES: Final = 1_000_000
PATIENCE: Final = 10.0
_FRESH: Final = 600.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class _Pending(Struct, frozen=True):
    browser: str
    nonce: str
    verifier: str
    then: str
    began: float


class Oidc:
    """Sign-ins under way, and what is known of the provider. For one event loop."""

    def __init__(
        self,
        settings: OidcSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Nothing is asked of the provider before somebody signs in."""
        self.patience = PATIENCE
        """Seconds for one question to the provider, however slowly it answers."""
        self._settings, self._clock, self._transport = settings, clock, transport
        self._pending: OrderedDict[str, _Pending] = OrderedDict()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def begin(self, browser: str, then: str) -> str:
        """The provider's address at which the person signs in; afterwards they come back.

        Only `browser` (a secret of its cookie) can then finish. Raises ProviderError.
        """
        metadata = await self._about()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        now = self._clock.monotonic()
        self._pending[state] = _Pending(_hash(browser), nonce, verifier, then, now)
        while len(self._pending) > _MOST_PENDING or self._stale(now):
            self._pending.popitem(last=False)
        return str(
            prepare_grant_uri(
                metadata["authorization_endpoint"],
                client_id=self._settings.client_id,
                response_type="code",
                redirect_uri=self._settings.redirect_uri,
                scope=list(self._settings.scopes),
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        )

    async def finish(self, browser: str, answer: Mapping[str, str]) -> Identity:
        """Who has signed in, from the parameters with which they came back.

        Raises AccessRefused for a sign-in that was not begun here, is over, or gives no role;
        ProviderError for a provider that fails or lies.
        """
        pending = self._pending.pop(answer.get("state", ""), None)
        again = "Begin again at /login"
        if (
            pending is None
            or self._clock.monotonic() - pending.began > PENDING
            or not secrets.compare_digest(pending.browser, _hash(browser))
        ):
            raise AccessRefused(
                "this sign-in was not begun in this browser, is over, or was used before",
                mend=again,
            )
        if "error" in answer or not answer.get("code"):
            raise AccessRefused("the sign-in service let nobody in", mend=again)
        metadata = await self._about()
        issued_by = answer.get("iss")
        named = metadata.get("authorization_response_iss_parameter_supported") is True
        if (issued_by is not None or named) and issued_by != self._settings.issuer:
            raise ProviderError("another service than ours answered the sign-in", mend=again)
        tokens = await self._exchange(metadata, answer["code"], pending.verifier)
        claims = await self._verified(metadata, tokens, pending.nonce)
        claims = await self._with_roles(metadata, tokens, claims)
        return self._identity(claims, pending.then)

    async def end_session(self, back: str) -> str:
        """Where the person can sign out of the provider too; empty if it offers nothing."""
        try:
            endpoint = (await self._about()).get("end_session_endpoint")
            _check_address(endpoint, "end_session_endpoint")
        except ProviderError:
            return ""
        query = urlencode({"client_id": self._settings.client_id, "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if '?' in str(endpoint) else '?'}{query}"

    @property
    def issuer(self) -> str:
        """The provider."""
        return self._settings.issuer

    def _stale(self, now: float) -> bool:
        oldest = next(iter(self._pending.values()), None)
        return oldest is not None and now - oldest.began > PENDING

    async def _about(self) -> dict[str, Any]:
        """The provider's metadata, at most ten minutes old."""
        now = self._clock.monotonic()
        if self._metadata is not None and now - self._metadata[0] < _FRESH:
            return self._metadata[1]
        issuer = self._settings.issuer
        _check_address(issuer, "issuer")
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        metadata = await self._ask("GET", url)
        if metadata.get("issuer") != issuer:
            raise ProviderError(
                "the sign-in service says that it is another one",
                where="issuer",
                mend="Have the administrator compare [access.oidc] issuer with the service's own",
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _check_address(metadata.get(name), name)
        self._metadata = (now, metadata)
        return metadata

    async def _exchange(self, metadata: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
        settings = self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if settings.client_secret and "client_secret_basic" in methods:
            # RFC 6749 section 2.3.1: each half is form-encoded first.
            pair = f"{quote(settings.client_id, '')}:{quote(settings.client_secret, '')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = settings.client_id
            if settings.client_secret:
                form["client_secret"] = settings.client_secret
        return await self._ask("POST", metadata["token_endpoint"], form=form, headers=headers)

    async def _verified(
        self, metadata: dict[str, Any], tokens: dict[str, Any], nonce: str
    ) -> dict[str, Any]:
        """The ID token's claims (Core 1.0 section 3.1.3.7). Raises ProviderError."""
        settings = self._settings
        offered = metadata.get("id_token_signing_alg_values_supported", list(ALGORITHMS))
        algorithms = [name for name in ALGORITHMS if name in offered]
        raw = tokens.get("id_token")
        lie = ProviderError("the sign-in service's word could not be verified", mend="Begin again")
        if not isinstance(raw, str) or len(raw) > 65_536 or not algorithms:
            raise lie
        try:
            keys = await self._key_set(metadata["jwks_uri"])
            try:
                token = jwt.decode(raw, keys, algorithms=algorithms)
            except (JoseError, ValueError):
                # The provider may have changed its keys since.
                fresh = await self._key_set(metadata["jwks_uri"], anew=True)
                if fresh is keys:
                    raise
                token = jwt.decode(raw, fresh, algorithms=algorithms)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": settings.issuer},
                    "sub": {"essential": True},
                    "aud": {"essential": True, "value": settings.client_id},
                    "nonce": {"essential": True, "value": nonce},
                },
                {
                    "nonce": nonce,
                    "client_id": settings.client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            now = self._clock.utc()
            claims.validate(now=int(now), leeway=int(LEEWAY))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise lie from error
        issued = claims.get("iat")
        if not isinstance(issued, int | float) or abs(now - issued) > PENDING + LEEWAY:
            raise lie
        return dict(claims)

    async def _key_set(self, url: str, *, anew: bool = False) -> KeySet:
        """The provider's public keys; asked for again at most once a minute."""
        now = self._clock.monotonic()
        if self._keys is not None and now - self._keys[0] < (LEEWAY if anew else _FRESH):
            return self._keys[1]
        data = await self._ask("GET", url)
        keys = [key for key in data.get("keys", []) if isinstance(key, dict)]
        public = [key for key in keys if key.get("kty") in {"RSA", "EC"} and "d" not in key]
        found = KeySet.import_key_set({"keys": public})
        self._keys = (now, found)
        return found

    async def _with_roles(
        self, metadata: dict[str, Any], tokens: dict[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        """`claims`, and those of the userinfo endpoint where the ID token names no role."""
        endpoint = metadata.get("userinfo_endpoint")
        access = tokens.get("access_token")
        if _claim(claims, self._settings.role_claim) is not None or not endpoint:
            return claims
        _check_address(endpoint, "userinfo_endpoint")
        more = await self._ask("GET", endpoint, headers={"authorization": f"Bearer {access}"})
        if more.get("sub") != claims["sub"]:
            raise ProviderError(
                "the sign-in service spoke about somebody else", mend="Begin again at /login"
            )
        return {**more, **claims}

    def _identity(self, claims: dict[str, Any], then: str) -> Identity:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 200 or not subject.isprintable():
            raise ProviderError("the sign-in service names nobody whom we could tell apart")
        said = _claim(claims, self._settings.role_claim)
        held = said if isinstance(said, list) else [said]
        role = next((role for value, role in self._settings.roles if value in held), None)
        if role is None:
            raise AccessRefused(
                "you are known to the sign-in service, but it gives you no role here",
                mend="Ask your administrator to give you one",
            )
        names = (claims.get(key) for key in ("name", "preferred_username", "email"))
        shown = next((name for name in names if isinstance(name, str) and name.strip()), subject)
        shown = "".join(sign for sign in shown if sign.isprintable())[:100]
        return Identity(Person(subject, role), shown or subject, then)

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """The JSON object at `url`. Raises ProviderError; never shows what was sent."""
        try:
            async with (
                asyncio.timeout(self.patience),
                httpx.AsyncClient(
                    transport=self._transport,
                    timeout=self.patience,
                    follow_redirects=False,
                    trust_env=False,
                ) as client,
                client.stream(
                    method,
                    url,
                    data=form,
                    headers={"accept": "application/json", **(headers or {})},
                ) as answer,
            ):
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > _MAX_BYTES:
                        raise ProviderError("the sign-in service says too much")
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise ProviderError(
                "the sign-in service does not answer", mend="Try again in some minutes"
            ) from error
        if status != httpx.codes.OK:
            raise ProviderError(
                f"the sign-in service refused (status {status})", mend="Begin again at /login"
            )
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except UNDECODED as error:
            raise ProviderError("the sign-in service does not speak OpenID Connect") from error


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _claim(claims: Mapping[str, Any], path: str) -> object:
    """The claim at `path`: by that very name (it may be an address), else along its dots."""
    if path in claims:
        return claims[path]
    value: object = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _check_address(url: object, name: str) -> None:
    """Raise ProviderError for an address that is neither https nor on this machine."""
    parts = None
    if isinstance(url, str) and url.isascii() and url.isprintable():
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = None
    fine = parts is not None and (
        (parts.scheme == "https" and bool(parts.hostname))
        or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )
    if not fine:
        raise ProviderError(
            "the sign-in service gives an address that is not https",
            where=name,
            mend="Tell the administrator",
        )
