"""A witness over HTTP: one call that cosigns (C2SP tlog-witness), one page that says who it is."""

import asyncio
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.types import Receive, Scope, Send

from plainview.ledger.note import encode64
from plainview.ledger.witness import MAX_REQUEST_BYTES, TEXT, Witness
from plainview.web.problems import HANDLERS


class WitnessApplication:
    """The ASGI application over one `Witness`, which it does not own."""

    def __init__(self, witness: Witness, origins: tuple[str, ...]) -> None:
        """Answer for `witness`; the page tells of the logs in `origins`."""

        @post("/add-checkpoint", status_code=200)
        async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[str]:
            """Cosign a checkpoint that extends the last one of its log."""
            body = await request.body()
            # Recording waits for the disk.
            answer = await asyncio.to_thread(witness.add_checkpoint, body)
            # As a header: Litestar would add a charset, and logs compare a conflict's type whole.
            kind = {"content-type": answer.media_type}
            return Response(answer.body, status_code=answer.status, headers=kind)

        @get("/", sync_to_thread=False)
        def about() -> Response[str]:
            """Its keys, and the last checkpoint of each log that it cosigned."""
            lines = ["A witness of transparency logs (c2sp.org/tlog-witness).", "", "Its keys:"]
            lines += witness.vkeys
            lines += ["", "Last cosigned (log, entries, root):"]
            for origin in origins:
                latest = witness.latest(origin)
                told = f"{latest.size} {encode64(latest.root)}" if latest else "nothing yet"
                lines.append(f"{origin} {told}")
            return Response("\n".join([*lines, ""]), headers={"content-type": TEXT})

        self._app = Litestar(
            route_handlers=[add_checkpoint, about],
            exception_handlers=HANDLERS,  # type: ignore[arg-type]  # Litestar's type is invariant
            openapi_config=None,
            logging_config=None,
            # It answers to any name: nothing that it says is for one reader only.
            response_headers={
                "content-security-policy": "default-src 'none'",
                "x-content-type-options": "nosniff",
            },
            request_max_body_size=MAX_REQUEST_BYTES,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Nothing is kept open."""
