import re
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from litestar.testing import TestClient
from markupsafe import escape
from msgspec import structs
from tests.web.portal.conftest import HOSTILE, PublicCity
from tests.web.portal.reading import PageReader

from plainview.governance.register import (
    Contact,
    Register,
    RegisterCamera,
    RegisterNetwork,
    RegisterSite,
    Scorecard,
)
from plainview.governance.words import LANGUAGES, Catalogue, Words, load, words
from plainview.web.api import Application
from plainview.web.portal.lookup import Lookup
from plainview.web.portal.pages import CAMERAS_PER_PAGE, Asked, Portal
from plainview.web.portal.rendering import render

Client = TestClient[Application]
TEMPLATES = Path(__file__).parents[3] / "src/plainview/web/portal/templates"
PAGES = (
    "",
    "?q=quay&state=suspended",
    "?q=no+such",
    "?box=114.1,22.2,114.175,22.3",
    "sites/quay",
    "sites/hostile",
    "cameras/square-north",
    "cameras/square-south",
    "cameras/quay-east",
    "cameras/quay-west",
    "cameras/gone",
    "cameras/hostile",
    "assessments",
    "assessments/harbour-square-hk@2",
    "changes",
    "footage",
    "ask",
    "verify",
    "never",
    "exposure",
    "recognition",
    "statistics",
)


def read(client: Client, path: str, status: int = 200) -> PageReader:
    """The page at `path`, which must be valid HTML in the reader's language."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = PageReader(answer.text)
    assert page.faults == [], path
    return page


class Still:
    """A source of one register and nothing else."""

    def __init__(self, register: Register, city: PublicCity) -> None:
        """`register`, with the rest of `city`."""
        self._register, self._city = register, city
        self.ledger_folder, self.ledger_vkey = city.ledger_folder, city.ledger_vkey
        self.statistics_folder = city.statistics_folder
        self.assessment, self.attest = city.assessment, city.attest
        self.proof, self.entry = city.proof, city.entry

    def register(self) -> Register:
        """The one."""
        return self._register


def show(
    register: Register, city: PublicCity, *parts: str, language: str = "en", **query: str
) -> PageReader:
    """A page over `register`."""
    portal = Portal(Still(register, city))
    page = portal.page(Asked(language, parts, query, "https://city.example/"))
    assert page.status == 200
    read = PageReader(page.html)
    assert read.faults == []
    return read


DRAWN_IN = ("en", "zh-Hant")
"""Languages in which documents and notices are fetched: to draw one takes as long as ten pages."""


@pytest.mark.timeout(300)
def test_every_link_leads_somewhere_in_every_language(client: Client) -> None:
    """From the front door all pages are reached; each has a title, one h1, and its language."""
    waiting, seen = deque([f"/portal/{language}/" for language in LANGUAGES]), set[str]()
    titles: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    while waiting:
        address = waiting.popleft()
        path = urlsplit(address)._replace(fragment="").geturl()
        if path in seen or address.startswith(("https:", "mailto:")):
            continue
        seen.add(path)
        if path.endswith((".pdf", ".svg")) and path.split("/")[2] not in DRAWN_IN:
            continue
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.content, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        page = PageReader(answer.text)
        assert page.faults == [], path
        language = path.split("/")[2]
        assert page.language == language, path
        assert [tag for tag, _ in page.tags].count("h1") == 1, path
        assert not re.search(r"portal\.[a-z]|\{\w*\}", page.text.replace(HOSTILE, "")), path
        assert "None" not in [word.strip() for word in page.words], path
        assert page.title.strip(), path
        titles[language].add(page.title)
        for link in page.links:
            if link.startswith("#"):
                assert link[1:] in page.ids, (path, link)
                continue
            assert link.startswith(("/", "https://", "mailto:")), (path, link)
            waiting.append(link)
    assert len(seen) > 100
    assert len({len(found) for found in titles.values()}) == 1
    for language in LANGUAGES:
        for path in PAGES:
            assert path.startswith("?") or f"/portal/{language}/{path}" in seen, path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_nothing_may_run_on_a_page(client: Client, language: str, path: str) -> None:
    """No script, no inline style, nothing from elsewhere; the headers forbid it as well."""
    answer = client.get(f"/portal/{language}/{path}")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "form-action 'self'" in policy
    page = PageReader(answer.text)
    assert page.faults == []
    for tag, given in page.tags:
        for name in ("src", "href", "action"):
            if tag != "a" and given.get(name):
                assert given[name].startswith("/portal/"), (tag, given)


def test_the_front_door_speaks_the_readers_language(client: Client) -> None:
    """Accept-Language chooses; where nobody wrote it, English."""
    for accept, language in (
        ("zh-HK,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("de-AT", "de"),
        ("fr;q=0.3, en;q=0.7", "en"),
        ("tlh", "en"),
        ("", "en"),
    ):
        answer = client.get("/portal", headers={"accept-language": accept}, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/portal/{language}/"
        assert answer.headers["vary"] == "accept-language"


def test_a_page_without_a_language_is_found_in_the_readers(client: Client) -> None:
    """Who types /portal/verify from a poster gets there; what no language has is not there."""
    german = {"accept-language": "de-AT"}
    for path in ("verify", "cameras/square-north", "ask"):
        answer = client.get(f"/portal/{path}", headers=german, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/portal/de/{path}")
        assert answer.headers["vary"] == "accept-language"
    for path in ("nothing", "xx/verify", "cameras/no-such", "%2F%2Felsewhere.example"):
        answer = client.get(f"/portal/{path}", headers=german, follow_redirects=False)
        assert answer.status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_needs_no_other(client: Client, language: str) -> None:
    """No word of ours is borrowed; only what the city wrote in one language stands in that."""
    texts = {text for forms in load("en").texts.values() for text in forms}
    for path in PAGES:
        html = client.get(f"/portal/{language}/{path}").text
        borrowed = set(re.findall(r'<span lang="en">([^<]*)</span>', html))
        # "none" is also what the city itself answered; a language is named by its own name.
        assert not (borrowed & texts) - {"none", "English"}, path
        assert words(language).text("portal.partly") not in html


def test_what_the_city_wrote_in_one_language_is_read_aloud_in_that(
    client: Client, founded: PublicCity
) -> None:
    """The law and the authority: marked on the pages in other languages alone."""
    cameras = Lookup(founded.register()).register.cameras
    camera = next(one for one in cameras if one.contact.language == "en" and one.law)
    told = [
        f'<span lang="en">{escape(text)}</span>' for text in (camera.law, camera.contact.authority)
    ]
    for language, marked in (("fr", True), ("en", False)):
        page = client.get(f"/portal/{language}/cameras/{camera.id}").text
        assert [text in page for text in told] == [marked, marked]
        assert str(escape(camera.law)) in page


def test_a_language_that_is_being_added_marks_what_it_borrows() -> None:
    """It shows English where it lacks words, marked as English, and says so at the top."""

    def begun(name: str) -> Catalogue:
        own = {} if name == "de" else load(name).texts
        return Catalogue(own, load(name).plural)

    values: dict[str, object] = dict.fromkeys(("register", "place", "simulated", "section"), "")
    page = render(
        "error.html",
        Words("de", begun),
        **values,
        other=dict.fromkeys(LANGUAGES, ""),
        style="",
        kind="unreadable",
    )
    assert f'<span lang="en">{words("en").text("portal.partly")}</span>' in page
    assert f'<span lang="en">{words("en").text("portal.nav.never")}</span>' in page


def test_every_word_of_the_templates_is_in_the_catalogue() -> None:
    """A literal key is spelt as it is there; what is put together is met by the crawl."""
    asked = set()
    for template in TEMPLATES.glob("*.html"):
        asked |= set(re.findall(r'(?:\bt|w\.text)\("([a-z][\w.-]*)"[,)]', template.read_text()))
    assert len(asked) > 100
    assert asked <= set(load("en").texts)


def test_home_counts_lists_and_explains(client: Client) -> None:
    """The numbers are the register's; every camera is there with its state and why."""
    page = read(client, "/portal/en/")
    assert "Sampleton" in page.text
    for state, count in (("Running", 2), ("Waiting", 2), ("Suspended", 1), ("Stopped", 1)):
        assert re.search(rf"{state}[a-z ]* {count} ", page.text), state
    for name in ("Square north", "Square south", "Quay east", "Quay west", "gone", HOSTILE):
        assert f" {name} " in page.text
    assert "The reason given: A wedding in the square" in page.text
    assert "demonstration" not in page.text
    assert "/portal/en/cameras/square-north" in page.links
    assert "/ledger/proof/20" in page.links


def test_a_camera_tells_everything(client: Client) -> None:
    """What, why, basis, since, until, hours, retention, contact, seal, uptime, how to complain."""
    page = read(client, "/portal/en/cameras/square-north")
    for told in (
        "Running",
        "Counting people in use",
        "Sealed recording permitted, not in use",
        "Notice early where so many people stand",
        "Public Health and Municipal Services Ordinance",
        "25 October 2026",
        "20 September 2027",
        "Friday and Saturday: 17:00 to 24:00",
        "Time zone Asia/Hong_Kong",
        "Measurements as they come 1 day",
        "Sealed recordings not kept",
        "something-new 90 minutes",
        "Department of Public Squares, Hong Kong (an example)",
        "square@exampleville.example",
        "Sealed: the program that sees the pictures",
        "97% of the time so far",
        "there is no scorecard",
        "Write to the town hall",
        "Privacy Commissioner for Personal Data",
        "A camera started: square-north",
    ):
        assert told in page.text, told
    assert "No picture is kept" not in page.text
    for link in (
        "/portal/en/assessments/harbour-square-hk@2",
        "/portal/notices/square-north.pdf?lang=en",
        "/portal/notices/square-north.svg?lang=en",
        "mailto:square%40exampleville.example",
        "/ledger/proof/15",
    ):
        assert link in page.links or link.replace("%40", "@") in page.links, link


def test_an_unsealed_camera_and_one_without_a_permit_are_told_as_such(client: Client) -> None:
    """Bad news stands on the page, and what is not known is not made up."""
    blurred = read(client, "/portal/en/cameras/hostile").text
    assert "Not sealed: this machine cannot" in blurred
    assert "but gives no reliable numbers at the moment" in blurred
    assert "It measures now" not in blurred
    assert "It measures now" in read(client, "/portal/en/cameras/square-north").text
    waiting = read(client, "/portal/en/cameras/gone").text
    for told in (
        "No approved assessment covers this camera",
        "No permit covers it now, so it cannot run",
        "Its place is not on the map",
        "Not known: nothing was heard from it",
        "No legal basis is recorded now",
        "the configuration no longer names it",
    ):
        assert told in waiting, told


def test_what_runs_without_a_permit_is_shown_and_not_excused(founded: PublicCity) -> None:
    """A running capability stands on the page whatever the permit says."""
    camera = founded.made.camera("square-north")
    assert camera is not None
    rogue = structs.replace(
        camera,
        capabilities=tuple(structs.replace(c, permitted=False) for c in camera.capabilities),
        scorecards=(Scorecard("count", {"en": "Off by 0.4 people at most."}),),
    )
    register = structs.replace(founded.made, cameras=(rogue,))
    page = show(register, founded, "cameras", "square-north")
    assert "no permit in force covers it" in page.text
    assert "Off by 0.4 people at most." in page.text
    assert "Counting people" in show(register, founded).text


def test_networks_of_the_site_are_named_by_hash_and_classes(founded: PublicCity) -> None:
    """In the reader's language; what has none says nothing of it."""
    camera = founded.made.camera("square-north")
    assert camera is not None
    network = RegisterNetwork("ab" * 32, {"<knife>": "weapon", "lamp": "fire"})
    with_one = structs.replace(camera, networks=(network,))
    register = structs.replace(founded.made, cameras=(with_one,))
    page = show(register, founded, "cameras", "square-north")
    for told in ("Networks of this place", "ab" * 32, "<knife>", "never for persons"):
        assert told in page.text, told
    assert "Networks of this place" not in show(founded.made, founded, "cameras", camera.id).text


def test_hostile_names_stay_text(client: Client) -> None:
    """What somebody wrote into a name or an aim is shown as written, and is never markup."""
    for path in PAGES:
        html = client.get(f"/portal/en/{path}").text
        assert "<script" not in html
        assert "9872" not in html
    assert HOSTILE in read(client, "/portal/en/cameras/hostile").text
    page = read(client, '/portal/en/?q="><script>alert(1)</script>')
    field = next(given for tag, given in page.tags if given.get("name") == "q")
    assert field["value"] == '"><script>alert(1)</script>'


def test_an_odd_website_is_no_link(founded: PublicCity) -> None:
    """Only the web's own schemes are linked; an address that is none is shown as text."""
    camera = founded.made.camera("square-north")
    assert camera is not None
    contact = structs.replace(camera.contact, website="javascript:alert(1)", email="a b\r\n@x")
    register = structs.replace(founded.made, cameras=(structs.replace(camera, contact=contact),))
    page = show(register, founded, "cameras", "square-north")
    assert "javascript:alert(1)" in page.text
    assert not [link for link in page.links if link.startswith("javascript")]
    assert "mailto:a%20b%0D%0A%40x" in page.links


def test_search_by_name_state_and_place(client: Client) -> None:
    """Each narrows the list; together they narrow it more; what is odd is not asked for."""

    def found(query: str) -> set[str]:
        page = read(client, f"/portal/en/{query}")
        return {link.rpartition("/")[2] for link in page.links if "/en/cameras/" in link}

    everything = {"square-north", "square-south", "quay-east", "quay-west", "gone", "hostile"}
    changed = {"square-south", "quay-east"}
    assert found("") == everything
    assert found("?q=QUAY") == {"quay-east", "quay-west", "gone"} | changed
    assert found("?q=harbour+north") == {"square-north"} | changed
    assert found("?state=suspended") == {"quay-east"} | changed
    assert found("?q=quay&state=waiting") == {"quay-west", "gone"} | changed
    assert found("?box=114.165,22.27,114.175,22.285") == {"square-north", "square-south"} | changed
    for odd in ("?state=nonsense", "?box=1,2,3", "?box=nan,0,0,0", "?box=x,y,z,w", "?page=-1"):
        assert found(odd) == everything, odd
    assert "No camera matches that" in read(client, "/portal/en/?q=zzz").text


def test_sixty_thousand_cameras_are_paged_and_found(founded: PublicCity) -> None:
    """No page is long, every camera is on exactly one, and one is found by its name."""
    sites = tuple(
        RegisterSite(f"s{n}", f"Place {n}", 113.8 + (n % 60) * 0.01, 22.2 + (n // 60) * 0.005)
        for n in range(3000)
    )
    cameras = tuple(
        RegisterCamera(f"c{n}", f"s{n % 3000}", f"Camera {n}", "running", "") for n in range(60_000)
    )
    register = structs.replace(founded.made, sites=sites, cameras=cameras)
    portal = Portal(Still(register, founded))

    def shown(**query: str) -> tuple[PageReader, list[str]]:
        page = PageReader(portal.page(Asked("en", (), query, "https://city.example/")).html)
        assert page.faults == []
        links = [link for link in page.links if link.startswith("/portal/en/cameras/")]
        return page, [link.rpartition("/")[2] for link in links]

    first, cameras_shown = shown()
    assert len([name for name in cameras_shown if name in portal.lookup().cameras]) >= 50
    assert len(first.links) < 700
    assert "60,000" in first.text
    assert "Page 1 of 1,200" in first.text
    boxes = [link for link in first.links if "box=" in link]
    assert 20 < len(boxes) <= 150
    inside, _ = shown(box=boxes[0].partition("box=")[2].replace("%2C", ","))
    assert "Page 1 of 1,200" not in inside.text
    lookup = Lookup(register)
    pages = [
        name
        for page in range(1, 1201, 300)
        for name in shown(page=str(page))[1]
        if name in lookup.cameras
    ]
    assert len(pages) == len(set(pages)) == 4 * CAMERAS_PER_PAGE
    assert shown(q="Camera 59999")[1][:1] == ["c59999"]
    assert "Page 1,200 of 1,200" in shown(page="9999999")[0].text


def test_an_empty_city_has_pages_too(founded: PublicCity) -> None:
    """Nothing is permitted, and every page says so instead of failing."""
    empty = Register("", 0, "x", 0, "", False, Contact())  # noqa: FBT003 - not simulated
    assert "No camera is registered" in show(empty, founded).text
    assert "No assessment has been approved" in show(empty, founded, "assessments").text
    assert "no entry yet" in show(empty, founded, "changes").text
    assert "Nobody is named here" in show(empty, founded, "ask").text


def test_assessments_say_when_they_were_approved_and_what_they_cover(client: Client) -> None:
    """The one in force, and the one that it replaced, each with its document."""
    page = read(client, "/portal/en/assessments")
    assert "In force Name harbour-square-hk@2" in page.text
    assert "Replaced by a later one Name harbour-square-hk@1" in page.text
    assert page.text.count("Approved 15 October 2026") == 2
    assert "4 cameras" in page.text
    assert "/portal/en/assessments/harbour-square-hk@1.pdf" in page.links
    document = read(client, "/portal/en/assessments/harbour-square-hk@2")
    for told in ("report FB-2025-88", "Example Hosting Cooperative", "Consultation", "Approval"):
        assert told in document.text


def test_several_bodies_are_told_apart(founded: PublicCity) -> None:
    """Who answers for most cameras comes first; each is told once."""
    register = founded.made
    other = Contact(controller="Port Authority", email="port@example.org")
    cameras = tuple(
        structs.replace(camera, contact=other) if camera.id == "quay-west" else camera
        for camera in register.cameras
    )
    page = show(structs.replace(register, cameras=cameras), founded, "ask")
    assert page.text.index("Answers for 4 cameras") < page.text.index("Answers for 1 camera.")
    assert [text for _, text in page.headings].count("Port Authority") == 1


def test_a_demonstration_says_so_on_every_page(founded: PublicCity) -> None:
    """Nobody can take it for a real camera network."""
    register = structs.replace(founded.made, simulated=True)
    for path in PAGES:
        parts, _, query = path.partition("?")
        page = show(register, founded, *[part for part in parts.split("/") if part])
        assert "This is a demonstration." in page.text, (path, query)


def test_a_demonstration_gives_no_address_to_write_to(founded: PublicCity) -> None:
    """Nobody answers for it: its made-up names and addresses are in no reader's language."""
    register = structs.replace(
        founded.made,
        simulated=True,
        cameras=tuple(
            structs.replace(
                camera, simulated=True, contact=structs.replace(camera.contact, simulated=True)
            )
            for camera in founded.made.cameras
        ),
    )
    for parts in (("ask",), ("cameras", "square-north")):
        page = show(register, founded, *parts, language="fr")
        assert "Ceci est une démonstration : personne" in page.text
        assert not [link for link in page.links if link.startswith("mailto:")]
    assert "Qui répond" in [
        text for _, text in show(register, founded, "ask", language="fr").headings
    ]


def test_what_is_counted_agrees_with_its_number(founded: PublicCity) -> None:
    """Beside "2" French says "Suspendues", beside 1 and on one camera "Suspendue"."""
    camera = structs.replace(founded.made.cameras[0], state="suspended", reason="changed", why="")
    other = structs.replace(camera, id="another")
    one, two = (
        show(structs.replace(founded.made, cameras=cameras), founded, language="fr").text
        for cameras in ((camera,), (camera, other))
    )
    assert "Suspendue 1 arrêtée" in one
    assert "Suspendues 2 arrêtées" in two
    assert "Arrêtée 0 arrêtée par" in two


def test_an_address_that_is_none_is_a_page_that_says_so(client: Client) -> None:
    """In the reader's words, with a way out; never a bare error."""
    for path in ("cameras/none", "sites/none", "assessments/none@1", "nothing", "ask/x", "a/b/c"):
        page = read(client, f"/portal/zh-Hant/{path}", 404)
        assert page.links.count("/portal/zh-Hant/changes") == 2, "in its head, and where it says so"
        assert "沒有這個頁面" in page.text, path
        assert "/portal/zh-Hant/" in page.links
    assert "There is no such page" in read(client, "/portal/xx/cameras/square-north", 404).text
    assert "There is no such page" in read(client, "/portal/register.csv", 404).text


def test_a_register_that_cannot_be_read_claims_nothing(
    client: Client, founded: PublicCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 in plain words, not kept by any cache; no number of cameras that might be wrong."""
    monkeypatch.setattr(founded, "broken", True)
    answer = client.get("/portal/en/")
    assert answer.status_code == 503
    assert answer.headers["cache-control"] == "no-store"
    page = PageReader(answer.text)
    assert page.faults == []
    assert "cannot be shown now" in page.text
    assert client.get("/portal/register.json").status_code == 503


def test_a_page_that_has_not_changed_is_not_sent_again(client: Client) -> None:
    """A tag of the content; 304 for who has it; HEAD as GET without a body."""
    first = client.get("/portal/en/never")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=5"
    again = client.get("/portal/en/never", headers={"if-none-match": f'"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/portal/en/ask", headers={"if-none-match": tag}).status_code == 200
    head = client.head("/portal/en/never")
    assert (head.status_code, head.headers["etag"]) == (200, tag)
    assert client.post("/portal/en/never").status_code == 405


def test_the_verify_page_gives_what_a_check_needs(client: Client, founded: PublicCity) -> None:
    """The command with this server's address and key, the checkpoint, and the signed state."""
    page = read(client, "/portal/en/verify")
    assert "plainview ledger verify 'http://127.0.0.1:8765/'" in page.text
    assert founded.ledger.vkey in page.text
    assert " ".join(founded.ledger.checkpoint().split()) in page.text
    assert "/api/v1/attestation" in page.links
    assert "--remember plainview.checkpoint" in page.text, "what was seen once stays seen"


def test_the_verify_page_says_where_the_program_is_or_that_nobody_said(
    client: Client, founded: PublicCity
) -> None:
    """The configured address as a link; without one, plainly that there is none; whom to ask."""
    for language in LANGUAGES:
        none = read(client, f"/portal/{language}/verify")
        said = words(language)
        assert " ".join(said.text("portal.verify.program.none").split()) in none.text
        assert none.links.count(f"/portal/{language}/ask") > read(
            client, f"/portal/{language}/never"
        ).links.count(f"/portal/{language}/ask"), "in the page itself, not in its head alone"
        address = "https://code.example/plainview?v=1&as=here"
        asked = Asked(language, ("verify",), {}, "https://city.example/")
        html = Portal(founded, program=address).page(asked).html
        assert f'<a href="{escape(address)}">{escape(address)}</a>' in html
        assert said.text("portal.verify.program.none") not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_never_done_names_the_pictures_that_leave(client: Client, language: str) -> None:
    """Numbers are not all that may: a permit may allow a drawn view, and sealed recording."""
    for key, page in (
        ("portal.never.honest.view", "never"),
        ("portal.never.honest.record", "never"),
        ("portal.ask.right.see", "ask"),
        ("portal.footage.lede", "footage"),
    ):
        said = " ".join(words(language).text(key).split())
        assert said in read(client, f"/portal/{language}/{page}").text, key


def test_opened_footage_is_told_without_names(client: Client) -> None:
    """In which role, of which cameras and minutes, what for, and how often it was opened."""
    page = read(client, "/portal/en/footage").text
    assert "22 November 2026 20:00:00 HKT to 22 November 2026 20:01:00 HKT" in page
    assert page.index("Waits for two approvals") < page.index("Allowed"), "the newest first"
    assert "How the fall at the kerb came about" in page
    assert "2 times" in page
    assert "everybody can be seen" in page
    assert "Entry 3 Entry 5 Entry 6 Entry 7" in page, "a link says where it leads"


def test_no_notice_is_offered_of_what_nothing_permits(client: Client, founded: PublicCity) -> None:
    """The page says why in its place; a suspended camera's sign stands where it stood."""
    for language in LANGUAGES:
        said = " ".join(words(language).text("portal.camera.notice.none").split())
        for camera, offered in (("quay-west", False), ("quay-east", True), ("gone", False)):
            page = read(client, f"/portal/{language}/cameras/{camera}")
            assert (said in page.text) is not offered, camera
            assert any("/portal/notices/" in link for link in page.links) is offered, camera
    assert "/portal/notices/sites/quay.pdf?lang=en" in read(client, "/portal/en/sites/quay").links
    idle = tuple(one for one in founded.made.cameras if one.id == "quay-west")
    shown = show(structs.replace(founded.made, cameras=idle), founded, "sites", "quay")
    assert words("en").text("portal.site.notice.none") in shown.text
    assert not [link for link in shown.links if "/portal/notices/" in link]
