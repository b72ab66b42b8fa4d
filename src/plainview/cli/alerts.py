"""Where alerts are delivered to: `plainview alerts routes`, `plainview alerts test`."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts

alerts_app = typer.Typer(
    help="Where alerts are delivered to: list the routes, and try one.",
    epilog="\b\nExample: plainview alerts routes --city city.toml",
    rich_markup_mode=None,
)

City = Annotated[Path, Option("--city", help="The CITY.toml that names the routes.")]


@alerts_app.command()
def routes(city: City) -> None:
    """List the routes: where to, and which alerts they take.

    \b
    Example: plainview alerts routes --city city.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.delivering import listing as job

    for line in job(city):
        typer.echo(line)


@alerts_app.command()
def test(route: Annotated[str, Argument(help="The route's name.")], city: City) -> None:
    """Send a notice that is marked as a test by one route, and say whether it arrived.

    Plainview need not be running: this tries address, certificate and secret from this machine.

    \b
    Example: plainview alerts test control-room --city city.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.delivering import try_route as job

    typer.echo(job(city, route))
