"""Every error as one clear JSON problem (RFC 9457); never a traceback."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import UNSET, Struct, UnsetType

from plainview.document.body import Fault, fault, faults_of, unread
from plainview.errors import AccessRefused, InputError, PlainviewError
from plainview.web.access.gate import TooMany
from plainview.web.access.rules import SignInNeeded
from plainview.web.heads import with_head

_log = structlog.get_logger(__name__)


class Problem(Struct, frozen=True):
    """What went wrong, where, and how to mend it."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    where: str | UnsetType = UNSET
    mend: str | UnsetType = UNSET


_STATUS = ((InputError, 400), (SignInNeeded, 401), (TooMany, 429), (AccessRefused, 403))
"""The first kind that fits; what fits none is ours (503)."""


_WRITTEN: Final = {"which": "state", "data": "the body"}
"""What a handler's parameters are for who asks: Litestar keeps `state` for itself."""
_MISSING: Final = re.compile(r"Missing required query parameter '(?P<name>[^']*)'.*", re.DOTALL)


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    return Response(
        problem,
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers or {},
    )


def _title(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """A request that cannot be answered: no such address, a parameter out of bounds."""
    named = faults_of(request.scope, error.extra)
    faults = [one for _, one in named]
    if not faults and error.status_code == HTTPStatus.BAD_REQUEST:
        faults = [_unread(str(error.detail))]
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        faults = [Fault("what was sent is larger than anything that is asked for here")]
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        faults = [_unasked(request, error.headers or {})]
    if not faults and error.detail == HTTPStatus.NOT_FOUND.phrase:
        faults = [Fault("there is nothing at this address", "See /schema for what there is")]
    what = "; ".join(one.what for one in faults)
    return _answer(
        Problem(
            title=_title(error.status_code),
            status=error.status_code,
            detail=what or str(error.detail or _title(error.status_code)),
            where=", ".join(_WRITTEN.get(key, key) for key, _ in named) or UNSET,
            mend=". ".join(one.mend for one in faults if one.mend) or UNSET,
        ),
        dict(error.headers or {}),
    )


def _unread(detail: str) -> Fault:
    """What is wrong where Litestar names no part: of JSON that it could not read, and the like."""
    if missing := _MISSING.fullmatch(detail):
        return Fault(f"{missing['name']!r} is missing in the address", "Give it too")
    return fault(detail) if detail.startswith(("JSON ", "Input ", "Number ")) else Fault(detail)


def _unasked(request: Request[Any, Any, Any], headers: Mapping[str, str]) -> Fault:
    """What is wrong where an address takes other methods than asked; which, by its `headers`."""
    allowed = next((text for name, text in headers.items() if name.lower() == "allow"), "")
    return Fault(
        f"this address does not take {request.method[:20]}",
        allowed and f"It takes {with_head(request.scope['path'], allowed)}",
    )


def on_plainview(_: Request[Any, Any, Any], error: PlainviewError) -> Response[Problem]:
    """An error that explains itself: wrong input is the caller's, all else is ours."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 503)
    return _answer(
        Problem(
            title=_title(status),
            status=status,
            detail=error.what,
            where=error.where or UNSET,
            mend=error.mend or UNSET,
        ),
        error.headers if isinstance(error, TooMany) else None,
    )


def on_defect(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """A defect of Plainview: the log has it, the answer tells nothing of it."""
    _log.error("web.defect", path=request.scope["path"], exc_info=error)
    return _answer(
        Problem(
            title=_title(500),
            status=500,
            detail="Plainview made a mistake here; the rest goes on",
            mend="See Plainview's log, and report it",
        )
    )


def on_recursion(request: Request[Any, Any, Any], error: RecursionError) -> Response[Problem]:
    """A body nested so deeply that it is no answer to anything; elsewhere a defect like any."""
    return _on_body(request, error)


def on_bytes(request: Request[Any, Any, Any], error: UnicodeDecodeError) -> Response[Problem]:
    """A body that is no text; elsewhere a defect like any."""
    return _on_body(request, error)


def _on_body(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """A body that cannot be read, if that is where `error` is from."""
    what = unread(error)
    if what is None:
        return on_defect(request, error)
    return _answer(Problem(title=_title(400), status=400, detail=what))


HANDLERS = {
    HTTPException: on_http,
    PlainviewError: on_plainview,
    RecursionError: on_recursion,
    UnicodeDecodeError: on_bytes,
    Exception: on_defect,
}
