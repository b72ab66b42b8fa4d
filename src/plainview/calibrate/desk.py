"""The local page on which a person marks a frame: loopback only, one browser, ends with saving."""

import contextlib
import hmac
import secrets
import shlex
import socket
import webbrowser
from collections.abc import Callable, Sequence
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import msgspec
import uvicorn
from litestar import Litestar, Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.params import JSONBody
from msgspec import Meta, Struct

from plainview.calibrate.marks import Marks
from plainview.calibrate.output import camera_name, camera_toml, visible_area, write
from plainview.calibrate.problem import TooLittleMarked
from plainview.calibrate.solve import Solution, solve
from plainview.document.body import fault, faults_of, unread
from plainview.errors import InputError, PlainviewError
from plainview.geometry import BODY_HEIGHT, Line, Point, View, Zone, check_view

_COOKIE = "plainview-calibrate"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""No-store: the frame is scene content, and is to stay nowhere."""
_ASSETS = {
    "page.js": "text/javascript",
    "view.js": "text/javascript",
    "page.css": "text/css",
    "icon.svg": "image/svg+xml",
}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


Judge = Callable[[View], Sequence[str]]
"""What is amiss with the zones of a view, one line each."""


class Saving(Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends to be saved."""

    marks: Marks
    id: str
    area: Annotated[tuple[Point, ...], Meta(max_length=100)] = ()
    lines: Annotated[tuple[Line, ...], Meta(max_length=32)] = ()
    zones: Annotated[tuple[Zone, ...], Meta(max_length=64)] = ()
    overwrite: bool = False


class Answer(Struct, frozen=True, omit_defaults=True):
    """What the page gets back: a solution with its area, what is wanting, or what is wrong."""

    solution: Solution | None = None
    area: tuple[Point, ...] = ()
    wanting: str = ""
    """What is to be marked or typed next, where the marks do not say enough yet."""
    wrong: str = ""
    saved: str = ""
    exists: bool = False
    amiss: tuple[str, ...] = ()
    """What is amiss with the zones that are drawn, one line each."""


class _Facts(Struct, frozen=True):
    """What the page needs to know of the frame."""

    image_size: tuple[int, int]
    name: str
    id: str
    out: str
    exists: bool
    body: float


class _Desk:
    """One calibration at work: owns the frame, the token, the session and the result."""

    def __init__(
        self,
        out: Path,
        frame: bytes,
        size: tuple[int, int],
        video: str,
        source: str | None,
        judge: Judge,
    ) -> None:
        self.out = out
        self.frame = frame
        self.size = size
        self.video = video
        self.source = source
        self.judge = judge
        self.token: str | None = secrets.token_urlsafe(24)
        self.session = secrets.token_urlsafe(24)
        self.saved: Solution | None = None
        self.finish: Callable[[], None] = lambda: None

    def facts(self) -> _Facts:
        return _Facts(
            self.size,
            Path(self.video).name,
            camera_name(self.out),
            str(self.out),
            self.out.exists(),
            BODY_HEIGHT,
        )

    def solve(self, marks: Marks) -> Answer:
        try:
            solution = solve(msgspec.structs.replace(marks, image_size=self.size))
            return Answer(solution=solution, area=visible_area(solution.calibration))
        except TooLittleMarked as error:
            return Answer(wanting=error.line())
        except PlainviewError as error:
            return Answer(wrong=error.line())

    def _drawn(self, wanted: Saving) -> tuple[Solution, View]:
        """Raises CalibrationError, InputError."""
        solution = solve(msgspec.structs.replace(wanted.marks, image_size=self.size))
        view = View(
            calibration=solution.calibration,
            polygon=wanted.area or visible_area(solution.calibration),
            lines=wanted.lines,
            zones=wanted.zones,
        )
        return solution, view

    def look(self, wanted: Saving) -> Answer:
        """What is amiss with what is drawn so far; nothing while it is no whole zone."""
        try:
            _, view = self._drawn(wanted)
            check_view(view)
            return Answer(amiss=tuple(self.judge(view)))
        except PlainviewError:
            # Where it stays so, saving says what is wrong.
            return Answer()

    def save(self, wanted: Saving) -> Answer:
        if self.out.exists() and not wanted.overwrite:
            return Answer(exists=True, wrong=f"{self.out} exists already")
        try:
            solution, view = self._drawn(wanted)
            note = (
                f"Made by 'plainview calibrate': RMS error {solution.rms_cm:.1f} cm, lengths to "
                f"{max(solution.scale_percent, 0.1):.1f} %.\nNo lens distortion is modelled."
            )
            text = camera_toml(wanted.id, view, source=self.source, note=note)
            write(self.out, text, overwrite=wanted.overwrite)
        except PlainviewError as error:
            return Answer(wrong=error.line())
        self.saved = solution
        return Answer(solution=solution, saved=str(self.out))

    def admits(self, request: "_Request") -> bool:
        """Whether it is our browser that asks, for this machine's own name."""
        header = request.headers.get("host", "").strip().lower()
        name = header[1:].partition("]")[0] if header[:1] == "[" else header.partition(":")[0]
        session = request.cookies.get(_COOKIE, "")
        return name in _LOOPBACK and hmac.compare_digest(session, self.session)

    def redeem(self, token: str) -> bool:
        """Whether `token` is the address's; it is good for one browser, once."""
        if self.token is None or not hmac.compare_digest(token.encode(), self.token.encode()):
            return False
        self.token = None
        return True


_Request = Request[None, None, Any]


def _asset(name: str) -> bytes:
    return (resources.files("plainview.calibrate") / "page" / name).read_bytes()


class _Wrong(Struct, frozen=True):
    """Why nothing was done with what was sent, in one sentence."""

    detail: str


def _wrong(detail: str, status: int = 400) -> Response[_Wrong]:
    return Response(_Wrong(detail), status_code=status)


def _on_http(request: _Request, error: HTTPException) -> Response[_Wrong]:
    """A body with a value that cannot be, no such address: what, where, and how to mend it."""
    said = [
        ". ".join(filter(None, (what if key == "data" else f"{key}: {what}", mend)))
        for key, (what, mend) in faults_of(request.scope, error.extra)
    ]
    if not said and error.status_code == HTTPStatus.BAD_REQUEST:
        said = [". ".join(filter(None, fault(error.detail)))]
    return _wrong("; ".join(said) or error.detail, error.status_code)


def _on_unread(_: _Request, error: Exception) -> Response[_Wrong]:
    """A body that is no text or nested too deeply; anything else is a defect, and is raised."""
    what = unread(error)
    if what is None:
        raise error
    return _wrong(what)


def _refused() -> Response[bytes]:
    text = "This page is for the browser that 'plainview calibrate' opened. Start it again.\n"
    return Response(text.encode(), status_code=403, media_type="text/plain")


def _application(desk: _Desk) -> Litestar:  # noqa: C901 - one handler after another, no branching
    """The page and its five calls, each only for the browser that brought the token."""

    def only_ours(request: _Request) -> Response[bytes] | None:
        if request.url.path == "/" and "token" in request.query_params:
            return None
        return None if desk.admits(request) else _refused()

    @get("/", sync_to_thread=False)
    def page(request: _Request) -> Response[bytes]:
        token = request.query_params.get("token")
        if token is None:
            return Response(_asset("index.html"), media_type="text/html")
        if not desk.redeem(token):
            return _refused()
        cookie = Cookie(_COOKIE, value=desk.session, httponly=True, samesite="strict")
        return Response(b"", status_code=303, headers={"Location": "/"}, cookies=[cookie])

    @get("/{name:str}", sync_to_thread=False)
    def asset(request: _Request) -> Response[bytes]:
        name = str(request.path_params["name"])
        if name == "frame.png":
            return Response(desk.frame, media_type="image/png")
        if name not in _ASSETS:
            return Response(b"", status_code=404)
        return Response(_asset(name), media_type=_ASSETS[name])

    @get("/api/frame", sync_to_thread=False)
    def facts() -> _Facts:
        return desk.facts()

    @post("/api/solve", status_code=200, sync_to_thread=True)
    def solving(data: JSONBody[Marks]) -> Answer:
        return desk.solve(data)

    @post("/api/save", status_code=200, sync_to_thread=True)
    def saving(data: JSONBody[Saving]) -> Response[Answer]:
        answer = desk.save(data)
        background = BackgroundTask(desk.finish) if answer.saved else None
        return Response(answer, background=background)

    @post("/api/look", status_code=200, sync_to_thread=True)
    def looking(data: JSONBody[Saving]) -> Answer:
        return desk.look(data)

    @post("/api/close", status_code=204, sync_to_thread=False)
    def close() -> Response[None]:
        return Response(None, background=BackgroundTask(desk.finish))

    return Litestar(
        [page, asset, facts, solving, saving, looking, close],
        before_request=only_ours,
        response_headers=_HEADERS,
        exception_handlers={
            HTTPException: _on_http,
            RecursionError: _on_unread,
            UnicodeDecodeError: _on_unread,
        },
        openapi_config=None,
        logging_config=None,
        request_max_body_size=1_000_000,
    )


def run_page(  # noqa: PLR0913 - the command's options, all by name
    video: Path | str,
    out: Path,
    *,
    frame_png: bytes,
    image_size: tuple[int, int],
    host: str = "127.0.0.1",
    port: int = 0,
    open_browser: bool = True,
    source: str | None = None,
    program: str = "plainview",
    judge: Judge = lambda _: (),
    say: Callable[[str], object] = print,
) -> Solution | None:
    """Let a person mark `frame_png` in a browser; the solution they saved to `out`, or None.

    Returns when they saved, closed the page with its button, or pressed Ctrl-C. The page's address
    holds a token that is good once; `say` gets it. `source` is written into CAMERA.toml;
    `program` is how a shell calls this one, for what it is told to do next. What `judge` says of
    the zones is shown as they are drawn. The frame stays in memory.

    Raises InputError if `host` is not this machine's loopback or the port is in use.
    """
    if host not in _LOOPBACK:
        raise InputError(
            f"the page shows the scene, so it is served on this machine only, not on {host!r}",
            where="--host",
            mend="Use 127.0.0.1",
        )
    listener = socket.socket(socket.AF_INET6 if host == "::1" else socket.AF_INET)
    with listener:
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            raise InputError(
                f"cannot listen there ({error})",
                where=f"{host}:{port}",
                mend="Choose another port with --port",
            ) from error
        desk = _Desk(out, frame_png, image_size, str(video), source, judge)
        server = uvicorn.Server(
            uvicorn.Config(
                _application(desk),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="off",
                timeout_graceful_shutdown=2,
            )
        )
        desk.finish = lambda: setattr(server, "should_exit", True)
        name = f"[{host}]" if ":" in host else host
        url = f"http://{name}:{listener.getsockname()[1]}/?token={desk.token}"
        say(f"Mark the picture at {url}")
        if open_browser:
            webbrowser.open(url)
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    if desk.saved is not None:
        say(f"{out}: saved, RMS error {desk.saved.rms_cm:.1f} cm")
        measure = shlex.join(["measure", str(video), "--camera", str(out), "--every", "1"])
        say(f"Then: {program} {measure}")
    return desk.saved
