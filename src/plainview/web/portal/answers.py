"""Answers of the portal as HTTP has them: tags, caching, what a browser may do with them."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response

from plainview.web.portal.downloads import Busy, Download
from plainview.web.portal.pages import Page

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No script at all, not even our own. The one form, the search, goes to this server."""

SHORT: Final = "public, max-age=5"
FOREVER: Final = "public, max-age=31536000, immutable"
DAY: Final = "public, max-age=86400"
ASK_AGAIN: Final = "no-cache"
TEXT: Final = "text/plain"
OPEN: Final = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
"""Public data may be read by any page anywhere: that is what it is for."""

_SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A picture or file opened by itself is a page too: it may load and run nothing."""
_VIEWER: Final = "default-src 'none'; frame-ancestors 'none'"
"""Browsers' own viewers of PDF do not work in a sandbox."""

Asking = Request[Any, Any, Any]
Answer = Response[bytes]


def page_answer(request: Asking, page: Page) -> Answer:
    """A page for people."""
    headers = {
        "cache-control": SHORT if page.status == 200 and page.kept else "no-store",
        "content-security-policy": POLICY,
    }
    return answer(request, page.html.encode(), "text/html", headers, page.status)


def download(
    request: Asking,
    file: Download,
    caching: str,
    *,
    open_to_all: bool = False,
    vary: str = "",
) -> Answer:
    """`file`, shown in the browser where it can, under its own name where it is kept."""
    headers = {
        "cache-control": caching,
        "content-disposition": f'inline; filename="{_plain(file.name)}"',
        "content-security-policy": _VIEWER if file.media_type == "application/pdf" else _SANDBOX,
        **(OPEN if open_to_all else {}),
        **({"vary": vary} if vary else {}),
    }
    return answer(request, file.data, file.media_type, headers)


def answer(
    request: Asking,
    data: bytes,
    media_type: str,
    headers: Mapping[str, str],
    status: int = 200,
) -> Answer:
    """`data` with a tag of its content; 304 where the reader has just that."""
    tag = f'W/"{hashlib.sha256(data).hexdigest()[:32]}"'
    tagged = {**headers, "etag": tag}
    if status == 200 and tag in _tags(request.headers.get("if-none-match", "")):
        return Response(b"", status_code=304, headers=tagged, media_type=media_type)
    return Response(data, status_code=status, headers=tagged, media_type=media_type)


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header[:2000].split(",")}


def busy_answer(busy: Busy) -> Answer:
    """Too many ask for documents: come back in a while."""
    headers = {"retry-after": "30", "cache-control": "no-store"}
    return Response(busy.line().encode(), status_code=503, headers=headers, media_type=TEXT)


def _plain(name: str) -> str:
    """`name` as a header may carry it."""
    return re.sub(r"[^A-Za-z0-9._@-]", "_", name)[:100]
