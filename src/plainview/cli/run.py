"""`plainview run`: the cameras of a city, or a demonstration, on a page."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default


def run(
    city: Annotated[Path | None, Argument(help="CITY.toml; a demonstration without.")] = None,
    seconds: Annotated[
        float | None, Option("--for", help="Stop by itself after that many seconds.", min=0.1)
    ] = None,
    port: Annotated[int | None, Option(help="Port of the console.", min=0, max=65535)] = None,
    host: Annotated[str | None, Option(help="Address to listen on.")] = None,
    state: Annotated[
        Path | None, Option("--state", help="State folder.", show_default=False)
    ] = None,
    no_open: Annotated[bool, Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Run the cameras of a city, or a demonstration, and show them on a page.

    \b
    Example: plainview run
    Example: plainview run city.toml --port 9000 --state /var/lib/plainview
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.run import run as job

    job(city, seconds=seconds, port=port, host=host, state=state, open_page=not no_open)
