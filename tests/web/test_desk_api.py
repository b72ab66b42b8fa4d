"""The console's API over a desk that keeps state: who may do what, forms and documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from msgspec import structs
from tests.web.standin_desk import TODAY, StandinDesk, running

from plainview.document.body import NOTHING
from plainview.errors import BoundaryError, InputError
from plainview.governance.assessment import Assessment, load_assessment, parse_assessment
from plainview.governance.person import Person, Role
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import Application, create_app
from plainview.web.desk_api import desk_handlers
from plainview.web.desk_documents import assessment_of, data_of, text_of
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

HERE = "http://127.0.0.1:8765"
EXAMPLES = Path(__file__).parents[1] / "governance" / "examples"
DESK = "/api/v1/desk"


class Somebody:
    """A client that signs in as whom the test says."""

    def __init__(self, client: TestClient[Application], access: Access) -> None:
        """Not signed in."""
        self.client, self._access = client, access
        self._csrf = ""

    def become(self, role: Role, name: str = "Kim") -> "Somebody":
        """Signed in as `name` in `role`."""
        token, session = self._access.sessions.open(Person(name, role), name, "link")
        self.client.cookies.clear()
        self.client.cookies.set("plainview-8765", token, domain="127.0.0.1")
        self._csrf = session.csrf
        return self

    @property
    def proof(self) -> dict[str, str]:
        """The header by which a change is the session's own."""
        return {"plainview-csrf": self._csrf}

    def get(self, path: str, status: int = 200) -> Any:  # noqa: ANN401 - JSON
        """The JSON at `path` below the desk."""
        answer = self.client.get(DESK + path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: object, status: int = 200) -> Any:  # noqa: ANN401 - JSON
        """The JSON that `method` at `path` answers to `body`, with the session's own token."""
        answer = self.client.request(
            method,
            DESK + path,
            content=msgspec.json.encode(body),
            headers={"content-type": "application/json", "plainview-csrf": self._csrf},
        )
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def desk(world: "World") -> StandinDesk:
    """Two cameras of the plaza."""
    cameras = (running("plaza-north", "plaza", "North"), running("plaza-south", "plaza"))
    return StandinDesk(cameras, world.clock, today=TODAY)


@pytest.fixture
def example(desk: StandinDesk) -> Assessment:
    """A whole assessment of both cameras, in which nothing is wrong."""
    written = load_assessment(EXAMPLES / "eu.toml")
    cameras = tuple(
        structs.replace(written.cameras[0], id=camera, site="plaza", fingerprint=view)
        for camera, view in desk.views.items()
    )
    capabilities = tuple(structs.replace(one, cameras=()) for one in written.capabilities)
    return structs.replace(written, cameras=cameras, capabilities=capabilities)


@pytest.fixture
def somebody(
    world: "World", sites: tuple[SiteView, ...], desk: StandinDesk, tmp_path: Path
) -> Iterator[Somebody]:
    """A client of an application in which people are measured."""
    access = Access(AccessSettings(), tmp_path / "access", world.clock)
    app = create_app(
        sites=tuple(structs.replace(site, simulated=False) for site in sites),
        store=world.store,
        clock=world.clock,
        static=tmp_path / "static",
        access=access,
        desk=desk,
        more=desk_handlers(desk),
    )
    with TestClient(app, base_url=HERE) as client:
        yield Somebody(client, access)


def document(assessment: Assessment) -> Any:  # noqa: ANN401 - JSON
    """What the form sends for `assessment`."""
    return msgspec.json.decode(msgspec.json.encode(assessment))


# --- documents -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_what_the_form_shows_and_keeps_is_the_same_assessment(path: Path) -> None:
    """Through JSON and back to TOML, each example keeps every answer, and so its digest."""
    assessment = load_assessment(path)
    shown = msgspec.json.decode(msgspec.json.encode(data_of(assessment)))
    assert assessment_of(shown) == assessment
    assert parse_assessment(text_of(shown), "again.toml").digest() == assessment.digest()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=80),
    tag=st.sampled_from(["en", "zh-Hant", "fr"]),
)
def test_every_text_survives_the_way_to_the_document(
    example: Assessment, text: str, tag: str
) -> None:
    """Quotes, backslashes, line breaks and signs of any script come back as they were written."""
    data = document(example)
    data["processing"]["description"] = text
    data["notice"]["text"] = {tag: text}
    data["people"]["groups"] = [text]
    again = parse_assessment(text_of(data), "again.toml")
    assert again.processing.description == text
    assert again.notice.text == {tag: text}
    assert again.people.groups == (text,)


@pytest.mark.parametrize(
    ("path", "value", "where", "error"),
    [
        (("rights", "days"), 0, "rights.days", InputError),
        (("period", "begins"), "soon", "period.begins", InputError),
        (("aims", 0, "id"), "", "aims[0].id", InputError),
        (("capabilities", 0, "name"), "face-recognition", "capabilities[0].name", BoundaryError),
        (("colour",), "red", "colour", InputError),
    ],
)
def test_what_cannot_be_read_names_its_field(
    example: Assessment,
    path: tuple[str | int, ...],
    value: object,
    where: str,
    error: type[InputError],
) -> None:
    """A form that could not be kept is refused with the field, and the boundary by name."""
    data = document(example)
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(error) as caught:
        text_of(data)
    assert caught.value.where == where


# --- the stop switch -----------------------------------------------------------------------------


def test_the_schema_names_each_operation_once(somebody: Somebody) -> None:
    """Reading and writing on one path are two operations: with one name, no schema was given."""
    answer = somebody.client.get("/schema/openapi.json")
    assert answer.status_code == 200, answer.text
    paths = answer.json()["paths"]
    names = [one["operationId"] for methods in paths.values() for one in methods.values()]
    assert len(names) == len(set(names))
    assert {"get_api_v1_desk_drafts", "post_api_v1_desk_drafts"} <= set(names)


def test_one_presses_and_two_lift(somebody: Somebody) -> None:
    """The answer to each already shows what follows from it."""
    standing = somebody.become(Role.OPERATOR, "Ada").send(
        "POST", "/stops", {"scope": "site:plaza", "why": "a drill"}
    )
    assert {camera["state"] for camera in standing["cameras"]} == {"stopped"}
    assert standing["cameras"][0]["name"] == "North"
    assert [stop["scope"] for stop in standing["stops"]] == ["site:plaza"]
    again = {"scope": "site:plaza", "why": "it is over"}
    first = somebody.become(Role.SUPERVISOR, "Bo").send("POST", "/stops/lift", again)
    assert not first["lifted"]
    assert first["standing"]["stops"][0]["agreed"] == ["supervisor"]
    refused = somebody.send("POST", "/stops/lift", again, status=400)
    assert "another person" in refused["detail"]
    second = somebody.become(Role.PRIVACY_OFFICER, "Cleo").send("POST", "/stops/lift", again)
    assert second["lifted"]
    assert {camera["state"] for camera in second["standing"]["cameras"]} == {"running"}


def test_a_stop_without_a_reason_is_refused(somebody: Somebody, desk: StandinDesk) -> None:
    """The public reads why: nothing is stopped without it."""
    somebody.become(Role.OPERATOR).send("POST", "/stops", {"scope": "city", "why": " "}, status=400)
    assert desk.stops() == []


def test_a_body_nested_without_end_is_wrong_input_and_no_defect(
    somebody: Somebody, desk: StandinDesk
) -> None:
    """Whoever sends it fills no log with what would read as a mistake of the program."""
    somebody.become(Role.OPERATOR)
    deep = "[" * 5_000
    answer = somebody.client.post(
        f"{DESK}/stops",
        content=f'{{"scope": "city", "why": {deep}',
        headers=somebody.proof | {"content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "what was sent is nested too deeply",
    )
    assert not desk.stops()


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, NOTHING),
        (b'{"scope": "ci', 400, "no whole JSON"),
        (b'{"scope": "city", "why": "\xff\xfe"}', 400, "what was sent is no text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n", 400, "no JSON: invalid character at byte 0"),
        (b"hello", 400, "no JSON: invalid character at byte 0"),
        (b"[]", 400, "should be an object, not a list"),
        (b'{"scope": "city"}', 400, "'why' is missing"),
        (b'{"scope": "city", "why": 7}', 400, "should be text, not a whole number"),
        (b'{"why": "' + b"x" * 5_000_000 + b'"}', 413, "larger than anything"),
    ],
)
def test_a_body_that_is_no_answer_is_one_clear_message_and_no_defect(
    somebody: Somebody, desk: StandinDesk, body: bytes, status: int, says: str
) -> None:
    """Bytes that are no text were "a mistake of Plainview", with a traceback in its log each."""
    somebody.become(Role.OPERATOR)
    answer = somebody.client.post(
        f"{DESK}/stops", content=body, headers=somebody.proof | {"content-type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    assert says in answer.json()["detail"]
    assert not desk.stops()


def test_a_page_elsewhere_can_press_nothing(somebody: Somebody, desk: StandinDesk) -> None:
    """Without the session's own token no switch is pressed and no draft is kept."""
    somebody.become(Role.OPERATOR)
    for path, body in {"stops": {"scope": "city", "why": "mischief"}, "drafts": {}}.items():
        answer = somebody.client.post(f"{DESK}/{path}", json=body)
        assert answer.status_code == 403, answer.text
    assert desk.stops() == []
    assert desk.drafts().found == []


CHANGES = {
    ("POST", "/stops"): {"scope": "city", "why": "a drill"},
    ("POST", "/stops/lift"): {"scope": "city", "why": "a drill"},
    ("POST", "/check"): {"document": {}},
    ("POST", "/new"): {"packs": []},
    ("POST", "/drafts"): {"document": {}},
    ("PUT", "/drafts/x"): {"document": {}},
    ("POST", "/drafts/x/discard"): {"digest": ""},
    ("POST", "/drafts/x/approve"): {"digest": ""},
    ("POST", "/drafts/x/publish"): {},
}
MAY = {
    Role.OPERATOR: {"/stops"},
    Role.SUPERVISOR: {"/stops", "/stops/lift"},
    Role.COMMISSIONER: set(),
    Role.ADMINISTRATOR: {
        *("/stops", "/stops/lift", "/check", "/new"),
        *("/drafts", "/drafts/x", "/drafts/x/discard"),
    },
    Role.CONTROLLER: {path for _, path in CHANGES},
    Role.PRIVACY_OFFICER: {path for _, path in CHANGES},
}


@pytest.mark.parametrize("role", Role)
def test_each_role_changes_only_what_is_its_own(somebody: Somebody, role: Role) -> None:
    """Every changing route, every role: what the policies do not permit is refused before it."""
    somebody.become(role)
    for (method, path), body in CHANGES.items():
        answer = somebody.client.request(
            method,
            DESK + path,
            json=body,
            headers={"plainview-csrf": somebody._csrf},
        )
        refused = answer.status_code == 403 and " may not " in answer.text
        assert refused == (path not in MAY[role]), (role, path, answer.text)


def test_a_damaged_draft_is_told_and_never_written_over(
    somebody: Somebody, desk: StandinDesk, example: Assessment
) -> None:
    """Whoever saves another under its id would lose it; asking for it says what is wrong."""
    desk.damage(example.id, "governance/drafts/x.toml: is no text in UTF-8. Save it as UTF-8")
    somebody.become(Role.CONTROLLER)
    (row,) = somebody.get("/drafts")["rows"]
    assert (row["id"], row["fault"][:17]) == (example.id, "governance/drafts")
    asked = somebody.get(f"/drafts/{example.id}", status=400)
    assert "is no text in UTF-8" in asked["detail"]
    body = {"document": document(example), "over": row["digest"]}
    put = somebody.send("PUT", f"/drafts/{example.id}", body, status=400)
    assert "is no text in UTF-8" in put["detail"]
    begun = somebody.send("POST", "/drafts", {"document": document(example)}, status=400)
    assert "already" in begun["detail"]
    left = somebody.send("POST", f"/drafts/{example.id}/discard", {"digest": row["digest"]})
    assert left == {"rows": [], "later": 0, "unread": 0, "folder": "governance/drafts"}


def test_a_visitor_sees_no_draft_and_no_standing(somebody: Somebody) -> None:
    """Where people are, only the schema and the choices are for everybody."""
    for path in ("/standing", "/drafts", "/drafts/x", "/drafts/x/diff"):
        somebody.get(path, status=401)
    somebody.get("/assessment-schema")
    somebody.get("/choices")


# --- assessments ---------------------------------------------------------------------------------


def test_the_schema_has_a_help_text_for_every_field(somebody: Somebody) -> None:
    """What the form shows beside a field comes from here, and so none may be without."""
    schema = somebody.get("/assessment-schema")
    lacking = [
        f"{name}.{field}"
        for name, one in schema["$defs"].items()
        for field, about in one.get("properties", {}).items()
        if not about.get("description")
    ]
    assert len(schema["$defs"]["Assessment"]["properties"]) > 20
    assert lacking == []
    choices = somebody.get("/choices")
    assert {pack["id"] for pack in choices["packs"]} >= {"hk", "uk", "eu", "fr", "nyc"}
    assert all(pack["rules"] > 0 and pack["title"] for pack in choices["packs"])


def test_from_a_new_draft_to_a_permit(
    somebody: Somebody, desk: StandinDesk, example: Assessment
) -> None:
    """New, checked, kept, approved by two people, published; what is too early is refused."""
    somebody.become(Role.CONTROLLER, "Ada Example")
    begun = somebody.send("POST", "/new", {"packs": ["eu"]})["document"]
    assert [camera["id"] for camera in begun["cameras"]] == list(desk.views)
    findings = somebody.send("POST", "/check", {"document": begun})["findings"]
    assert {"aims[0].evidence", "controller.name"} <= {found["field"] for found in findings}
    assert all(found["clause"] for found in findings)
    begun["aims"][0]["id"] = ""
    (found,) = somebody.send("POST", "/check", {"document": begun})["findings"]
    assert found["field"] == "aims[0].id"
    begun |= {"revision": 0, "language": "", "packs": 3, "colour": "red", "face-match": 1}
    begun["period"]["begins"] = "soon"
    begun["capabilities"][0]["name"] = "cuont"
    told = somebody.send("POST", "/check", {"document": begun})
    assert not told["readable"]
    assert sorted(found["field"] for found in told["findings"]) == [
        *("aims[0].id", "capabilities[0].name", "colour", "face-match"),
        *("language", "packs", "period.begins", "revision"),
    ]

    answers = document(example)
    assert somebody.send("POST", "/check", {"document": answers})["findings"] == []
    kept = somebody.send("POST", "/drafts", {"document": answers})
    assert kept["document"] == answers
    somebody.send("POST", "/drafts", {"document": answers}, status=400)
    name = f"/drafts/{example.id}"
    lacking = somebody.send("POST", f"{name}/publish", {}, status=400)
    assert "controller" in lacking["detail"]
    somebody.send("POST", f"{name}/approve", {"digest": "0" * 64}, status=400)
    approved = somebody.send("POST", f"{name}/approve", {"digest": kept["digest"]})
    assert [approval["role"] for approval in approved["approvals"]] == ["controller"]

    somebody.become(Role.PRIVACY_OFFICER, "Ada Example")
    somebody.send("POST", f"{name}/approve", {"digest": kept["digest"]}, status=403)
    somebody.become(Role.PRIVACY_OFFICER, "Ben Sample")
    somebody.send("POST", f"{name}/approve", {"digest": kept["digest"]})
    permit = somebody.send("POST", f"{name}/publish", {})
    assert permit == {"permit": example.name}
    (row,) = somebody.get("/drafts")["rows"]
    assert (row["published"], row["ends"], row["cameras"]) == (True, "2027-09-30", 2)


def test_a_change_takes_approvals_back_and_nobody_is_overwritten(
    somebody: Somebody, example: Assessment
) -> None:
    """What was approved is the text; two who edit at once do not undo each other unseen."""
    somebody.become(Role.CONTROLLER, "Ada Example")
    answers = document(example)
    kept = somebody.send("POST", "/drafts", {"document": answers})
    name = f"/drafts/{example.id}"
    somebody.send("POST", f"{name}/approve", {"digest": kept["digest"]})
    answers["residual"]["text"] += " And one sentence more."
    other = somebody.send("PUT", name, {"document": answers, "over": kept["digest"]})
    assert other["approvals"] == []
    answers["residual"]["text"] += " And another."
    refused = somebody.send("PUT", name, {"document": answers, "over": kept["digest"]}, status=400)
    assert "somebody else" in refused["detail"]
    answers["id"] = "another"
    somebody.send("PUT", name, {"document": answers, "over": other["digest"]}, status=400)
    assert somebody.get(name)["draft"]["digest"] == other["digest"]


def test_a_draft_is_compared_with_what_is_in_force(
    somebody: Somebody, desk: StandinDesk, example: Assessment
) -> None:
    """Both are given; what allows more comes first."""
    desk.publish_at_once(example)
    somebody.become(Role.CONTROLLER)
    answers = document(structs.replace(example, revision=2))
    answers["legal"]["law"] = "Another act"
    answers["retention"]["readings"] = "31 d"
    somebody.send("PUT", f"/drafts/{example.id}", {"document": answers})
    both = somebody.get(f"/drafts/{example.id}")
    assert (both["draft"]["revision"], both["live"]["revision"]) == (2, 1)
    changes = somebody.get(f"/drafts/{example.id}/diff")
    assert [change["field"] for change in changes if change["wider"]] == ["retention.readings"]
    assert changes[0]["field"] == "retention.readings"
    assert {"revision", "legal.law"} <= {change["field"] for change in changes}
    somebody.get("/drafts/nothing", status=404)


def test_a_draft_can_be_read_whole_and_printed(
    somebody: Somebody, desk: StandinDesk, example: Assessment
) -> None:
    """The page stands alone, without any script, and shows text as text; the PDF is one."""
    desk.publish_at_once(example)
    danger = structs.replace(
        example,
        revision=2,
        processing=structs.replace(example.processing, description="<script>alert(1)</script>"),
    )
    somebody.become(Role.COMMISSIONER)
    desk.write_draft(Person("Cora", Role.CONTROLLER), text_of(document(danger)))
    page = somebody.client.get(f"/assessments/read/{example.id}")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    live = somebody.client.get(f"/assessments/read/{example.id}?revision=1&lang=zh-Hant")
    assert 'lang="zh-Hant"' in live.text
    assert "alert(1)" not in live.text
    assert somebody.client.get(f"/assessments/read/{example.id}?revision=7").status_code == 404
    printed = somebody.client.get(f"/assessments/print/{example.id}")
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF-")
