"""The console's API over `Desk`: cameras' standing, stop switches, and assessments as a form."""

import datetime as dt
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post, put
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery, JSONBody, PathParameter
from msgspec import structs

from plainview import __version__
from plainview.errors import InputError
from plainview.governance import jsonschema
from plainview.governance.assessment import Assessment, parse_assessment
from plainview.governance.capability import CAPABILITIES
from plainview.governance.diff import Change, diff
from plainview.governance.pack import load_pack, pack_names
from plainview.governance.render.html import assessment_html
from plainview.governance.render.pdf import assessment_pdf
from plainview.web.access.rules import PUBLIC, Action, person_of, rule
from plainview.web.desk import Desk, DraftEdge
from plainview.web.desk_documents import NAME, data_of, text_of, unreadable
from plainview.web.desk_edge import (
    AsRead,
    Checked,
    Choices,
    Drafted,
    DraftForm,
    DraftRow,
    DraftRows,
    Lifted,
    NewDraft,
    PackChoice,
    Published,
    StandingNow,
    StopChange,
    Written,
)

_SMALL: Final = 10_000
_LARGE: Final = 4_500_000
"""Bytes of a document of the size that may be read, as JSON."""

_READS: Final[dict[str, Any]] = {"tags": ["desk"], "sync_to_thread": True}
_CHANGES: Final[dict[str, Any]] = {**_READS, "status_code": 200, "request_max_body_size": _SMALL}
_WRITES: Final[dict[str, Any]] = {**_CHANGES, "request_max_body_size": _LARGE}

Asked = Request[Any, Any, Any]
Id = Annotated[
    str, PathParameter(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
]
Language = Literal["en", "zh-Hant"]

_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Of the document that stands alone, with its style inside: no script, nothing from anywhere."""


def desk_handlers(desk: Desk) -> list[Any]:
    """The handlers below /api/v1/desk. Each names the action that the gate asks the policy for."""
    return [*_standing(desk), *_reading(desk), *_writing(desk), *_deciding(desk), *_printing(desk)]


def _standing(desk: Desk) -> list[Any]:
    def standing_now() -> StandingNow:
        return StandingNow(desk.cameras(), desk.stops())

    @get("/api/v1/desk/standing", opt=rule(Action.READ_STANDING), **_READS)
    def standing() -> StandingNow:
        """Each camera: does it run, and why not; and the stop switches that are pressed."""
        return standing_now()

    @post("/api/v1/desk/stops", opt=rule(Action.STOP), **_CHANGES)
    def press(request: Asked, data: JSONBody[StopChange]) -> StandingNow:
        """Stop at once what the scope names. One person is enough."""
        desk.press_stop(person_of(request), data.scope, data.why)
        return standing_now()

    @post(
        "/api/v1/desk/stops/lift",
        opt=rule(Action.RESUME),
        **_CHANGES,
    )
    def lift(request: Asked, data: JSONBody[StopChange]) -> Lifted:
        """Agree that it may start again. It does when a second person has agreed."""
        lifted = desk.lift_stop(person_of(request), data.scope, data.why)
        return Lifted(lifted, standing_now())

    return [standing, press, lift]


def _reading(desk: Desk) -> list[Any]:
    @get("/api/v1/desk/assessment-schema", opt=PUBLIC, **_READS)
    def schema() -> dict[str, Any]:
        """JSON Schema of an assessment, each field with its help text."""
        return jsonschema.schema()

    @get("/api/v1/desk/choices", opt=PUBLIC, **_READS)
    def choices() -> Choices:
        """Capabilities and policy packs that an assessment may name."""
        packs = [load_pack(name) for name in pack_names()]
        return Choices(
            CAPABILITIES,
            [PackChoice(pack.id, pack.title, len(pack.rules)) for pack in packs],
            __version__,
        )

    @get("/api/v1/desk/drafts", opt=rule(Action.READ_DRAFTS), **_READS)
    def drafts() -> DraftRows:
        """Assessments: live ones and the newest of those being written."""
        return _rows(desk)

    @get("/api/v1/desk/drafts/{draft:str}", opt=rule(Action.READ_DRAFTS), **_READS)
    def one(draft: Id) -> Drafted:
        """One assessment: what is being written, and what is live."""
        written, live = _both(desk, draft)
        if written and written.fault and live:
            written = None  # what is in force can be read all the same
        return Drafted(_form(written) if written else None, _form(live) if live else None)

    @get("/api/v1/desk/drafts/{draft:str}/diff", opt=rule(Action.READ_DRAFTS), **_READS)
    def compare(draft: Id) -> list[Change]:
        """What the draft changes in the live revision; nothing where there is only one."""
        written, live = _both(desk, draft)
        if written is None or live is None:
            return []
        changes = diff(_read(live), _read(written))
        return sorted(changes, key=lambda change: not change.wider)

    return [schema, choices, drafts, one, compare]


def _writing(desk: Desk) -> list[Any]:
    @post(
        "/api/v1/desk/check",
        opt=rule(Action.ASSESS),
        **_WRITES,
    )
    def check(data: JSONBody[Written]) -> Checked:
        """What is wrong with an assessment; nothing is kept.

        What cannot be read comes first, and alone: rules are asked of what is written whole.
        """
        refused = unreadable(data.document)
        if refused:
            return Checked(refused, readable=False)
        return Checked(desk.check(text_of(data.document)))

    @post(
        "/api/v1/desk/new",
        opt=rule(Action.ASSESS),
        **_CHANGES,
    )
    def new(data: JSONBody[NewDraft]) -> Written:
        """An assessment to begin with: this city's cameras, and the fields that the packs ask."""
        return Written(data_of(parse_assessment(desk.new_draft(data.packs), f"{NAME}.toml")))

    @post("/api/v1/desk/drafts", opt=rule(Action.ASSESS), **_WRITES)
    def begin(request: Asked, data: JSONBody[Written]) -> DraftForm:
        """Keep a new draft. Refused where there is one with its id."""
        name = str(data.document.get("id", ""))
        if any(desk.draft(name)):
            raise InputError(
                f"there is an assessment {name!r} already",
                where="id",
                mend="Give this one another id, or revise that one",
            )
        return _form(desk.write_draft(person_of(request), text_of(data.document)))

    @put("/api/v1/desk/drafts/{draft:str}", opt=rule(Action.ASSESS), **_WRITES)
    def write(request: Asked, draft: Id, data: JSONBody[Written]) -> DraftForm:
        """Keep a draft in place of the one that it was made from; its approvals lapse."""
        if data.document.get("id") != draft:
            raise InputError("an assessment keeps its id", where="id", mend=f"Write {draft!r}")
        now, _ = desk.draft(draft)
        if now is not None:
            _refuse_another(now, data.over)
        return _form(desk.write_draft(person_of(request), text_of(data.document)))

    @post("/api/v1/desk/drafts/{draft:str}/discard", opt=rule(Action.ASSESS), **_CHANGES)
    def discard(request: Asked, draft: Id, data: JSONBody[AsRead]) -> DraftRows:
        """Delete exactly the draft that was read; what is left.

        Its approvals stay in the ledger, where an entry says that they count no more.
        """
        desk.discard_draft(person_of(request), draft, data.digest)
        return _rows(desk)

    return [check, new, begin, write, discard]


def _deciding(desk: Desk) -> list[Any]:
    @post(
        "/api/v1/desk/drafts/{draft:str}/approve",
        opt=rule(Action.APPROVE),
        **_CHANGES,
    )
    def approve(request: Asked, draft: Id, data: JSONBody[AsRead]) -> DraftForm:
        """Approve exactly what was read, as controller or privacy officer."""
        return _form(desk.approve(person_of(request), draft, data.digest))

    @post(
        "/api/v1/desk/drafts/{draft:str}/publish",
        opt=rule(Action.PUBLISH),
        **_CHANGES,
    )
    def publish(request: Asked, draft: Id) -> Published:
        """Grant the permit of a draft that both have approved."""
        return Published(desk.publish(person_of(request), draft))

    return [approve, publish]


def _printing(desk: Desk) -> list[Any]:
    def whole(name: str, revision: int | None) -> Assessment:
        found = _both(desk, name)
        for one in found:
            if one is not None and revision in {None, one.revision}:
                return _read(one)
        raise NotFoundException(f"There is no revision {revision} of {name!r} here")

    reading: dict[str, Any] = {
        "opt": rule(Action.READ_DRAFTS, page=True),
        "include_in_schema": False,
        "sync_to_thread": True,
    }

    @get("/assessments/read/{draft:str}", **reading)
    def read(
        draft: Id, lang: FromQuery[Language] = "en", revision: FromQuery[int | None] = None
    ) -> Response[str]:
        """The whole assessment on one page, as who approves it reads it."""
        return Response(
            assessment_html(whole(draft, revision), lang),
            media_type="text/html",
            headers={"content-security-policy": _PAGE_POLICY, "cache-control": "no-store"},
        )

    @get("/assessments/print/{draft:str}", **reading)
    def printed(
        draft: Id, lang: FromQuery[Language] = "en", revision: FromQuery[int | None] = None
    ) -> Response[bytes]:
        """The same as a PDF."""
        assessment = whole(draft, revision)
        name = f"{assessment.id}-{assessment.revision}.pdf"
        return Response(
            assessment_pdf(assessment, lang),
            media_type="application/pdf",
            headers={
                "content-disposition": f'inline; filename="{name}"',
                "cache-control": "no-store",
            },
        )

    return [read, printed]


def _both(desk: Desk, name: str) -> tuple[DraftEdge | None, DraftEdge | None]:
    """What is being written of the assessment `name`, and what is live of it."""
    found = desk.draft(name)
    if not any(found):
        raise NotFoundException(f"There is no assessment {name!r}: see /api/v1/desk/drafts")
    return found


def _refuse_another(now: DraftEdge, over: str) -> None:
    """What is written must be made from the draft as it is `now`."""
    _read(now)
    if now.digest != over:
        raise InputError(
            "somebody else has changed this draft since you opened it",
            where=now.id,
            mend="Open it again in another window and put both changes together",
        )


def _read(draft: DraftEdge) -> Assessment:
    """What stands in it. Raises InputError for a draft that cannot be read."""
    if draft.assessment is None:
        raise InputError(draft.fault)
    return draft.assessment


def _form(draft: DraftEdge) -> DraftForm:
    return DraftForm(
        id=draft.id,
        revision=draft.revision,
        title=draft.title,
        digest=draft.digest,
        findings=draft.findings,
        approvals=draft.approvals,
        published=draft.published,
        document=data_of(_read(draft)),
    )


def _rows(desk: Desk) -> DraftRows:
    told = desk.drafts()
    rows = [_row(one) for one in told.found]
    return DraftRows(rows, told.later, told.unread, told.folder)


def _row(draft: DraftEdge) -> DraftRow:
    """A row of the list; a draft that cannot be read stays in it, so that it can be mended."""
    row = DraftRow(
        id=draft.id,
        revision=draft.revision,
        title=draft.title,
        published=draft.published,
        findings=len(draft.findings),
        approvals=draft.approvals,
        digest=draft.digest,
        fault=draft.fault,
    )
    one = draft.assessment
    if one is None:
        return row
    return structs.replace(
        row,
        begins=_day(one.period.begins),
        ends=_day(one.period.ends),
        review=_day(one.review_date),
        simulated=one.simulated,
        cameras=len(one.cameras),
        packs=list(one.packs),
    )


def _day(date: dt.date | None) -> str | None:
    return None if date is None else date.isoformat()
