"""Signing in and out over a real server, as a browser without JavaScript does."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from plainview.clock import ManualClock
from plainview.governance.person import Person, Role
from plainview.logs import start_logging
from plainview.web.access.pages import local_path
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import Application, create_app
from plainview.web.desk import Desk
from plainview.web.server import Served, bind
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.access.conftest import KeptDesk
    from tests.web.conftest import World

KIM = Person("Kim <Lee> & co", Role.SUPERVISOR)
SAFETY = "plaza@1/safety"


@pytest.fixture
def served(app: Application) -> Iterator[Served]:
    """The city's pages on a loopback port."""
    with Served(app, bind(port=0)) as server:
        yield server


@pytest.fixture
def browser(served: Served) -> Iterator[httpx.Client]:
    """Keeps cookies, follows no redirection by itself."""
    with httpx.Client(base_url=served.url, headers={"sec-fetch-site": "same-origin"}) as client:
        yield client


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def session_cookie(answer: httpx.Response) -> str:
    """The Set-Cookie line of the session."""
    (line,) = [
        line
        for line in answer.headers.get_list("set-cookie")
        if re.match(r"(__Host-)?plainview(-\d+)?=", line)
    ]
    return str(line)


def sign_in(browser: httpx.Client, access: Access, person: Person = KIM) -> httpx.Response:
    """Through a one-time link; the last answer."""
    token = access.links.make(person)
    page = browser.get(f"/login/link?token={token}")
    assert page.status_code == 200, page.text
    return browser.post("/login/link", data=fields(page.text))


def test_a_link_signs_in_once_and_leads_to_the_purpose(
    browser: httpx.Client, access: Access
) -> None:
    """Whom it signs in is shown first; used up, it says so."""
    token = access.links.make(KIM)
    page = browser.get(f"/login/link?token={token}")
    assert "Kim &lt;Lee&gt; &amp; co" in page.text
    assert "supervisor" in page.text
    answer = browser.post("/login/link", data=fields(page.text))
    assert answer.status_code == 200
    assert 'content="0;url=/login/purpose?next=%2F"' in answer.text
    assert browser.get("/api/v1/session").json()["role"] == "supervisor"
    again = browser.post("/login/link", data=fields(page.text))
    assert again.status_code == 403
    assert "That did not work" in again.text
    gone = browser.get(f"/login/link?token={token}")
    assert gone.status_code == 403
    assert "plainview login" in gone.text


def test_the_session_cookie_is_for_this_browser_and_these_pages_alone(
    browser: httpx.Client, access: Access
) -> None:
    """HttpOnly, SameSite=Strict, the whole site and no other host; on loopback without https."""
    line = session_cookie(sign_in(browser, access)).lower()
    assert "httponly" in line
    assert "samesite=strict" in line
    assert "path=/" in line
    assert "domain" not in line
    assert "secure" not in line


def test_from_another_machine_cookies_are_for_https_only(
    world: "World", real: tuple[SiteView, ...], tmp_path: Path
) -> None:
    """__Host-, Secure; over plain http a browser keeps none, and the page says so."""
    access = Access(AccessSettings(links="anywhere"), tmp_path / "access", world.clock)
    app = create_app(
        sites=real, store=world.store, clock=world.clock, access=access, hosts=["crowd.example"]
    )
    with (
        Served(app, bind(port=0)) as server,
        httpx.Client(base_url=server.url, headers={"host": "crowd.example"}) as client,
    ):
        assert "plain http" in client.get("/login").text
        token = access.links.make(KIM)
        page = client.get(f"/login/link?token={token}")
        (line,) = page.headers.get_list("set-cookie")
        assert line.startswith("__Host-plainview-login=")
        assert "secure" in line.lower()
        value = line.partition("=")[2].partition(";")[0]
        without = client.post("/login/link", data=fields(page.text), headers={"cookie": ""})
        assert without.status_code == 403
        assert "cookie" in without.text
        answer = client.post(
            "/login/link",
            data=fields(page.text),
            headers={"cookie": f"__Host-plainview-login={value}"},
        )
        line = session_cookie(answer)
        assert line.startswith("__Host-plainview=")
        assert "; secure" in line.lower()


def test_a_session_id_from_before_is_worth_nothing_after(
    browser: httpx.Client, access: Access, served: Served
) -> None:
    """Fixation: an id that somebody planted is not taken over, an old session is ended."""
    name = f"plainview-{served.port}"
    browser.cookies.set(name, "planted" * 6, domain="127.0.0.1")
    first = session_cookie(sign_in(browser, access)).partition("=")[2].partition(";")[0]
    assert first != "planted" * 6
    second = session_cookie(sign_in(browser, access)).partition("=")[2].partition(";")[0]
    assert second != first
    for token, role in ((first, None), ("planted" * 6, None), (second, "supervisor")):
        with httpx.Client(base_url=served.url, cookies={name: token}) as other:
            assert other.get("/api/v1/session").json()["role"] == role
    assert len(access.sessions) == 1


def test_a_links_form_works_only_in_the_browser_that_opened_it(
    browser: httpx.Client, access: Access, served: Served
) -> None:
    """Login CSRF: nobody is made to act under another's name by a form sent from elsewhere."""
    token = access.links.make(KIM)
    form = fields(browser.get(f"/login/link?token={token}").text)
    with httpx.Client(base_url=served.url) as other:
        assert other.post("/login/link", data=form).status_code == 403
        other.get(f"/login/link?token={token}")
        assert other.post("/login/link", data=form).status_code == 403
    foreign = browser.post("/login/link", data=form, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    # None of that used the link up.
    assert browser.post("/login/link", data=form).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "198.51.100.7"},
        {"forwarded": "for=198.51.100.7"},
        {"via": "1.1 proxy"},
        {"x-real-ip": "198.51.100.7"},
        {"host": "crowd.example"},
    ],
)
def test_a_link_is_for_this_machine_alone(
    world: "World",
    real: tuple[SiteView, ...],
    access: Access,
    headers: dict[str, str],
) -> None:
    """Who comes through a proxy, or by a public name, does not sit at it."""
    app = create_app(
        sites=real, store=world.store, clock=world.clock, access=access, hosts=["crowd.example"]
    )
    with Served(app, bind(port=0)) as server, httpx.Client(base_url=server.url) as client:
        token = access.links.make(KIM)
        answer = client.get(f"/login/link?token={token}", headers=headers)
        assert answer.status_code == 403
        assert access.links.look(token) is not None
        assert client.get(f"/login/link?token={token}").status_code == 200


def test_links_can_be_switched_off(
    world: "World", real: tuple[SiteView, ...], tmp_path: Path
) -> None:
    """As they are by default beside a sign-in service."""
    access = Access(AccessSettings(links="off"), tmp_path / "access", world.clock)
    app = create_app(sites=real, store=world.store, clock=world.clock, access=access)
    with Served(app, bind(port=0)) as server, httpx.Client(base_url=server.url) as client:
        token = access.links.make(KIM)
        assert client.get(f"/login/link?token={token}").status_code == 403
        assert "No way to sign in" in client.get("/login").text


def test_guessing_gets_slower_and_slower(
    browser: httpx.Client, access: Access, world: "World"
) -> None:
    """After a few wrong tokens each further try must wait longer; a right one waits too."""
    assert isinstance(world.clock, ManualClock)
    good = access.links.make(KIM)
    wrong = [f"/login/link?token={'A' * 42}{number:x}" for number in range(12)]
    statuses = [browser.get(path).status_code for path in wrong]
    assert statuses[:5] == [403] * 5
    assert set(statuses[5:]) == {429}
    last = browser.get(f"/login/link?token={good}")
    assert last.status_code == 429
    wait = int(last.headers["retry-after"])
    assert f"Wait {wait} s" in last.text
    world.clock.advance(wait)
    assert browser.get(f"/login/link?token={good}").status_code == 200


def test_asking_to_sign_in_too_often_is_429(browser: httpx.Client) -> None:
    """With Retry-After, as a problem."""
    answers = [browser.get("/login/oidc") for _ in range(25)]
    last = answers[-1]
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1
    assert last.headers["content-type"] == "application/problem+json"
    assert browser.get("/healthz").status_code == 200


def test_a_purpose_is_chosen_and_shown(
    browser: httpx.Client, access: Access, desk: "KeptDesk"
) -> None:
    """From the list of live ones; then measurements can be seen, and the page says as whom."""
    sign_in(browser, access)
    page = browser.get("/login/purpose?next=/sites/plaza")
    assert "Keep the plaza safe" in page.text
    assert browser.get("/api/v1/sites/plaza/field").status_code == 403
    form = fields(page.text) | {"purpose": SAFETY}
    answer = browser.post("/login/purpose", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sites/plaza")
    assert browser.get("/api/v1/sites/plaza/field").status_code == 200
    assert desk.recorded[0][1] == SAFETY
    assert "Keep the plaza safe" in browser.get("/login").text
    stolen = browser.post("/login/purpose", data=form | {"csrf": "x"})
    assert stolen.status_code == 403
    invented = browser.post("/login/purpose", data=form | {"purpose": "curiosity"})
    assert invented.status_code == 403


def test_without_a_live_assessment_the_page_says_so(
    browser: httpx.Client, access: Access, desk: "KeptDesk"
) -> None:
    """And lets people go on to what needs none."""
    desk.live = []
    sign_in(browser, access)
    page = browser.get("/login/purpose")
    assert "No assessment is live" in page.text
    assert "Go on" in page.text


def test_signing_out_ends_the_session_at_the_server(
    browser: httpx.Client, access: Access, served: Served
) -> None:
    """Whoever kept the cookie has nothing. It needs the form's token and a POST."""
    sign_in(browser, access)
    kept = dict(browser.cookies)
    form = fields(browser.get("/login").text)
    assert browser.get("/logout").status_code == 405
    assert browser.post("/logout", data={"csrf": "x"}).status_code == 403
    answer = browser.post("/logout", data=form)
    assert answer.status_code == 200
    assert "signed out" in answer.text
    assert "max-age=0" in session_cookie(answer).lower()
    with httpx.Client(base_url=served.url, cookies=kept) as other:
        assert other.get("/api/v1/session").json()["role"] is None
    assert len(access.sessions) == 0


def test_the_console_signs_out_by_its_own_request(browser: httpx.Client, access: Access) -> None:
    """JSON for JSON."""
    sign_in(browser, access)
    csrf = browser.get("/api/v1/session").json()["csrf"]
    headers = {"plainview-csrf": csrf, "accept": "application/json"}
    answer = browser.post("/logout", headers=headers)
    assert answer.json() == {"login": "/login?left=1", "provider": ""}


def test_every_session_can_be_ended_from_another_process(
    browser: httpx.Client, access: Access, world: "World", tmp_path: Path
) -> None:
    """`plainview login --end-all` leaves a mark; the running program follows within a second."""
    assert isinstance(world.clock, ManualClock)
    sign_in(browser, access)
    waiting = access.links.make(KIM)
    Access(AccessSettings(), tmp_path / "access", ManualClock()).end_all()
    world.clock.advance(1.1)
    assert browser.get("/api/v1/session").json()["role"] is None
    assert browser.get(f"/login/link?token={waiting}").status_code == 403
    sign_in(browser, access)
    world.clock.advance(1.1)
    assert browser.get("/api/v1/session").json()["role"] == "supervisor"


@pytest.mark.parametrize(
    "path", ["/login", "/login/link?token=x", "/login/purpose", "/login/login.css"]
)
def test_sign_in_pages_cannot_be_framed_and_run_nothing(
    browser: httpx.Client, access: Access, path: str
) -> None:
    """No script at all, forms only to themselves, no frame around them, nothing kept."""
    sign_in(browser, access)
    headers = browser.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    if not path.endswith(".css"):
        assert "script-src" not in policy
        assert "form-action 'self'" in policy
        assert headers["cache-control"] == "no-store"
        assert "<script" not in browser.get(path).text


def test_what_somebody_is_called_is_no_markup(browser: httpx.Client, access: Access) -> None:
    """Nor an address that one is to go on to."""
    sign_in(browser, access, Person('"><script>alert(1)</script>', Role.OPERATOR))
    for path in ("/login", '/login/purpose?next="><script>alert(1)</script>'):
        assert "<script" not in browser.get(path).text


ELSEWHERE = [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
    "/%0d%0aset-cookie:x=1\r\n",
    "/login/purpose?next=/",
    "/logout",
    "/" + "x" * 600,
    "http:///evil.example",
    "/ü",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_sent_elsewhere(browser: httpx.Client, access: Access, wanted: str) -> None:
    """Open redirection: only a path on these pages is gone on to."""
    assert local_path(wanted) == "/"
    sign_in(browser, access)
    form = fields(browser.get("/login/purpose").text) | {"purpose": SAFETY, "next": wanted}
    assert browser.post("/login/purpose", data=form).headers["location"] == "/"


@given(st.text(max_size=60) | st.from_regex(r"[/\\]{0,3}[a-z.@:/\\?#]{0,20}", fullmatch=True))
def test_wherever_one_goes_on_to_is_on_these_pages(wanted: str) -> None:
    """As a browser resolves it, with backslashes as slashes."""
    path = local_path(wanted)
    parts = urlsplit("http://127.0.0.1:8420" + path)
    assert (parts.hostname, parts.port) == ("127.0.0.1", 8420)
    assert path.startswith("/")
    assert not re.match(r"[/\\]{2}", path.replace("\\", "/"))
    assert path.isprintable()


@pytest.mark.parametrize("path", ["/sites/plaza", "/?site=plaza&day=2", "/sites/plaza#count"])
def test_a_path_on_these_pages_is_gone_on_to(path: str) -> None:
    """Query and fragment with it."""
    assert local_path(path) == path


def test_the_log_has_no_secret(
    browser: httpx.Client,
    access: Access,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither tokens nor cookies nor names, whatever went right or wrong; a defect included."""
    before = list(logging.getLogger().handlers)
    start_logging(tmp_path, level=logging.DEBUG)
    try:
        token = access.links.make(KIM)
        page = browser.get(f"/login/link?token={token}")
        form = fields(page.text)
        answer = browser.post("/login/link", data=form)
        browser.post("/login/link", data=form)
        browser.get(f"/login/link?token={'B' * 43}")
        csrf = browser.get("/api/v1/session").json()["csrf"]

        def broken(*_: object, **__: object) -> None:
            message = "a defect"
            raise RuntimeError(message)

        monkeypatch.setattr(access.links, "look", broken)
        waiting = access.links.make(KIM)
        assert browser.get(f"/login/link?token={waiting}").status_code == 500
    finally:
        for handler in list(logging.getLogger().handlers):
            if handler not in before:
                logging.getLogger().removeHandler(handler)
                handler.close()
    log = (tmp_path / "plainview.log").read_text()
    assert "access.signed_in" in log
    assert "access.refused" in log
    assert "web.defect" in log
    cookies = [
        *browser.cookies.values(),
        session_cookie(answer).partition("=")[2].partition(";")[0],
    ]
    for secret in (token, waiting, "B" * 43, form["ticket"], csrf, "Kim", *cookies):
        assert secret
        assert secret not in log


def test_pages_for_a_demonstration_need_no_sign_in_but_allow_one(
    world: "World", sites: tuple[SiteView, ...], access: Access, desk: "KeptDesk"
) -> None:
    """`plainview run` without a file: everything is shown; who signs in may do more."""
    shown = tuple(structs.replace(site, simulated=True) for site in sites)
    app = create_app(
        sites=shown, store=world.store, clock=world.clock, access=access, desk=cast("Desk", desk)
    )
    with Served(app, bind(port=0)) as server, httpx.Client(base_url=server.url) as client:
        for path in ("/api/v1/sites/plaza/field", "/api/v1/system", "/metrics"):
            assert client.get(path).status_code == 200
        assert client.get("/").status_code in {200, 503}  # 503: the console is not built
        assert "stop" not in client.get("/api/v1/session").json()["may"]
        client.headers["sec-fetch-site"] = "same-origin"
        sign_in(client, access)
        assert "stop" in client.get("/api/v1/session").json()["may"]
    assert desk.recorded == []
