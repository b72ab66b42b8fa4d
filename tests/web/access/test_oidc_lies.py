"""Sign-in against a provider that lies, drips, pours or is down: nobody gets in."""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from plainview.clock import Clock, ManualClock
from plainview.errors import AccessRefused
from plainview.governance.person import Person, Role
from plainview.web.access.agreement import Identity, OidcSettings, ProviderError
from plainview.web.access.oidc import PENDING, Oidc

SECRET = "a secret of the tests: 1 + 1 / 2"  # noqa: S105 - of no real provider
ROLES = (("crowd-commissioners", Role.COMMISSIONER), ("crowd-operators", Role.OPERATOR))


def settings(issuer: str, url: str) -> OidcSettings:
    """What is agreed with it."""
    return OidcSettings(
        issuer=issuer,
        client_id="plainview",
        redirect_uri=f"{url}/login/callback",
        roles=ROLES,
        client_secret=SECRET,
    )


ISSUER = "https://login.example"
KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
OTHER = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
ANY_ALGORITHM = ["RS256", "HS256", "none"]


class Liar:
    """A provider whose every word a test can change. Answers over httpx's own transport."""

    def __init__(self, clock: Clock) -> None:
        """Honest."""
        self.clock = clock
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "userinfo_endpoint": f"{ISSUER}/me",
        }
        self.keys: list[dict[str, Any]] = [dict(KEY.as_dict(private=False))]
        self.claims: dict[str, Any] = {}
        self.without: set[str] = set()
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.key: Any = KEY
        self.raw: Callable[[str], str] = lambda token: token
        self.tokens: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.answers: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.asked: list[httpx.Request] = []
        self.nonce = ""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """The answer to `request`."""
        self.asked.append(request)
        path = request.url.path
        if path in self.answers:
            return self.answers[path](request)
        bodies: dict[str, Callable[[], object]] = {
            "/.well-known/openid-configuration": lambda: self.metadata,
            "/keys": lambda: {"keys": self.keys},
            "/me": lambda: self.userinfo,
            "/token": lambda: {
                "access_token": "at",
                "token_type": "Bearer",
                "id_token": self.token(),
                **self.tokens,
            },
        }
        return httpx.Response(200, json=bodies[path]())

    def token(self) -> str:
        """The ID token of this sign-in."""
        now = int(self.clock.utc())
        claims = {
            "iss": ISSUER,
            "sub": "kim",
            "aud": "plainview",
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
            "groups": ["crowd-operators"],
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if name not in self.without}
        if self.header["alg"] == "none":
            parts = (json.dumps(part).encode() for part in (self.header, claims))
            coded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
            return self.raw(".".join([*coded, ""]))
        return self.raw(jwt.encode(dict(self.header), claims, self.key, algorithms=ANY_ALGORITHM))


@pytest.fixture
def liar(clock: ManualClock) -> Liar:
    """Honest until a test says otherwise."""
    return Liar(clock)


@pytest.fixture
def oidc(liar: Liar, clock: ManualClock) -> Oidc:
    """Sign-in with it."""
    found = Oidc(settings(ISSUER, "https://crowd.example"), clock, httpx.MockTransport(liar))
    found.patience = 0.3
    return found


def sign_in(oidc: Oidc, liar: Liar, **answer: str) -> Identity:
    """One sign-in from begin to end; `answer` changes what comes back."""

    async def both() -> Identity:
        url = await oidc.begin("browser", "/sites/plaza")
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        liar.nonce = query["nonce"]
        given = {"state": query["state"], "code": "c", **answer}
        return await oidc.finish("browser", {k: v for k, v in given.items() if v})

    return asyncio.run(both())


def test_an_honest_provider_is_believed(oidc: Oidc, liar: Liar) -> None:
    """Person, role and where to go on; the secret goes to the token endpoint alone."""
    found = sign_in(oidc, liar)
    assert found == Identity(Person("kim", Role.OPERATOR), "kim", "/sites/plaza")
    with_secret = [r for r in liar.asked if "authorization" in r.headers]
    assert [r.url.path for r in with_secret] == ["/token"]
    form = parse_qs(with_secret[0].content.decode())
    assert "client_secret" not in form
    assert len(form["code_verifier"][0]) >= 43


@pytest.mark.parametrize(
    ("claims", "without"),
    [
        ({"iss": "https://evil.example"}, ()),
        ({"iss": ISSUER + "/"}, ()),
        ({"aud": "another"}, ()),
        ({"aud": ["another"]}, ()),
        ({"aud": ["plainview", "another"]}, ()),
        ({"aud": ["plainview", "another"], "azp": "another"}, ()),
        ({"azp": "another"}, ()),
        ({"exp": 0}, ()),
        ({"exp": "soon"}, ()),
        ({"iat": 9_000_000_000}, ()),
        ({"iat": 1}, ()),
        ({"iat": "now"}, ()),
        ({"nbf": 9_000_000_000}, ()),
        ({"nonce": "another"}, ()),
        ({"nonce": ["another"]}, ()),
        ({"sub": ""}, ()),
        ({"sub": 7}, ()),
        ({"sub": "x" * 201}, ()),
        ({"sub": "kim\n"}, ()),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, ()),
        ({}, ("iss",)),
        ({}, ("sub",)),
        ({}, ("aud",)),
        ({}, ("exp",)),
        ({}, ("iat",)),
        ({}, ("nonce",)),
    ],
)
def test_a_false_claim_lets_nobody_in(
    oidc: Oidc, liar: Liar, claims: dict[str, Any], without: tuple[str, ...]
) -> None:
    """However well it is signed."""
    liar.claims, liar.without = claims, set(without)
    with pytest.raises(ProviderError):
        sign_in(oidc, liar)


def test_an_expired_token_lets_nobody_in(oidc: Oidc, liar: Liar, clock: ManualClock) -> None:
    """A minute is granted for clocks that differ, and no more."""
    liar.claims = {"exp": int(clock.utc()) - 30}
    assert sign_in(oidc, liar).person.name == "kim"
    liar.claims = {"exp": int(clock.utc()) - 90}
    with pytest.raises(ProviderError):
        sign_in(oidc, liar)


def _signed_with_the_public_key(token: str) -> str:
    """HMAC with the public key's text as the secret, as careless libraries once took it."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').decode().rstrip("=")
    signed = f"{head}.{token.split('.')[1]}"
    code = hmac.digest(KEY.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(code).decode().rstrip('=')}"


def _cut(token: str) -> str:
    return token[:-8]


def _swapped(token: str) -> str:
    head, _, signature = token.split(".")
    body = base64.urlsafe_b64encode(b'{"sub":"root"}').decode().rstrip("=")
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize("lie", ["none", "hmac-key", "hmac-secret", "other-key", "own-jwk"])
def test_a_false_signature_lets_nobody_in(oidc: Oidc, liar: Liar, lie: str) -> None:
    """`none`, HMAC with what is public or shared, another key, a key that the token brings."""
    if lie == "none":
        liar.header = {"alg": "none"}
    elif lie == "hmac-key":
        liar.raw = _signed_with_the_public_key
    elif lie == "hmac-secret":
        liar.header, liar.key = {"alg": "HS256"}, OctKey.import_key(SECRET)
    elif lie == "other-key":
        liar.key = OTHER
    else:
        liar.key = OTHER
        liar.header = {"alg": "RS256", "kid": "one", "jwk": OTHER.as_dict(private=False)}
    with pytest.raises(ProviderError):
        sign_in(oidc, liar)


def test_a_provider_cannot_offer_weaker_signatures(oidc: Oidc, liar: Liar) -> None:
    """Whatever it lists as supported, and whatever keys it publishes."""
    liar.metadata["id_token_signing_alg_values_supported"] = ["none", "HS256"]
    liar.header = {"alg": "none"}
    with pytest.raises(ProviderError):
        sign_in(oidc, liar)


def test_a_shared_key_among_the_public_ones_is_not_used(oidc: Oidc, liar: Liar) -> None:
    """A symmetric key that is published is no key."""
    shared = OctKey.import_key("published where everyone can read it")
    liar.keys = [{**shared.as_dict(private=True), "kid": "one"}]
    liar.header, liar.key = {"alg": "HS256", "kid": "one"}, shared
    with pytest.raises(ProviderError):
        sign_in(oidc, liar)


@pytest.mark.parametrize(
    "change", [_cut, _swapped, lambda _: "", lambda _: "a.b.c", lambda t: t * 99]
)
def test_a_changed_token_lets_nobody_in(
    oidc: Oidc, liar: Liar, change: Callable[[str], str]
) -> None:
    """Cut, swapped, empty, garbage, far too long."""
    liar.raw = change
    with pytest.raises(ProviderError):
        sign_in(oidc, liar)


def test_an_earlier_token_cannot_be_used_again(oidc: Oidc, liar: Liar) -> None:
    """It carries the nonce of its own sign-in."""
    kept: list[str] = []

    def keep(token: str) -> str:
        kept.append(token)
        return kept[0]

    liar.raw = keep
    assert sign_in(oidc, liar).person.name == "kim"
    with pytest.raises(ProviderError):
        sign_in(oidc, liar)


def test_new_keys_are_found_but_not_asked_for_over_and_over(
    oidc: Oidc, liar: Liar, clock: ManualClock
) -> None:
    """A provider may change its keys at any time; forged tokens make us ask once a minute."""
    assert sign_in(oidc, liar).person.name == "kim"
    new = RSAKey.generate_key(2048, {"kid": "two"}, private=True)
    liar.keys, liar.key = [dict(new.as_dict(private=False))], new
    liar.header = {"alg": "RS256", "kid": "two"}
    clock.advance(61)
    assert sign_in(oidc, liar).person.name == "kim"
    liar.key = OTHER
    before = sum(r.url.path == "/keys" for r in liar.asked)
    for _ in range(5):
        with pytest.raises(ProviderError):
            sign_in(oidc, liar)
    assert sum(r.url.path == "/keys" for r in liar.asked) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "https://evil.example"),
        ("issuer", None),
        ("authorization_endpoint", "http://login.example/auth"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", "https:///auth"),
        ("token_endpoint", "http://10.0.0.1/token"),
        ("token_endpoint", None),
        ("jwks_uri", "file:///etc/passwd"),
        ("jwks_uri", 7),
    ],
)
def test_a_false_description_goes_nowhere(oidc: Oidc, liar: Liar, name: str, value: object) -> None:
    """Another issuer's name, or an address that anyone on the way could answer for."""
    liar.metadata[name] = value
    with pytest.raises(ProviderError):
        sign_in(oidc, liar)
    assert {r.url.path for r in liar.asked} == {"/.well-known/openid-configuration"}


@pytest.mark.parametrize("iss", ["https://evil.example", ""])
def test_another_services_answer_is_not_taken_for_ours(oidc: Oidc, liar: Liar, iss: str) -> None:
    """Mix-up (RFC 9207): `iss` must be our issuer, and there where it was promised."""
    liar.metadata["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(ProviderError, match="another service"):
        sign_in(oidc, liar, iss=iss)
    assert sign_in(oidc, liar, iss=ISSUER).person.name == "kim"


def _down(request: httpx.Request) -> httpx.Response:
    message = "down"
    raise httpx.ConnectError(message, request=request)


def _endless(_: httpx.Request) -> httpx.Response:
    async def drip() -> Any:  # noqa: ANN401
        while True:
            await asyncio.sleep(0.05)
            yield b" "

    return httpx.Response(200, content=drip())


def _huge(_: httpx.Request) -> httpx.Response:
    async def pour() -> Any:  # noqa: ANN401
        for _ in range(10_000):
            yield b" " * 65_536

    return httpx.Response(200, content=pour())


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
@pytest.mark.parametrize(
    "answer",
    [
        _down,
        _endless,
        _huge,
        lambda _: httpx.Response(500, text="oops"),
        lambda _: httpx.Response(302, headers={"location": "https://evil.example/"}),
        lambda _: httpx.Response(200, text="<html>"),
        lambda _: httpx.Response(200, json=["a", "list"]),
        lambda _: httpx.Response(200, json={}),
        lambda _: httpx.Response(200, content=b"\xff\xfe"),
        lambda _: httpx.Response(200, json={"keys": "none", "id_token": 7, "issuer": 7}),
        lambda _: httpx.Response(200, json={"keys": [{"kty": "RSA", "n": "", "e": ""}, 7]}),
    ],
)
def test_a_provider_that_fails_lets_nobody_in_and_holds_nobody_up(
    oidc: Oidc, liar: Liar, path: str, answer: Callable[[httpx.Request], httpx.Response]
) -> None:
    """Down, dripping, endless, redirecting, or speaking something else: one error, soon."""
    liar.answers[path] = answer
    with pytest.raises(ProviderError) as caught:
        sign_in(oidc, liar)
    assert SECRET not in caught.value.line()
    del liar.answers[path]
    assert sign_in(oidc, liar).person.name == "kim"


def test_a_sign_in_that_takes_too_long_is_over(oidc: Oidc, liar: Liar, clock: ManualClock) -> None:
    """After ten minutes its state is worth nothing."""

    async def slowly(seconds: float) -> Identity:
        url = await oidc.begin("browser", "/")
        query = parse_qs(urlsplit(url).query)
        liar.nonce = query["nonce"][0]
        clock.advance(seconds)
        return await oidc.finish("browser", {"state": query["state"][0], "code": "c"})

    assert asyncio.run(slowly(PENDING - 1)).person.name == "kim"
    with pytest.raises(AccessRefused, match="not begun"):
        asyncio.run(slowly(PENDING + 1))


def test_sign_ins_that_nobody_finishes_take_bounded_room(oidc: Oidc) -> None:
    """The oldest is forgotten first."""

    async def many() -> None:
        for _ in range(1100):
            await oidc.begin("browser", "/")

    asyncio.run(many())
    assert len(oidc._pending) == 1000


@pytest.mark.parametrize(
    ("claims", "path", "role"),
    [
        ({"groups": "crowd-operators"}, "groups", Role.OPERATOR),
        ({"realm": {"roles": ["crowd-commissioners"]}}, "realm.roles", Role.COMMISSIONER),
        (
            {"https://crowd.example/r": ["crowd-operators"]},
            "https://crowd.example/r",
            Role.OPERATOR,
        ),
        ({"groups": [["crowd-operators"], {"crowd-operators": 1}, None]}, "groups", None),
        ({"groups": {"crowd-operators": True}}, "groups", None),
        ({"groups": "crowd-operators,crowd-commissioners"}, "groups", None),
        ({"groups": True}, "groups", None),
    ],
)
def test_a_role_is_one_value_of_the_claim(
    liar: Liar, clock: ManualClock, claims: dict[str, Any], path: str, role: Role | None
) -> None:
    """By its whole value; anything else gives none."""
    agreed = OidcSettings(
        issuer=ISSUER,
        client_id="plainview",
        redirect_uri="https://crowd.example/login/callback",
        roles=ROLES,
        role_claim=path,
    )
    oidc = Oidc(agreed, clock, httpx.MockTransport(liar))
    liar.claims = claims
    if role is None:
        with pytest.raises(AccessRefused, match="no role"):
            sign_in(oidc, liar)
    else:
        assert sign_in(oidc, liar).person.role is role


def test_userinfo_about_somebody_else_is_not_believed(oidc: Oidc, liar: Liar) -> None:
    """Core 1.0 section 5.3.2: its `sub` must be the ID token's."""
    liar.without = {"groups"}
    liar.userinfo = {"sub": "root", "groups": ["crowd-operators"]}
    with pytest.raises(ProviderError, match="somebody else"):
        sign_in(oidc, liar)
    liar.userinfo = {
        "sub": "kim",
        "groups": ["crowd-operators"],
        "iss": "x",
        "name": "Kim \u202e L",
    }
    found = sign_in(oidc, liar)
    assert found.person == Person("kim", Role.OPERATOR)
    assert found.shown == "Kim  L"


def test_settings_do_not_show_the_secret() -> None:
    """Neither in a log nor in a traceback."""
    assert SECRET not in repr(settings(ISSUER, "https://crowd.example"))
